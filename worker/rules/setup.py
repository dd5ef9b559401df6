"""Set-up messages: site, sites, staff, units, roster, policy, imports, and phones whose acts by text are taken again.

They hold from their place on (F1, K4, K7, L6).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from worker.rules.allowance import within_allowance
from worker.rules.codes import Code
from worker.rules.deadlines import DAY, plan_protection
from worker.rules.departures import note_leaving
from worker.rules.identity import fold, name_key, names_agree, unit_key
from worker.rules.model import NO_AGENT, Claim, Decision, Listed, ReportRow, Site, Unit
from worker.rules.numbers import Rule
from worker.rules.protection import contacted
from worker.rules.states import Flag
from worker.rules.turn import Turn

SITE_SET = "site_set"
"""The kind of a message that changes what a site is: any of these."""
SITE_FIELDS = ("name", "number", "timezone")

HELD = "held"
"""What a message says of itself that is held to B32 in its own place, as an appointment always is.

What stands in lines from before was checked at the door alone, and decides as it did.
"""

CODES: Mapping[str, Code] = {
    "site": Code.SITE_OPENED,
    SITE_SET: Code.SITE_SET,
    "directory": Code.DIRECTORY_SET,
    "policy": Code.POLICY_SET,
    "staff": Code.STAFF_SET,
    "appointed": Code.STAFF_SET,
    "names": Code.STAFF_SET,
    "moved": Code.PHONE_MOVED,
    "unit": Code.UNIT_SET,
    "roster": Code.ROSTER_SET,
    "unlist": Code.ROSTER_SET,
    "reopen": Code.ACTS_OPENED,
    "import": Code.IMPORTED,
}


def decide_setup(turn: Turn) -> Decision:
    """Take in one set-up message; payloads have been checked by `worker.decide.set_up` before they got their place."""
    kind, given = turn.message.kind, turn.message.payload
    if (kind == "appointed" or given.get(HELD)) and _broken(turn, kind, given):
        return turn.decision(kind, Code.REFUSED_INVALID)
    _take_in(turn, kind, given)
    said = tuple(within_allowance(turn))
    return replace(turn.decision(kind, CODES[kind]), replies=said)


def _take_in(turn: Turn, kind: str, given: Mapping[str, Any]) -> None:
    state = turn.state
    match kind:
        case "unit":
            _known_unit(turn, given["name"], given["kind"], tuple(given.get("aliases", ())))
        case "roster":
            for line in given["people"]:
                _enlist(turn, line)
        case "unlist":
            entry = state.roster.get(given["phone"])
            if entry is not None:
                ended = replace(entry, to_day=state.day(turn.now) - DAY)
                state.put(ended)
                note_leaving(turn, entry, ended)
        case "reopen":
            sender = state.sender(given["phone"])
            # L6: who saw one closing opens no later one; a scenario opens what it finds.
            if sender.acts_closed_until and given.get("until", sender.acts_closed_until) == sender.acts_closed_until:
                state.put(replace(sender, acts_closed_until="", wrong_codes=(), acts_asked=0))
        case "import":
            for index, row in enumerate(sorted(given["rows"], key=lambda row: str(row["reported_at"]))):
                _import_row(turn, row, index)
        case _:
            state.put(_site_after(turn, kind, given))


def _broken(turn: Turn, kind: str, given: Mapping[str, Any]) -> bool:
    """Tell whether a phone would have two roles, or the site no manager: another change came between (B32)."""
    site, today = turn.state.site, turn.state.day(turn.now)
    if kind == "roster":
        return any(person["phone"] in site.staff or person["phone"] == site.number for person in given["people"])
    if kind == "appointed":
        added = {phone for phone, role in given.items() if role}
        staff = {**site.staff, **given}
    else:
        old, new = given["old"], given["new"]
        if old in site.staff and new in site.staff:
            return True
        added, staff = {new} - {""}, _in_place_of(site.staff, old, new)
    lines = (turn.state.roster.get(phone) for phone in added)
    listed = any(line is not None and not line.over(today) for line in lines)
    return listed or site.number in added or "manager" not in staff.values()


def _site_after(turn: Turn, kind: str, given: Mapping[str, Any]) -> Site:
    """Return the site as a message on itself, on its neighbours, its policy or its staff leaves it."""
    site = turn.state.site
    match kind:
        case "site_set":
            # A zone acts from here on: ends are instants and stay, and so do days that were set by the zone before.
            return replace(site, **{field: given[field] for field in SITE_FIELDS if field in given})
        case "directory":
            # L25: those that are not named here stay as they were; numbers that no site has any more are given up.
            named = {entry["number"]: {"name": entry["name"], "aliases": entry["aliases"]} for entry in given["sites"]}
            own = named.pop(site.number, None)
            others = {number: other for number, other in site.others.items() if number not in given.get("gone", ())}
            return replace(site, aliases=own["aliases"] if own else site.aliases, others=others | named)
        case "policy":
            policy = {**site.policy, **given}
            language = policy.get("language", site.language)
            return replace(site, policy=policy, policy_seq=turn.message.seq, language=language)
        case "staff":
            # Phones are added in a role, or (role "") removed; one role a phone at a time (B32).
            kept = {phone: role for phone, role in site.staff.items() if phone not in given}
            gone = {phone for phone, role in given.items() if not role}
            names = {phone: name for phone, name in site.names.items() if phone not in gone}
            return replace(site, staff=kept | {phone: role for phone, role in given.items() if role}, names=names)
        case "appointed":
            _tell_of_staff(turn, given)
            return _site_after(turn, "staff", given)
        case "names":
            called = {**site.names, **given}
            return replace(site, names={phone: name for phone, name in called.items() if name and phone in site.staff})
        case "moved":
            return _moved(turn, given["old"], given["new"])
    return Site(
        name=given["name"],
        number=given["number"],
        timezone=given.get("timezone", "Asia/Shanghai"),
        language=given.get("language", "zh"),
        policy=given.get("policy", {}),
        staff=given.get("staff", {}),
        aliases=given.get("aliases", []),
    )


def _tell_of_staff(turn: Turn, given: Mapping[str, str]) -> None:
    """Tell whose role changes or ends, and every manager who was there: who sits at a stolen page would tell nobody."""
    site = turn.state.site
    changed = [phone for phone, role in given.items() if role != site.staff.get(phone, "")]
    for phone in (phone for phone in changed if phone in site.staff):
        reason = "role" if given[phone] else "taken_away"
        turn.notify([phone], Code.PHONE_MOVED, {"site": site.name, "reason": reason})
    if changed:
        managers = [phone for phone, role in site.staff.items() if role == "manager" and phone not in changed]
        last4 = "、".join(phone[-4:] for phone in changed)
        turn.notify(managers, Code.PHONE_MOVED, {"site": site.name, "reason": "staff", "last4": last4})


def _moved(turn: Turn, old: str, new: str) -> Site:
    """Return the site with another phone in a phone's place; the old one is told, which a thief would not do.

    `new` "": none takes it. An account's phone that is no staff's is only told of it. `old` "": an account is bound to
    the new one, which is told, for what its owner does on pages counts as if it were texted from there.
    """
    site = turn.state.site
    if not old:
        turn.notify([new], Code.PHONE_MOVED, {"site": site.name, "reason": "bound"})
        return site
    said = {"site": site.name, "last4": new[-4:]} | ({} if new else {"reason": "taken_away"})
    turn.notify([old], Code.PHONE_MOVED, said)
    return replace(site, staff=_in_place_of(site.staff, old, new), names=_in_place_of(site.names, old, new))


def _in_place_of(its: Mapping[str, str], old: str, new: str) -> dict[str, str]:
    """Return what is kept by phone with another phone in a phone's place; `new` "": with none."""
    return {new if phone == old else phone: said for phone, said in its.items() if new or phone != old}


