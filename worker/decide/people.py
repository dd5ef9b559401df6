"""Who may report and who is staff, changed one by one: checked here, and put into the line like all set-up (R26; B32).

A phone has one role and one unit at a site at a time.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Engine

from parsers.numbers import NumberError, to_mobile
from worker.clock import Clock, utc_now
from worker.decide.set_up import NO_MANAGER, OWN_NUMBER, SiteRow, put, set_staff
from worker.errors import N_, SetUpError
from worker.files.lists import Checks
from worker.line.door import Receipt
from worker.rules.identity import unit_key
from worker.rules.model import Listed, Unit
from worker.rules.setup import HELD
from worker.store.database import reading
from worker.store.facts import load
from worker.store.schema import roster
from worker.whole_numbers import check_no_number

NAME_LONGEST = 30


def checks_of(engine: Engine, site: SiteRow, clock: Clock | None = None) -> Checks:
    """Return what lists for this site are checked against."""
    with reading(engine).connect() as connection:
        units: list[Unit] = load(connection, site.id, Unit)
    kinds = {unit.key: unit.kind for unit in units}
    names = {unit_key(alias): unit.name for unit in units for alias in unit.aliases}
    names |= {unit.key: unit.name for unit in units}
    now = (clock or utc_now)()
    return Checks(site.region, site.zone, kinds, now, site.staff, site.number, names)


def roster_line(engine: Engine, site: SiteRow, phone: str) -> Listed | None:
    """Return the roster's line of a phone (E.164), whatever its days."""
    with reading(engine).connect() as connection:
        found: list[Listed] = load(connection, site.id, Listed, roster.c.phone == phone)
    return next(iter(found), None)


def enlist(engine: Engine, site: SiteRow, people: Sequence[Mapping[str, Any]], clock: Clock | None = None) -> Receipt:
    """Put checked people on the roster, or change their lines (`worker.files.lists`)."""
    return put(engine, site, "roster", {"people": list(people), HELD: True}, clock)


def unlist(engine: Engine, site: SiteRow, phone: str, clock: Clock | None = None) -> Receipt:
    """End a phone's line of the roster from now on. Raises SetUpError where none is in force or to come."""
    line = roster_line(engine, site, phone)
    if line is None or line.over(today_at(site, clock)):
        raise SetUpError(N_("%(phone)s is not on the roster of %(site)s."), phone=phone, site=site.name)
    return put(engine, site, "unlist", {"phone": phone}, clock)


def today_at(site: SiteRow, clock: Clock | None = None) -> date:
    """Return the site's day."""
    return (clock or utc_now)().astimezone(site.zone).date()


def appoint(
    engine: Engine, site: SiteRow, phone: str, role: str, name: str | None = None, clock: Clock | None = None
) -> Receipt:
    """Give a phone a role and its owner a name, None to leave that as it is. Raises SetUpError (B32)."""
    check_free(engine, site, phone, clock)
    called = None if name is None else checked_name(name, site.region)
    receipt = set_staff(engine, site, {phone: role}, clock)
    return receipt if called is None else put(engine, site, "names", {phone: called}, clock)


def move_phone(engine: Engine, site: SiteRow, old: str, new: str, clock: Clock | None = None) -> Receipt:
    """Let another phone take a phone's place at a site (new "": none); the old one is told by text. SetUpError."""
    if new:
        check_free(engine, site, new, clock)
        if old in site.staff and new in site.staff:
            said = N_("%(phone)s has a role at %(site)s already; a phone has one role at a time.")
            raise SetUpError(said, phone=new, site=site.name)
    elif [phone for phone, role in site.staff.items() if role == "manager"] == [old]:
        raise SetUpError(NO_MANAGER)
    return put(engine, site, "moved", {"old": old, "new": new, HELD: True}, clock)


def typed_phone(typed: str, region: str) -> str:
    """Return a person's phone as typed in E.164; raises SetUpError, whose sentence pages can translate."""
    try:
        return to_mobile(typed, region)
    except NumberError as error:
        raise SetUpError(error.sentence, **error.values) from None


def checked_name(name: str, region: str) -> str:
    """Return a person's name without blanks around it; SetUpError for what papers could not show, or L14 forbids."""
    check_no_number(name, region=region)
    name = name.strip()
    if not name.isprintable() or len(name) > NAME_LONGEST:
        raise SetUpError(N_("A name has at most %(most)s letters, digits and signs."), most=NAME_LONGEST)
    return name


def check_free(engine: Engine, site: SiteRow, phone: str, clock: Clock | None) -> None:
    """Raise SetUpError for a phone that can be nobody's of the staff: the site's own, or an agent's (B32)."""
    if phone == site.number:
        raise SetUpError(OWN_NUMBER)
    line = roster_line(engine, site, phone)
    if line is not None and not line.over(today_at(site, clock)):
        said = N_(
            "%(phone)s is on the roster as %(name)s of %(unit)s, and a phone has one role at a time: "
            "take it off the roster first."
        )
        raise SetUpError(said, phone=phone, name=line.name, unit=line.unit)
