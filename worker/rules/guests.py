"""Under which claim an arriving client comes, and what does not agree with its report (R1, R5; B25–B28)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from parsers.message import Command, Report
from worker.rules.client import Client
from worker.rules.codes import Code
from worker.rules.families import claims_of_family, family_of, same_client
from worker.rules.identity import fold, names_agree, same_name
from worker.rules.model import WALK_IN, Claim, Visit
from worker.rules.references import Missing, claims_meant, in_his_view
from worker.rules.reporter import sorted_words
from worker.rules.states import ClaimState, Flag, FormKind, FormState
from worker.rules.turn import Turn

Case = Literal["live", "walkin", "early", "over", "taken", "nobody", "ambiguous"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a client stands at his arrival.

    live: under `claim`, with what does not agree; walkin: as the site's own (`claim`); early: before his report
    (`claim`); over: `claim` has run out; taken: another's; nobody: never reported; ambiguous: `fitting` claims agree.
    """

    case: Case
    claim: Claim | None = None
    mismatch: tuple[str, ...] = ()
    fitting: tuple[str, ...] = ()


def guests_of(turn: Turn, parsed: Command) -> list[Report] | Missing:
    """Return the clients whom an arrival names: written out, or as their claims have them."""
    if any(not report.client for report in parsed.reports):
        return Missing(Code.REFUSED_MISSING_NAME)
    meant = claims_meant(turn, Command(parsed.kind, refs=parsed.refs)) if parsed.refs else []
    missing = next((found for found in meant if isinstance(found, Missing)), None)
    if missing is not None:
        return missing
    agent = parsed.words.partition(" ")[0] or None
    numbered = [Report(c.client, c.first3, c.last4, agent) for c in meant if isinstance(c, Claim)]
    return [*numbered, *parsed.reports]


def standing_of(turn: Turn, guest: Report, arrived_at: datetime) -> Standing:
    """Return how a client stands at his arrival, as far as the sender may know: an agent sees his own unit's claims."""
    client = Client.of(guest)
    at_number = turn.state.claims_at(client.phone7)
    himself = [c for c in at_number if names_agree(c.client, client.name)]
    exact = [c for c in himself if same_name(c.client, client.name)]
    if any(claim.holds(turn.now) for claim in exact):
        himself = exact
    relatives = [c for c in claims_of_family(turn.state, client, turn.now) if not same_client(c.who, client)]
    known = [*himself, *(claim for claim in relatives if claim not in himself)]
    walked_in = next((claim for claim in himself if claim.unit == WALK_IN and claim.holds(turn.now)), None)
    if walked_in is not None:
        return Standing("walkin" if turn.role else "taken", walked_in)
    mine = [claim for claim in known if in_his_view(turn, claim)]
    arriving = [claim for claim in mine if _stood(turn, claim, arrived_at)]
    if not arriving:
        if any(claim.holds(turn.now) for claim in known if claim not in mine):
            return Standing("taken")
        return _under_none(turn, guest, [c for c in himself if c in mine], mine, arrived_at)
    fitting = [claim for claim in arriving if names_its_reporter(turn, guest, claim)] or arriving
    if len({claim.name_key for claim in fitting if claim in at_number and claim.live(turn.now)}) > 1:
        return Standing("ambiguous", fitting=tuple(claim.ref for claim in fitting))
    claim = fitting[0]
    if not claim.live(turn.now) and any(c.holds(turn.now) and c.unit != claim.unit for c in known):
        return Standing("taken")
    return Standing("live", claim, _whose(turn, guest, claim))


def _stood(turn: Turn, claim: Claim, arrived_at: datetime) -> bool:
    """Tell whether a claim stood at an arrival: what ran out since then has stood (B43).

    R1: it was reported before that, by the policy's `min_lead` at least; within one second the line decides (B13). A
    group's entry may come later on the day of its arrival (R10, B15).
    """
    kept = claim.ended_at is None and claim.state != ClaimState.CONTESTED and claim.unit != WALK_IN
    if not kept or (arrived_at >= claim.ends_at and not claim.sold(turn.now)):
        return False
    if Flag.GROUP in claim.flags and turn.state.day(claim.reported_at) == turn.state.day(arrived_at):
        return True
    lead = arrived_at.replace(microsecond=0) - claim.reported_at.replace(microsecond=0)
    return lead >= timedelta(minutes=turn.policy.min_lead)


