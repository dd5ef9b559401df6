"""The main navigation: a row a page, shown to whom may use it. A page that the application lacks is left out."""

from typing import NamedTuple

from flask import current_app, request, url_for

from webhook.access import access_of
from webhook.language import _l
from worker.accounts.users import User


class MenuItem(NamedTuple):
    """A page in the navigation; `icon` is a symbol of static/icons.svg."""

    endpoint: str
    words: str
    icon: str

    @property
    def page(self) -> str:
        """The page's name, under which `webhook.lookout` counts what waits there."""
        return self.endpoint.partition(".")[0]

    @property
    def current(self) -> bool:
        """Whether the page that is asked for belongs here."""
        return f"{request.path}/".startswith(f"{url_for(self.endpoint)}/")


ITEMS = (
    MenuItem("desk.page", _l("Desk"), "desk"),
    MenuItem("register.page", _l("Register"), "register"),
    MenuItem("cases.page", _l("Cases"), "cases"),
    MenuItem("ops.page", _l("Ops"), "ops"),
    MenuItem("setup.page", _l("Set-up"), "setup"),
)


def items_of(user: User | None) -> list[MenuItem]:
    """Return the pages that somebody may use, in their order."""
    return [item for item in ITEMS if user is not None and may_use(user, item.endpoint)]


def may_use(user: User, endpoint: str) -> bool:
    """Tell whether the application has this page, and somebody may use it."""
    access = access_of(current_app, endpoint) if endpoint in current_app.view_functions else None
    return access is not None and access.roles is not None and user.may(access.roles)
