"""`/setup`: what an installation has and lacks, from its first user to the first text that was answered."""

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, current_app, render_template
from flask_babel import gettext

from webhook.access import allowed, polled
from webhook.kept import Kept
from webhook.live import part
from webhook.runtime import runtime
from webhook.setup_frame import asked_site, looks_after_all, render_setup
from webhook.setup_steps import is_played, steps_of
from webhook.sites import visible_site
from worker.decide.set_up import SiteRow
from worker.gateways.base import Flaw, GatewayAwayError

routes = Blueprint("setup", __name__, url_prefix="/setup")

KEY: Final = "baobei_examined"
EXAMINED_S: Final = 20.0
"""So long what a gateway said of its set-up is shown again."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What a gateway said of how it reaches us; `away`: why it could not be asked."""

    flaws: tuple[Flaw, ...] = ()
    away: str = ""


@routes.get("")
@allowed("ops", "manager")
def page() -> str:
    """Show how far the set-up has come."""
    site = asked_site()
    address = site is not None and site.gateway in runtime().gateways and not is_played(site.gateway)
    return render_setup("setup/overview.html", site, steps_part=_steps(site), asks_gateway=address)


@routes.get("/steps")
@allowed("ops", "manager")
@polled
def steps() -> Response:
    """Return the steps as they stand now."""
    return part(_steps(asked_site()))


@routes.get("/address/<int:site_id>")
@allowed("ops", "manager")
@polled
def address(site_id: int) -> Response:
    """Ask a site's gateway whether its texts reach us, and say what it said."""
    site = visible_site(site_id)
    url = runtime().settings.address_of_texts(site.gateway)
    found = _kept(site, url).value() if site.gateway in runtime().gateways else Examined()
    said = [
        (each.advice, str(gettext(each.known, **each.values) if each.known else each.sentence)) for each in found.flaws
    ]
    # What is wrong at a gateway names accounts and addresses: that is for who can mend it.
    return part(render_template("setup/address.html", found=found, said=said, url=url, mends=looks_after_all()))


def _steps(site: SiteRow | None) -> str:
    found = steps_of(site)
    return render_template("setup/steps.html", steps=found, done=sum(step.done for step in found))


def _kept(site: SiteRow, url: str) -> Kept[Examined]:
    kept: dict[tuple[str, str, str], Kept[Examined]] = current_app.extensions.setdefault(KEY, {})
    adapter, number = runtime().gateways[site.gateway], site.number

    def ask() -> Examined:
        try:
            return Examined(tuple(adapter.examine([number], url)))
        except GatewayAwayError as error:
            return Examined(away=str(error))

    return kept.setdefault((site.gateway, number, url), Kept(ask, EXAMINED_S))
