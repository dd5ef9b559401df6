"""Somebody's registered phone is another from now on: the old one is told of it by text, which a thief would not do."""

from datetime import datetime

from sqlalchemy import Engine

from worker.accounts.managing import bind_phone, user_with_phone
from worker.accounts.users import User
from worker.clock import Clock
from worker.decide.people import move_phone
from worker.decide.set_up import SiteRow, all_sites
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
        raise SetUpError(N_("This phone is another user's: take it from him first."))
    sites = telling(engine, user)
    for site in sites:
        move_phone(engine, site, user.phone or "", new or "", clock)
    bind_phone(engine, user, new, now, by)
    return sites


def telling(engine: Engine, user: User) -> list[SiteRow]:
    """Return the sites from which a user's phone is told that another takes its place; none when he has no phone."""
    theirs = [site for site in all_sites(engine) if user.sees(site.id)] if user.phone is not None else []
    return [site for site in theirs if user.phone in site.state.get("staff", {})] or theirs[:1]
