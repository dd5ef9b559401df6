"""Set-up enters through the line: checked here, so that decisions can take every payload for good (F1, K4–K7)."""

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import Connection, Engine, select

from parsers.numbers import DEFAULT_REGION, region_of, to_e164, to_mobile
from parsers.projects import project_key
from worker.clock import Clock
from worker.decide.decider import decide_site
from worker.errors import N_, SetUpError
from worker.line.door import PROGRAM, Entry, Receipt, UnknownSiteError, enter, found_site
from worker.rules.chain import canonical
from worker.rules.codes import Code
from worker.rules.policy import PolicyError, checked, settable
from worker.store.database import reading
from worker.store.schema import cursors, decisions, former_numbers, inbox, sites
from worker.whole_numbers import check_no_number

OWN_NUMBER = N_("The site's own number cannot be a member of its staff.")
NO_MANAGER = N_("A site keeps at least one manager: add the new one first.")
CHANGED_MEANWHILE = N_("Somebody has changed the site at this moment: look at it again.")
NAME_LONGEST = 60
ALIAS_LONGEST = 30
TOGETHER = {
    kind: kinds for kinds in (("roster", "unlist", "unit"), ("staff", "appointed", "names", "moved")) for kind in kinds
}
"""Kinds of set-up that change the same: one of them said again is a repeat only if none of the others came between."""
_NO_NAME = re.compile(r"[,，、;；:：=/|\n]")
_SITES: Final = select(sites, cursors.c.state).join(cursors, cursors.c.site_id == sites.c.id).order_by(sites.c.id)


@dataclass(frozen=True, slots=True)
class SiteRow:
    """A site as commands need it; `state` is what decisions keep of it (worker.rules.model.Site as JSON)."""

    id: int
    name: str
    number: str
    gateway: str
    state: Mapping[str, Any]

    @property
    def region(self) -> str:
        """Return the region of the site's number."""
        return region_of(self.number)

    @property
    def zone(self) -> ZoneInfo:
        """Return the site's time zone."""
        return ZoneInfo(self.state.get("timezone", "Asia/Shanghai"))

    @property
    def staff(self) -> Mapping[str, str]:
        """Return the role of each phone of its staff."""
        staff: Mapping[str, str] = self.state.get("staff", {})
        return staff

    @property
    def names(self) -> Mapping[str, str]:
        """Return what the owner of each phone of its staff is called, as far as somebody has said."""
        names: Mapping[str, str] = self.state.get("names", {})
        return names


def all_sites(engine: Engine) -> list[SiteRow]:
    """Return every site in the order of their founding."""
    with reading(engine).connect() as connection:
        return [SiteRow(row.id, row.name, row.number, row.gateway, row.state) for row in connection.execute(_SITES)]


def neighbours(engine: Engine, site: SiteRow) -> list[SiteRow]:
    """Return every other site."""
    return [each for each in all_sites(engine) if each.id != site.id]


def as_it_is(engine: Engine, site: SiteRow) -> SiteRow:
    """Return a site as it stands by now, whatever it was called before."""
    return next(each for each in all_sites(engine) if each.id == site.id)


def site_named(engine: Engine, name: str) -> SiteRow:
    """Return the site of that name; raises SetUpError naming the sites there are."""
    known = all_sites(engine)
    found = next((site for site in known if site.name == name), None)
    if found is None:
        names = ", ".join(site.name for site in known) or "none yet"
        raise SetUpError(f"There is no site “{name}”; the sites are: {names}.")
    return found