def _whose(turn: Turn, guest: Report, claim: Claim) -> tuple[str, ...]:
    """Return that the unit differs, if it does; an agent's own is told by his telephone, whoever he names beside."""
    named = names_somebody(guest) if turn.role else names_a_known(turn, guest)
    return ("unit",) if named and not names_its_reporter(turn, guest, claim) else ()


def names_somebody(guest: Report) -> bool:
    """Tell whether an agent or a unit is named at all: where none is, nothing can disagree (B50)."""
    return guest.agent is not None or guest.distributor is not None


def names_a_known(turn: Turn, guest: Report) -> bool:
    """Tell whether unit or agent as named are on the site's list or roster (B37)."""
    today = turn.state.day(turn.now)
    named = sorted_words(turn.state, guest, today, None)
    if named.distributor and turn.state.unit_named(named.distributor):
        return True
    return any(fold(named.agent or "") == fold(person.name) for person in turn.state.people(today))


def names_its_reporter(turn: Turn, guest: Report, claim: Claim) -> bool:
    """Tell whether agent or unit as named are those of a claim: one of the two is enough, via the roster (R5, B27)."""
    today = turn.state.day(turn.now)
    named = sorted_words(turn.state, guest, today, None)
    unit = turn.state.unit_named(named.distributor) if named.distributor else None
    if unit is not None and unit.name == claim.unit:
        return True
    if named.agent is None:
        return False
    colleagues = turn.state.people(today, claim.unit)
    return names_agree(named.agent, claim.agent) or any(fold(p.name) == fold(named.agent) for p in colleagues)


def _under_none(turn: Turn, guest: Report, himself: list[Claim], mine: list[Claim], arrived_at: datetime) -> Standing:
    reported_later = [claim for claim in mine if claim.holds(turn.now)]
    if reported_later:
        return Standing("early", reported_later[0])
    # B25: the number, else the name, may have been written differently; where several would fit, nothing is told.
    possible = [
        c
        for c in turn.state.claims.values()
        if c.live(turn.now) and in_his_view(turn, c) and _stood(turn, c, arrived_at)
    ]
    called = [c for c in possible if names_agree(c.client, guest.client or "")]
    agreeing = [c for c in called if turn.role is None or names_its_reporter(turn, guest, c)]
    by_number = [c for c in agreeing if same_name(c.client, guest.client or "")] or agreeing
    if len(by_number) == 1:
        return Standing("live", by_number[0], ("number", *_whose(turn, guest, by_number[0])))
    digits = (guest.first3, guest.last4)
    by_name = [c for c in possible if c.phone7 == digits and not _whose(turn, guest, c)]
    if by_name:
        return Standing("live", min(by_name, key=lambda c: c.number), ("name",))
    over = [c for c in himself if c.ended_at is None and c.unit != WALK_IN and c.state != ClaimState.CONTESTED]
    return Standing("over", over[-1]) if over else Standing("nobody")


def form_of(turn: Turn, guest: Report, claim: Claim, mismatch: tuple[str, ...], arrived_at: datetime) -> Visit:
    """Return a new form of a client who comes under a claim, led by its agent, with whom the arrival names (R4, R5)."""
    today = turn.state.day(turn.now)
    named = sorted_words(turn.state, guest, today, None)
    return Visit(
        number=turn.next_visit(),
        seq=turn.message.seq,
        opened_at=turn.now,
        arrived_at=arrived_at,
        day=today,
        kind=FormKind.LED,
        state=FormState.OPEN,
        client=guest.client or "",
        first3=guest.first3 or "",
        last4=guest.last4 or "",
        claim=claim.number,
        unit=claim.unit,
        agent=claim.agent,
        agent_phone=claim.agent_phone or claim.sender,
        opener=turn.phone,
        mismatch=mismatch,
        named_agent=named.agent or "",
        named_unit=named.distributor or "",
    )


def one_group(turn: Turn, guests: list[Report], standings: list[Standing]) -> bool:
    """Tell whether clients may share a form: all of one report, or of one family, proved or claimed (C6)."""
    reports = {standing.claim.seq if standing.claim else None for standing in standings}
    if len(reports) == 1 and None not in reports:
        return True
    first, *others = [Client.of(g) for g in guests]
    family = family_of(turn.state, first, turn.now, proved=False)
    return all(any(same_client(other, relative) for relative in family) for other in others)
