"""What may be changed of a site once it is there: each change is checked here, and goes through its line.

A name, a number, a zone: a message of their own, from whose place on they hold. Telephone and language are policy.
Further names are told to every line, as the name and the number are (L25).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sqlalchemy import Engine, func, select

from worker.clock import Clock
from worker.decide.set_up import (
    CHANGED_MEANWHILE,
    OWN_NUMBER,
    SiteRow,
    as_it_is,
    check_name,
    check_names,
    check_telephone,
    check_zone,
    neighbours,
    put,
    set_aliases,
    set_policy,
    site_number,
    spread,
)
from worker.errors import N_, SetUpError
from worker.line.door import Receipt
from worker.line.numbers import demand_none_in_hand
from worker.rules.identity import fold, name_key, unit_key
from worker.rules.setup import SITE_FIELDS, SITE_SET
from worker.store.database import reading
from worker.store.schema import claims, roster, units

LANGUAGES = ("zh", "en")
_BETWEEN = re.compile(r"[,，、;；\n]")


def settings_of(site: SiteRow) -> dict[str, str]:
    """Return what may be changed of a site, as it is typed."""
    state = site.state
    return {
        "name": site.name,
        "aliases": "、".join(state.get("aliases", ())),
        "number": site.number,
        "telephone": state.get("policy", {}).get("telephone", ""),
        "language": state.get("language", "zh"),
        "timezone": site.zone.key,
    }


def checked_setting(engine: Engine, site: SiteRow, key: str, typed: str) -> str:
    """Return what was typed for one of the settings, as it will stand; raises SetUpError with a sentence."""
    if key not in _CHECKS:
        raise SetUpError(f"A site has no “{key}”; what can be set is {', '.join(_CHECKS)}.")
    return _CHECKS[key](engine, site, typed.strip())


def change_site(engine: Engine, site: SiteRow, given: Mapping[str, str], clock: Clock | None = None) -> list[Receipt]:
    """Change what is typed otherwise than it stands; return the places in the site's line. Raises SetUpError."""
    present = settings_of(site)
    checked = {key: checked_setting(engine, site, key, typed) for key, typed in given.items()}
    changed = {key: value for key, value in checked.items() if value != present[key]}
    receipts = []
    if own := {key: changed[key] for key in SITE_FIELDS if key in changed}:
        receipts.append(put(engine, site, SITE_SET, own, clock))
        site = as_it_is(engine, site)
        if any(site.state.get(key) != value for key, value in own.items()):
            raise SetUpError(CHANGED_MEANWHILE)
    if "aliases" in changed:
        receipts.append(set_aliases(engine, site, names_in(changed["aliases"]), clock))
    elif "name" in own or "number" in own:
        spread(engine, clock)
    if policy := [f"{key}={changed[key]}" for key in ("telephone", "language") if key in changed]:
        receipts.append(set_policy(engine, as_it_is(engine, site), policy, clock))
    return receipts


def names_in(typed: str) -> list[str]:
    """Return the names of a list as it is typed, each once."""
    return list(dict.fromkeys(name.strip() for name in _BETWEEN.split(typed) if name.strip()))


def clients_called(engine: Engine, site: SiteRow, name: str) -> int:
    """Return how many claims of a site have a client of this name: texts about them could be taken for the site's."""
    query = select(func.count()).where(claims.c.site_id == site.id, claims.c.name_key == name_key(name))
    with reading(engine).connect() as connection:
        return int(connection.execute(query).scalar_one())


def _name(engine: Engine, site: SiteRow, typed: str) -> str:
    check_name(typed)
    if typed != site.name:
        check_names(neighbours(engine, site), typed, ())
        _check_people(engine, site, typed)
    return typed


def _aliases(engine: Engine, site: SiteRow, typed: str) -> str:
    names = names_in(typed)
    check_names(neighbours(engine, site), site.name, names)
    for name in set(names).difference(site.state.get("aliases", ())):
        _check_people(engine, site, name)
    return "、".join(names)


def listed_elsewhere(engine: Engine, site: SiteRow, name: str) -> list[str]:
    """Return the other sites where an agent or a unit has this name: a report there could mean either.

    It is for whoever looks after all sites: to a manager it would tell who stands on rosters that are not his.
    """
    there = _listing(engine, name)
    return [each.name for each in neighbours(engine, site) if each.id in there]


def _listing(engine: Engine, name: str) -> set[int]:
    """Return the sites where an agent or a unit has this name."""
    agents = select(roster.c.site_id).where(roster.c.name_key == fold(name))
    every = select(units.c.site_id).where(units.c.key == unit_key(name)).union(agents)
    with reading(engine).connect() as connection:
        return set(connection.execute(every).scalars())


def _check_people(engine: Engine, site: SiteRow, name: str) -> None:
    """Raise SetUpError for a site's name that an agent or a unit of it has: a report could mean either."""
    if site.id in _listing(engine, name):
        raise SetUpError(
            N_("“%(name)s” stands on the roster: a report could mean either. Take another name."), name=name
        )


def _number(engine: Engine, site: SiteRow, typed: str) -> str:
    number = site_number(typed)
    if number == site.number:
        return number
    taken = next((each.name for each in neighbours(engine, site) if each.number == number), None)
    if taken is not None:
        raise SetUpError(N_("%(number)s is the number of the site “%(site)s” already."), number=number, site=taken)
    if number in site.staff:
        raise SetUpError(OWN_NUMBER)
    with reading(engine).connect() as connection:
        demand_none_in_hand(connection, site.id)
    return number


def _telephone(_engine: Engine, site: SiteRow, typed: str) -> str:
    check_telephone(typed, (site.number, *site.staff))
    return typed


def _language(_engine: Engine, _site: SiteRow, typed: str) -> str:
    if typed not in LANGUAGES:
        raise SetUpError(
            N_("A site speaks %(languages)s; “%(typed)s” is none of them."),
            languages=" | ".join(LANGUAGES),
            typed=typed,
        )
    return typed


def _timezone(_engine: Engine, _site: SiteRow, typed: str) -> str:
    check_zone(typed)
    return typed


_CHECKS: Final[Mapping[str, Callable[[Engine, SiteRow, str], str]]] = {
    "name": _name,
    "aliases": _aliases,
    "number": _number,
    "telephone": _telephone,
    "language": _language,
    "timezone": _timezone,
}
SETTINGS: Sequence[str] = tuple(_CHECKS)
