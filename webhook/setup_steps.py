"""The steps from an empty installation to the first answered text: done or not, with what to do in one sentence."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from flask import current_app, url_for

from webhook.access import access_of, present_user
from webhook.codes import code_words
from webhook.gateway_views import gateway_views
from webhook.language import _
from webhook.navigation import may_use
from webhook.ops_words import STATES, known
from webhook.runtime import runtime
from webhook.setup_frame import looks_after_all
from webhook.show import USUAL_ZONE, Showing
from worker.accounts.users import all_users
from worker.decide.set_up import SiteRow
from worker.gateways.playable import Playable
from worker.readers.beginnings import Beginnings, FirstText, beginnings, variables_of
from worker.readers.gateways import gateway_standings

State = Literal["done", "todo", "waits", "advice"]
EXAMPLE = "报备 张三 138****5678"


@dataclass(frozen=True, slots=True)
class SetUpStep:
    """One step: `waits` is done by others or by time, `advice` can stay as it is."""

    key: str
    title: str
    state: State
    words: str
    link: tuple[str, str] | None = None
    lines: tuple[tuple[str, str], ...] = ()
    """what is typed somewhere, with what it is"""

    @property
    def done(self) -> bool:
        """Whether nothing is left to do here."""
        return self.state in ("done", "advice")


def steps_of(site: SiteRow | None) -> list[SetUpStep]:
    """Return the steps, for this site where there is one."""
    begun = beginnings(runtime().engine, site.id) if site is not None else None
    show = Showing(runtime().clock(), site.zone if site is not None else USUAL_ZONE)
    return [*_before(site, show), *_of_site(site, begun, show)]


def is_played(name: str) -> bool:
    """Tell whether a gateway has no carrier: what goes by it leaves this machine for nobody's phone."""
    return isinstance(runtime().gateways.get(name), Playable)


def _before(site: SiteRow | None, show: Showing) -> Iterator[SetUpStep]:
    if present_user().everywhere:
        yield _users(site)
    yield _gateway(site, show)
    title = _("A site with its number")
    if site is None:
        add = _to("setup_site.new", _("Add a site"), None) if looks_after_all() else None
        yield SetUpStep("site", title, "todo", _("Give the site its name, its number and a manager."), add)
    else:
        words = _("%(site)s is texted at %(number)s.", site=site.name, number=site.number)
        yield SetUpStep("site", title, "done", words, _to("setup_site.page", _("Site"), site))


def _users(site: SiteRow | None) -> SetUpStep:
    users = all_users(runtime().engine)
    ops = [each.name for each in users if "ops" in each.roles and each.everywhere and each.has_password]
    title, people = _("Who looks after everything"), _to("setup_users.page", _("Accounts"), site)
    if not ops:
        words = _("Nobody yet: at the server's command line, baobei user add NAME --role ops makes somebody.")
        return SetUpStep("users", title, "todo", words)
    if len(ops) > 1:
        return SetUpStep("users", title, "done", "、".join(ops), people)
    words = _("%(name)s alone: a second account helps when a phone or a password is lost.", name=ops[0])
    return SetUpStep("users", title, "advice", words, people)


def _gateway(site: SiteRow | None, show: Showing) -> SetUpStep:
    title, gateways = _("A gateway"), runtime().gateways
    page = _to("setup_gateways.page", _("Gateways"), None)
    real = sorted(name for name in gateways if not is_played(name))
    if site is None or is_played(site.gateway):
        if real:
            named = _("%(names)s is set up here: give the site to it.", names="、".join(real))
            to_site = _to("setup_site.page", _("Site"), site) if site is not None else page
            return SetUpStep("gateway", title, "done" if site is None else "todo", named, to_site)
        words = _(
            "Only trial phones so far, and nothing leaves this machine. Either add an Android phone with a SIM card, "
            "or have a gateway's variables set for the server and start it again."
        )
        return SetUpStep("gateway", title, "todo", words, page, _variables(None))
    if site.gateway not in gateways:
        words = _("%(name)s is not set up on this server: set its variables, or choose another.", name=site.gateway)
        return SetUpStep("gateway", title, "todo", words, page, _variables(site.gateway))
    (view,) = gateway_views(gateway_standings(runtime().engine, [site.gateway], {site.id}, show.now), show)
    words = " · ".join((view.name, str(view.state.words), *view.why))
    return SetUpStep("gateway", title, "done" if view.state.tone == "good" else "todo", words, page)


def _variables(gateway: str | None) -> tuple[tuple[str, str], ...]:
    """Return what sets a gateway up, to whoever looks after the server."""
    return variables_of(gateway) if looks_after_all() else ()


def _of_site(site: SiteRow | None, begun: Beginnings | None, show: Showing) -> Iterator[SetUpStep]:
    yield _manager(begun, _to("setup_staff.page", _("Staff"), site) if site is not None else None)
    people = _to("people.page", _("Roster"), site) if site is not None else None
    title = _("The roster")
    if begun is not None and begun.listed:
        yield SetUpStep("roster", title, "done", _("%(count)s agents may report.", count=begun.listed), people)
    else:
        words = _("Hand in who may report, for which unit: name, phone, unit.")
        yield SetUpStep("roster", title, "todo" if begun is not None else "waits", words, people)
    yield _text(site, begun.text if begun is not None else None, show)


def _manager(begun: Beginnings | None, people: tuple[str, str] | None) -> SetUpStep:
    title = _("A manager's phone")
    managers = [phone for phone, role in begun.staff.items() if role == "manager"] if begun is not None else []
    reached = [phone for phone in managers if begun is not None and phone not in begun.stopped]
    if not managers:
        return SetUpStep(
            "manager",
            title,
            "todo" if begun is not None else "waits",
            _("Say whose phone gets the notices and signs the forms."),
            people,
        )
    if not reached:
        words = _("The gateway lets nothing go to them: they text START to the site's number.")
        return SetUpStep("manager", title, "todo", words, people)
    return SetUpStep("manager", title, "done", _("%(phones)s get the notices.", phones="、".join(reached)), people)


def _text(site: SiteRow | None, text: FirstText | None, show: Showing) -> SetUpStep:
    title = _("A first text, answered")
    if site is None or text is None:
        to = _("From a phone on the roster text to %(number)s:", number=site.number) if site else _("Comes last.")
        lines = ((EXAMPLE, ""),) if site else ()
        phones = _to("phones.page", _("Trial phones"), None) if site and is_played(site.gateway) else None
        return SetUpStep("text", title, "waits", to, phones, lines)
    link = (_("See its path"), url_for("ops.text", site_id=site.id, seq=text.seq))
    came = _("came %(at)s", at=show.moment(text.received_at))
    what = str(code_words(text.code).words) if text.code else _("is being decided")
    answer = str(known(STATES, text.reply).words) if text.reply is not None else _("no answer to it")
    return SetUpStep("text", title, "done" if text.answered else "waits", " · ".join((came, what, answer)), link)


def _to(endpoint: str, words: str, site: SiteRow | None) -> tuple[str, str] | None:
    """Return a link to a page, None where the application lacks it or it is not for whoever is logged in."""
    if endpoint not in current_app.view_functions:
        return None
    access = access_of(current_app, endpoint)
    is_public = access is not None and access.roles is None
    if not (is_public or may_use(present_user(), endpoint)):
        return None
    return words, url_for(endpoint, site=site.id if site is not None else None)
