"""The frame of the set-up pages: a row a page, shown to whom may use it, the site, and how their forms are answered."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from flask import abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webhook.access import present_user
from webhook.entry import StandingForm, keep
from webhook.language import _, _l, fault_words
from webhook.login_tries import doubted
from webhook.navigation import may_use
from webhook.runtime import runtime
from webhook.show import USUAL_ZONE, Showing
from webhook.sites import chosen_site, visible_sites
from worker.decide.set_up import SiteRow
from worker.errors import SetUpError
from worker.line.door import Receipt
from worker.page_door import note_set_up

MAY = ("ops", "manager")
"""Who sets sites up."""
NOT_TAKEN = 422
"""The status of a page on which a form stands again."""


class SetUpPage(NamedTuple):
    """A page of the set-up, in the order in which one gets on; who may use it is what its view is marked with.

    `of_site`: it is about one site, so that whoever sees several chooses.
    """

    endpoint: str
    words: str
    of_site: bool = True

    def address(self, site: SiteRow | None) -> str:
        """Return where it is, for this site where it is about one."""
        return url_for(self.endpoint, site=site.id if site is not None and self.of_site else None)

    @property
    def current(self) -> bool:
        """Whether the page that is asked for is this one, or lies below it."""
        begins = url_for(self.endpoint)
        return request.path == begins or (self.endpoint != PAGES[0].endpoint and request.path.startswith(f"{begins}/"))


PAGES = (
    SetUpPage("setup.page", _l("Overview")),
    SetUpPage("setup_site.page", _l("Site")),
    SetUpPage("people.page", _l("Roster")),
    SetUpPage("setup_staff.page", _l("Staff")),
    SetUpPage("setup_users.page", _l("Users"), of_site=False),
    SetUpPage("setup_gateways.page", _l("Gateways"), of_site=False),
    SetUpPage("setup_policy.page", _l("Policy")),
)
"""A page that the application lacks is left out."""


def render_setup(template: str, site: SiteRow | None, **shown: object) -> str:
    """Return a page within the frame; `site` is whom it is about, None where there is none yet or it is about none."""
    who = present_user()
    frame = {
        "setup_pages": [page for page in PAGES if may_use(who, page.endpoint)],
        "sites": visible_sites(),
        "site": site,
        "show": Showing(runtime().clock(), site.zone if site is not None else USUAL_ZONE),
    }
    return render_template(template, **frame | shown)


def looks_after_all() -> bool:
    """Tell whether whoever is logged in is in operations, for every site."""
    return present_user().everywhere and present_user().may(frozenset({"ops"}))


def demand_everywhere() -> None:
    """Refuse what concerns every site to whoever looks after some, and to whoever is not in operations."""
    if not looks_after_all():
        abort(403, _("This concerns every site: ask whoever looks after all of them."))


def asked_site() -> SiteRow | None:
    """Return the site that the address asks for (`site=`), else the first that one sees; None where there is none."""
    return chosen_site(visible_sites())


def was_done(act: Callable[[], object], form: str, typed: Mapping[str, str], blamed: str = "form") -> bool:
    """Do what a form asks for, if who sends it knows his own password; else let it stand again and say what is wrong.

    `blamed` is the field beside which a SetUpError of the act is said.
    """
    fault, field = doubted(), "current"
    if fault is None:
        try:
            act()
        except SetUpError as error:
            fault, field = fault_words(error), blamed
    if fault is not None:
        keep(StandingForm(form, typed, {field: fault}))
    return fault is None


def note(site: SiteRow, what: str, receipt: Receipt) -> None:
    """Keep that whoever is logged in did this to a site's set-up (`webhook.deeds.KINDS`)."""
    note_set_up(runtime(), site.id, present_user(), what, receipt)


def changed(address: str) -> Response:
    """Say that a change holds, and lead to this address."""
    flash(_("Changed. It holds from now on."))
    return redirect(address, 303)