def open_site(
    engine: Engine,
    name: str,
    number: str,
    staff: Mapping[str, Sequence[str]],
    gateway: str,
    timezone: str = "Asia/Shanghai",
    language: str = "zh",
    clock: Clock | None = None,
    aliases: Sequence[str] = (),
    telephone: str = "",
) -> SiteRow:
    """Found a site with its staff (role → numbers as typed); raises SetUpError when name or number is taken."""
    check_zone(timezone)
    check_name(name)
    if not staff.get("manager"):
        raise SetUpError("A site needs a manager: add --manager +86….")
    e164 = site_number(number)
    region = region_of(e164)
    roles = {phone(typed, region): role for role, numbers in staff.items() for typed in numbers}
    if e164 in roles:
        raise SetUpError(OWN_NUMBER)
    check_names([site for site in all_sites(engine) if site.name != name], name, aliases)
    check_telephone(telephone, (e164, *roles))
    payload = {"name": name, "number": e164, "timezone": timezone, "language": language, "staff": roles}
    payload |= {"aliases": list(aliases)} if aliases else {}
    payload |= {"policy": {"telephone": telephone}} if telephone else {}
    receipt = found_site(engine, name, e164, gateway, payload, clock)
    if receipt.outcome == "repeated":
        raise SetUpError(
            N_("A site with the name “%(name)s” or the number %(number)s exists already."), name=name, number=e164
        )
    drain(engine, receipt.site_id or 0)
    spread(engine, clock)
    return site_named(engine, name)


def phone(typed: str, region: str) -> str:
    """Return the number of a person's phone in E.164; raises SetUpError."""
    return _checked(to_mobile, typed, region)


def site_number(typed: str) -> str:
    """Return the number that a site is texted at in E.164; raises SetUpError."""
    return _checked(to_e164, typed, DEFAULT_REGION)


def _checked(read: Callable[[str, str], str], typed: str, region: str) -> str:
    try:
        return read(typed, region)
    except ValueError as error:
        raise SetUpError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from error


def set_policy(engine: Engine, site: SiteRow, pairs: Sequence[str], clock: Clock | None = None) -> Receipt:
    """Change policy by KEY=VALUE pairs; it holds from its place in the line. Raises SetUpError for a bad pair."""
    given: dict[str, str] = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign:
            raise SetUpError(f"Write policies as KEY=VALUE; “{pair}” has no =.")
        try:
            settable(key, value)
        except PolicyError as error:
            raise SetUpError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
        given[key] = value
    check_telephone(given.get("telephone", ""), (site.number, *site.staff))
    return put(engine, site, "policy", given, clock)


def check_telephone(typed: str, others: Collection[str]) -> None:
    """Raise SetUpError for a telephone that is none, the site's number for texts, or a person's own (L13)."""
    try:
        checked("telephone", typed)
    except PolicyError as error:
        raise SetUpError(N_("“%(typed)s” is no telephone: write it as 0571-88880000."), typed=typed) from error
    digits = typed.lstrip("+").replace("-", "")
    if digits and any(number.endswith(digits) for number in others):
        words = N_("%(typed)s is the site's number for texts, or a member of its staff: name its own telephone.")
        raise SetUpError(words, typed=typed)


def set_aliases(engine: Engine, site: SiteRow, aliases: Sequence[str], clock: Clock | None = None) -> Receipt:
    """Say by what further names a site is known, instead of those before; every line hears of it (L25)."""
    check_names(neighbours(engine, site), site.name, aliases)
    entry = _entry(site) | {"aliases": list(dict.fromkeys(aliases))}
    receipt = put(engine, site, "directory", {"sites": [entry]}, clock)
    spread(engine, clock)
    return receipt


def spread(engine: Engine, clock: Clock | None = None) -> int:
    """Tell each line the names of the installation's sites that it has not heard of; return how many lines that were.

    Each line is told by itself; who dies between two of them is followed by the sweeper, which spreads again.
    """
    for site in all_sites(engine):
        if not site.state:
            drain(engine, site.id)
    known = [site for site in all_sites(engine) if site.state]
    entries = {site.number: _entry(site) for site in known}
    given_up = _given_up(engine) - set(entries)
    told = 0
    for site in known:
        heard = {number: {"number": number} | of for number, of in site.state.get("others", {}).items()}
        fresh = [entry for number, entry in entries.items() if number != site.number and heard.get(number) != entry]
        gone = sorted(given_up & set(heard))
        if fresh or gone:
            put(engine, site, "directory", {"sites": fresh} | ({"gone": gone} if gone else {}), clock)
            told += 1
    return told


def _given_up(engine: Engine) -> set[str]:
    with reading(engine).connect() as connection:
        return set(connection.execute(select(former_numbers.c.number)).scalars())


