"""Somebody's registered phone is another from now on: the old one is told of it by text, which a thief would not do."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Engine

from worker.accounts.upkeep import PHONE_TAKEN, bind_phone, user_with_phone
from worker.accounts.users import User
from worker.clock import Clock
from worker.decide.people import check_free, move_phone
from worker.decide.set_up import SiteRow, all_sites, put
from worker.errors import N_, SetUpError


def rebind(
    engine: Engine, user: User, new: str | None, now: datetime, by: int | None = None, clock: Clock | None = None
) -> list[SiteRow]:
    """Bind a user to another phone, None: to none; it takes the old one's place as staff of his sites. SetUpError.

    The old one is told by text from the sites where it is staff's, else from the first that he sees; return these.
    """
    if user.phone == new:
        return []
    if new is not None and user_with_phone(engine, new) is not None:
        raise SetUpError(PHONE_TAKEN)
    if new is not None:
        check_bindable(engine, user.roles, user.site_ids, new, clock)
    sites = telling(engine, user)
    for site in sites:
        move_phone(engine, site, user.phone or "", new or "", clock)
    bind_phone(engine, user, new, now, by)
    if new is not None:
        tell_bound(engine, user, new, clock)
    return sites


def tell_bound(engine: Engine, user: User, phone: str, clock: Clock | None = None) -> None:
    """Tell a phone by text that an account acts by it now: who did not wish that hears of it."""
    for site in _telling(engine, user, phone)[:1]:
        put(engine, site, "moved", {"old": "", "new": phone}, clock)


def telling(engine: Engine, user: User) -> list[SiteRow]:
    """Return the sites from which a user's phone is told that another takes its place; none when he has no phone."""
    return [] if user.phone is None else _telling(engine, user, user.phone)


def _telling(engine: Engine, user: User, phone: str) -> list[SiteRow]:
    theirs = [site for site in all_sites(engine) if user.sees(site.id)]
    return [site for site in theirs if phone in site.staff] or theirs[:1]


def check_bindable(
    engine: Engine, roles: Collection[str], site_ids: Collection[int] | None, phone: str, clock: Clock | None = None
) -> None:
    """Raise SetUpError for a phone that an account with these roles and sites (None: all) could not act by.

    It is an agent's there, a site's own, or has another role than the account (B32).
    """
    for site in all_sites(engine):
        if site_ids is not None and site.id not in site_ids:
            continue
        check_free(engine, site, phone, clock)
        role = site.staff.get(phone)
        if role is not None and role not in roles:
            said = N_("%(phone)s is a %(role)s of %(site)s, which this account is not: give it that role first.")
            raise SetUpError(said, phone=phone, role=role, site=site.name)
