"""Set-up messages: site, sites, staff, units, roster, policy, imports. They hold from their place on (F1, K4, K7)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from worker.rules.codes import Code
from worker.rules.deadlines import DAY, plan_protection
from worker.rules.identity import fold, name_key, names_agree, unit_key
from worker.rules.model import NO_AGENT, Claim, Decision, Listed, ReportRow, Site, Unit
from worker.rules.numbers import Rule
from worker.rules.protection import contacted
from worker.rules.turn import Turn


def decide_setup(turn: Turn) -> Decision:
    """Take in one set-up message; payloads have been checked by `worker.setup` before they got their place."""
    act = {
        "site": _site,
        "directory": _directory,
        "policy": _policy,
        "staff": _staff,
        "unit": _unit,
        "roster": _roster,
        "unlist": _unlist,
        "import": _import,
    }[turn.message.kind]
    code = act(turn, turn.message.payload)
    return turn.decision(turn.message.kind, code)


def _site(turn: Turn, given: Mapping[str, Any]) -> Code:
    site = Site(
        name=given["name"],
        number=given["number"],
        timezone=given.get("timezone", "Asia/Shanghai"),
        language=given.get("language", "zh"),
        policy=given.get("policy", {}),
        staff=given.get("staff", {}),
        aliases=given.get("aliases", []),
    )
    turn.state.put(site)
    return Code.SITE_OPENED


def _directory(turn: Turn, given: Mapping[str, Any]) -> Code:
    """L25: learn names of the installation's sites; those that are not named here stay as they were."""
    site = turn.state.site
    named = {entry["number"]: {"name": entry["name"], "aliases": entry["aliases"]} for entry in given["sites"]}
    own = named.pop(site.number, None)
    turn.state.put(replace(site, aliases=own["aliases"] if own else site.aliases, others={**site.others, **named}))
    return Code.DIRECTORY_SET


def _policy(turn: Turn, given: Mapping[str, Any]) -> Code:
    site = turn.state.site
    policy = {**site.policy, **given}
    language = policy.get("language", site.language)
    turn.state.put(replace(site, policy=policy, policy_seq=turn.message.seq, language=language))
    return Code.POLICY_SET


def _staff(turn: Turn, given: Mapping[str, Any]) -> Code:
    """Add phones in a role, or (role "") remove them; one role a phone at a time (B32)."""
    site = turn.state.site
    kept = {phone: role for phone, role in site.staff.items() if phone not in given}
    added = {phone: role for phone, role in given.items() if role}
    turn.state.put(replace(site, staff=kept | added))
    return Code.STAFF_SET


def _unit(turn: Turn, given: Mapping[str, Any]) -> Code:
    _known_unit(turn, given["name"], given["kind"], tuple(given.get("aliases", ())))
    return Code.UNIT_SET


def _known_unit(turn: Turn, name: str, kind: str | None, aliases: tuple[str, ...]) -> Unit:
    known = turn.state.unit_named(name)
    unit = known or Unit(unit_key(name), name, kind or "distributor")
    changed = replace(unit, kind=kind or unit.kind, aliases=tuple(dict.fromkeys((*unit.aliases, *aliases))))
    if changed != known:
        turn.state.put(changed)
    return changed


def _roster(turn: Turn, given: Mapping[str, Any]) -> Code:
    """R26: add or change lines by phone; who is left out stays (K4)."""
    for line in given["people"]:
        phone, key = line["phone"], fold(line["name"])
        unit = _known_unit(turn, line["unit"], line.get("kind"), tuple(line.get("aliases", ())))
        site, listed = turn.state.site, turn.state.listed(phone, turn.state.day(turn.now))
        if listed is not None and listed.unit == unit.name:
            listed_at = listed.listed_at
        else:
            # A new line counts from its place on (R26). None: from ever, as does what was handed in before the site
            # had its first registration or visit.
            listed_at = turn.now if site.next_registration or site.next_visit else None
        # What the same person was called before, he is still called (L21).
        known = turn.state.roster.get(phone)
        before = known.aliases if known is not None and known.name_key == key else ()
        aliases = tuple(dict.fromkeys((*before, *line.get("called", ()))))
        since, until = _day(line.get("from")), _day(line.get("to"))
        turn.state.put(Listed(phone, line["name"], key, unit.name, since, until, listed_at, aliases))
    return Code.ROSTER_SET


def _unlist(turn: Turn, given: Mapping[str, Any]) -> Code:
    entry = turn.state.roster.get(given["phone"])
    if entry is not None:
        turn.state.put(replace(entry, to_day=turn.state.day(turn.now) - DAY))
    return Code.ROSTER_SET


def _day(written: str | None) -> date | None:
    return date.fromisoformat(written) if written else None


def _import(turn: Turn, given: Mapping[str, Any]) -> Code:
    """Going live with a running 登记表: each row an agreed fact of its date, the earliest first.

    Its days count from its own dates also where the unit withdrew the client before: R7's shortened days are for
    reports, and an import is the manager's word (B47).
    """
    rows = sorted(given["rows"], key=lambda row: str(row["reported_at"]))
    for index, row in enumerate(rows):
        _import_row(turn, row, index)
    return Code.IMPORTED


def _import_row(turn: Turn, row: Mapping[str, Any], index: int) -> None:
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
        flags=("imported",),
        visited_at=visited,
        policy_seq=site.policy_seq,
        terms=policy.terms,
    )
    # The import is the manager's word that the claim stands: the contact gap runs from its receipt (R14).
    return contacted(claim, turn.now) if visited else claim