def _known_unit(turn: Turn, name: str, kind: str | None, aliases: tuple[str, ...]) -> Unit:
    known = turn.state.unit_named(name)
    unit = known or Unit(unit_key(name), name, kind or "distributor")
    changed = replace(unit, kind=kind or unit.kind, aliases=tuple(dict.fromkeys((*unit.aliases, *aliases))))
    if changed != known:
        turn.state.put(changed)
    return changed


def _enlist(turn: Turn, line: Mapping[str, Any]) -> None:
    """R26: add or change a line of the roster by its phone; who is left out stays (K4)."""
    phone, key = line["phone"], fold(line["name"])
    unit = _known_unit(turn, line["unit"], line.get("kind"), tuple(line.get("aliases", ())))
    site, listed = turn.state.site, turn.state.listed(phone, turn.state.day(turn.now))
    if listed is not None and listed.unit == unit.name:
        listed_at = listed.listed_at
    else:
        # A new line counts from its place on (R26). None: from ever, as does what was handed in before the site
        # had its first registration or visit.
        listed_at = turn.now if site.next_registration or site.next_visit else None
    # What the same person was called before, he is still called (L21), unless somebody says all that he is called.
    known = turn.state.roster.get(phone)
    before = known.aliases if known is not None and known.name_key == key and not line.get("called_only") else ()
    aliases = tuple(dict.fromkeys((*before, *line.get("called", ()))))
    since, until = _day(line.get("from")), _day(line.get("to"))
    listed_now = Listed(phone, line["name"], key, unit.name, since, until, listed_at, aliases)
    turn.state.put(listed_now)
    note_leaving(turn, known, listed_now)