def _entry(site: SiteRow) -> dict[str, Any]:
    return {"name": site.name, "number": site.number, "aliases": list(site.state.get("aliases", ()))}


def check_names(others: Sequence[SiteRow], name: str, aliases: Sequence[str]) -> None:
    """Raise SetUpError for a name that would mean another site as well, or that no text could be read by."""
    check_no_number(name, *aliases)
    taken = {project_key(word): site.name for site in others for word in (site.name, *site.state.get("aliases", ()))}
    for word in (name, *aliases):
        if project_key(word) in taken:
            words = N_("“%(word)s” is a name of the site “%(site)s” already; take another one.")
            raise SetUpError(words, word=word, site=taken[project_key(word)])
    for alias in aliases:
        if len(project_key(alias)) < 2 or len(alias) > ALIAS_LONGEST or _NO_NAME.search(alias):
            words = N_("An alias has 2 to %(most)s letters or digits, without signs; “%(alias)s” is none.")
            raise SetUpError(words, most=ALIAS_LONGEST, alias=alias)


def check_name(name: str) -> None:
    """Raise SetUpError for what cannot be a site's name."""
    check_no_number(name)
    if not 0 < len(name.strip()) <= NAME_LONGEST or not name.isprintable():
        raise SetUpError(N_("A site needs a name, of at most %(most)s letters, digits and signs."), most=NAME_LONGEST)


def check_zone(zone: str) -> None:
    """Raise SetUpError for what is no time zone of the IANA's table."""
    if zone not in available_timezones():
        raise SetUpError(N_("“%(zone)s” is no time zone; write one as Asia/Shanghai."), zone=zone)


def set_staff(engine: Engine, site: SiteRow, changes: Mapping[str, str], clock: Clock | None = None) -> Receipt:
    """Add phones in a role, or remove them (role ""); the last manager stays. Those concerned are told by text."""
    if "manager" not in {**site.staff, **changes}.values():
        raise SetUpError(NO_MANAGER)
    return put(engine, site, "appointed", dict(changes), clock)


def put(engine: Engine, site: SiteRow, kind: str, payload: Mapping[str, Any], clock: Clock | None = None) -> Receipt:
    """Put a checked set-up message into the line and have it decided; the same one twice in a row is `repeated`.

    “In a row” is among what changes the same (`TOGETHER`): who was taken off the roster may be put on it again.
    Raises SetUpError where it was refused in its place, for another change came between (`worker.rules.setup.HELD`).
    """
    digest = hashlib.sha256(canonical(payload)).hexdigest()
    same_kind = (inbox.c.site_id == site.id) & inbox.c.kind.in_(TOGETHER.get(kind, (kind,)))
    newest = select(inbox.c.seq, inbox.c.provider_id).where(same_kind).order_by(inbox.c.seq.desc()).limit(1)
    with reading(engine).connect() as connection:
        last = connection.execute(newest).first()
        refused = last is not None and _refused(connection, site.id, last.seq)
    if last is not None and not refused and last.provider_id.startswith(f"{kind}:{site.id}:{digest}:"):
        return Receipt("repeated", site.id, last.seq)
    # The id names the last of its kind as well, so that of two equal ones at the same moment one is a repeat.
    provider_id = f"{kind}:{site.id}:{digest}:{last.seq if last is not None else 0}"
    try:
        receipt = enter(engine, site.id, Entry(kind, PROGRAM, provider_id, "", payload=payload), clock)
    except UnknownSiteError as error:
        raise SetUpError(f"The site “{site.name}” is gone.") from error
    drain(engine, site.id)
    with reading(engine).connect() as connection:
        if receipt.seq is not None and _refused(connection, site.id, receipt.seq):
            raise SetUpError(CHANGED_MEANWHILE)
    return receipt


def _refused(connection: Connection, site_id: int, seq: int) -> bool:
    decided = select(decisions.c.code).where(decisions.c.site_id == site_id, decisions.c.seq == seq)
    return connection.execute(decided).scalar_one_or_none() == Code.REFUSED_INVALID


def drain(engine: Engine, site_id: int) -> None:
    """Decide a site's line to its end."""
    while decide_site(engine, site_id).more:
        pass
