"""Who is logged in as a site's line knows him: by the phone that his account is bound to (D18)."""

from dataclasses import dataclass

from flask import abort

from webhook.access import present_user
from webhook.language import _
from worker.decide.set_up import SiteRow
from worker.rules.model import Role


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody at a site's pages; no phone: he enters nothing, no role: he is none of the site's staff."""

    phone: str | None = None
    role: Role | None = None

    @property
    def party(self) -> str | None:
        """As which party of a visit form he signs."""
        return self.role if self.role in ("consultant", "manager") else None


def actor_at(site: SiteRow) -> Actor:
    """Return who is logged in, as this site's line knows him; he acts only in a role that his account has, too."""
    who = present_user()
    role = site.state.get("staff", {}).get(who.phone) if who.phone else None
    return Actor(who.phone, role if role is not None and who.may([role]) else None)


def demand_own_role(site: SiteRow) -> None:
    """Refuse (409) what would count as done in a role that the account does not have."""
    who = present_user()
    role = site.state.get("staff", {}).get(who.phone)
    if role is not None and not who.may([role]):
        abort(
            409, _("Your phone has another role at this site than your account: whoever looks after them mends that.")
        )
