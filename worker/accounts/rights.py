"""Who may look after whose account: ops after all, a site's manager after those of his sites who are no ops."""

from collections.abc import Collection

from worker.accounts.users import ROLES, User

LOOKING_AFTER = frozenset({"ops", "manager"})


def manages(who: User, other: User) -> bool:
    """Tell whether `who` may change the rights of another's account, renew its link, or shut it out; never his own."""
    return who.id != other.id and reaches(who, other.roles, other.site_ids)


def reaches(who: User, roles: Collection[str], site_ids: Collection[int] | None) -> bool:
    """Tell whether an account with these roles and sites (None: all) is within what `who` may give and take.

    Nobody gives what he has not: else whoever looks after one site could make himself an account for all.
    """
    if not who.may(LOOKING_AFTER):
        return False
    if who.everywhere and who.may({"ops"}):
        return True
    within = who.everywhere or (site_ids is not None and all(who.sees(site_id) for site_id in site_ids))
    return within and "ops" not in roles


def grantable(who: User) -> list[str]:
    """Return the roles that somebody may give."""
    return [role for role in ROLES if reaches(who, [role], who.site_ids)]
