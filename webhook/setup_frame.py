"""The frame of the set-up pages: a row a page, shown to whom may use it, and the site that they are about."""

from typing import NamedTuple

from flask import abort, render_template, request, url_for

from webhook.access import present_user
from webhook.language import _, _l
from webhook.navigation import may_use
from webhook.runtime import runtime
from webhook.show import USUAL_ZONE, Showing
from webhook.sites import chosen_site, visible_sites
from worker.decide.set_up import SiteRow


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