def _day(written: str | None) -> date | None:
    return date.fromisoformat(written) if written else None


def _import_row(turn: Turn, row: Mapping[str, Any], index: int) -> None:
    """Going live with a running 登记表: each row is an agreed fact of its date, the earliest first.

    Its days count from its own dates also where the unit withdrew the client before: R7's shortened days are for
    reports, and an import is the manager's word (B47).
    """
    claim = _imported_claim(turn, row, index)
    rivals = [c for c in turn.state.claims_at(claim.phone7) if names_agree(c.client, claim.client)]
    holder = next((c for c in rivals if c.holds(turn.now)), None)
    code, number = Code.IMPORTED, None
    if holder is not None:
        code = Code.DUPLICATE_OWN if holder.unit == claim.unit else Code.DUPLICATE_OTHER
    else:
        number = claim.number
        turn.state.put(replace(turn.state.site, next_registration=number + 1))
        turn.state.put(claim)
        if claim.live(turn.now):
            plan_protection(turn, claim)
    row_of_register = ReportRow(
        turn.message.seq, index, claim.reported_at, code, (Rule.R3,), number,
        claim.client, claim.first3, claim.last4, claim.unit, claim.agent, claim.sender,
    )  # fmt: skip
    turn.rows.append(row_of_register)


def _imported_claim(turn: Turn, row: Mapping[str, Any], index: int) -> Claim:
    policy, site = turn.policy, turn.state.site
    reported = datetime.fromisoformat(row["reported_at"])
    visited = datetime.fromisoformat(row["visited_at"]) if row.get("visited_at") else None
    unit = turn.state.unit_named(row["unit"])
    colleagues = (p for p in turn.state.roster.values() if unit and p.unit == unit.name)
    listed = next((p for p in colleagues if p.name == row["agent"]), None)
    claim = Claim(
        number=site.next_registration or policy.first_number,
        seq=turn.message.seq,
        part=index,
        client=row["client"],
        name_key=name_key(row["client"]),
        first3=row["first3"],
        last4=row["last4"],
        unit=unit.name if unit else row["unit"],
        agent=row["agent"] or NO_AGENT,
        agent_phone=listed.phone if listed else "",
        sender=listed.phone if listed else "",
        reported_at=reported,
        ends_at=reported + policy.report_days * DAY,
        flags=(Flag.IMPORTED,),
        visited_at=visited,
        policy_seq=site.policy_seq,
        terms=policy.terms,
    )
    # The import is the manager's word that the claim stands: the contact gap runs from its receipt (R14).
    return contacted(claim, turn.now, turn.ahead) if visited else claim
