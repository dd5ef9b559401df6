"""What waits for somebody's judgement: suspected and contested claims, forms that do not match, disputes; and deals
that may still be objected to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, func, select

from worker.readers.desk import Arrival, arrival_of, texted_places
from worker.rules.attribution import Answer, attribute
from worker.rules.disputes import Decided, decided_at, open_at, standing_deal
from worker.rules.model import Claim, Deal, Dispute, Visit
from worker.rules.states import WAITING, ClaimState, DisputeState
from worker.store.database import reading
from worker.store.facts import load
from worker.store.schema import PENDING, claims, cursors, deals, disputes, inbox, visits
from worker.store.working_set import load_belongings, load_claims, load_clients, open_state

MOST_OF_A_KIND = 60
MOST_ON_DIGITS = 3
"""Of claims on the same digits so many are shown; who keeps sending names for one number hides nobody else's case."""
MOST_RIVALS = 5
MOST_DISPUTES = 200
"""Those that silence decided (R20) are among the open ones: only their time tells."""
LATELY_DECIDED = 10


@dataclass(frozen=True, slots=True)
class ClaimCase:
    """A claim that is suspected or contested, and the claims that it is so with."""

    claim: Claim
    rivals: tuple[Claim, ...]
    more: int = 0
    """how many others on the same digits wait likewise and are not among the cases"""


@dataclass(frozen=True, slots=True)
class DisputeCase:
    """A dispute, whose the client is meanwhile, what was paid for him, and how it was decided if it is."""

    dispute: Dispute
    claim: Claim | None
    answer: Answer
    deal: Deal | None
    decided: Decided | None


@dataclass(frozen=True, slots=True)
class SoldCase:
    """A deal that may still be objected to."""

    deal: Deal
    claim: Claim


@dataclass(frozen=True, slots=True)
class Cases:
    """Everything that waits, of each kind what ends first before; `decided` are the disputes decided last."""

    suspected: tuple[ClaimCase, ...]
    contested: tuple[ClaimCase, ...]
    forms: tuple[Arrival, ...]
    disputes: tuple[DisputeCase, ...]
    decided: tuple[DisputeCase, ...]
    sold: tuple[SoldCase, ...]
    texts: Mapping[int, str]
    """by place what was texted there, masked: of every claim, objection and form that stands in a case"""


def cases_of(engine: Engine, site_id: int, now: datetime, today: date) -> Cases:
    """Return what waits at a site, at most sixty of a kind and two hundred disputes."""
    with reading(engine).connect() as connection:
        quarrels = _disputes(connection, site_id)
        site = connection.execute(select(cursors.c.state).where(cursors.c.site_id == site_id)).scalar_one()
        state = open_state(connection, site_id, site)
        load_claims(connection, site_id, state, {dispute.claim for dispute in quarrels})
        load_clients(connection, site_id, state, {claim.phone7 for claim in state.claims.values()})
        load_belongings(connection, site_id, state, set(state.claims))

        waiting, decided = [], []
        for dispute in quarrels:
            claim = state.claims.get(dispute.claim)
            deal = standing_deal(state, [claim], now) if claim is not None else None
            how = decided_at(state, dispute, now)
            case = DisputeCase(dispute, claim, attribute(state, dispute.who, now), deal, how)
            if open_at(state, dispute, now):
                waiting.append(case)
            if how is not None:
                decided.append((how.at, case))
        lately = sorted(decided, key=itemgetter(0), reverse=True)[:LATELY_DECIDED]
        suspected = _pending(connection, site_id, ClaimState.SUSPECTED, now)
        contested = _pending(connection, site_id, ClaimState.CONTESTED, now)
        forms = _mismatched(connection, site_id, today, waiting)
        known = [claim for case in (*suspected, *contested) for claim in (case.claim, *case.rivals)]
        known += [form.claim for form in forms if form.claim is not None]
        known += [state.claims[dispute.claim] for dispute in quarrels if dispute.claim in state.claims]
        places = {claim.seq for claim in known} | {form.form.seq for form in forms}
        return Cases(
            suspected,
            contested,
            forms,
            disputes=tuple(sorted(waiting, key=lambda case: _due(case, now))),
            decided=tuple(case for _, case in lately),
            sold=_sold(connection, site_id, now),
            texts=_texts(connection, site_id, places | {party.seq for each in quarrels for party in each.parties}),
        )


def _texts(connection: Connection, site_id: int, places: set[int]) -> dict[int, str]:
    written = select(inbox.c.seq, inbox.c.text).where(inbox.c.site_id == site_id, inbox.c.seq.in_(places))
    return {row.seq: row.text for row in connection.execute(written)}


def _due(case: DisputeCase, now: datetime) -> tuple[bool, datetime]:
    dates = [date for date in (case.dispute.evidence_until, case.dispute.opinion_until) if date and date > now]
    return (not dates, min(dates, default=case.dispute.opened_at))


def _pending(connection: Connection, site_id: int, state: ClaimState, now: datetime) -> tuple[ClaimCase, ...]:
    standing = PENDING, claims.c.state == state, claims.c.ended_at.is_(None), claims.c.ends_at > now
    digits, place = (claims.c.first3, claims.c.last4), (claims.c.seq, claims.c.part)
    nth = func.row_number().over(partition_by=digits, order_by=place).label("nth")
    mine = select(claims.c.number, claims.c.seq, nth, func.count().over(partition_by=digits).label("total"))
    each = mine.where(claims.c.site_id == site_id, *standing).subquery()
    first = select(each).where(each.c.nth <= MOST_ON_DIGITS).order_by(each.c.seq.desc()).limit(MOST_OF_A_KIND)
    rows = connection.execute(first).all()
    more = {row.number: row.total - row.nth for row in rows if row.nth == MOST_ON_DIGITS}
    numbers = [row.number for row in rows]
    found: list[Claim] = load(connection, site_id, Claim, claims.c.number.in_(numbers)) if numbers else []
    known = _claims(connection, site_id, {number for claim in found for number in claim.rivals[:MOST_RIVALS]})
    cases = [
        ClaimCase(claim, tuple(known[n] for n in claim.rivals if n in known), more.get(claim.number, 0))
        for claim in found
    ]
    return tuple(sorted(cases, key=lambda case: (case.claim.ends_at, case.claim.number)))


def _claims(connection: Connection, site_id: int, numbers: set[int]) -> dict[int, Claim]:
    if not numbers:
        return {}
    return {claim.number: claim for claim in load(connection, site_id, Claim, claims.c.number.in_(numbers))}


def _newest(
    connection: Connection,
    site_id: int,
    table: Any,
    place: Any,
    *conditions: ColumnElement[bool],
    most: int = MOST_OF_A_KIND,
) -> list[int]:
    query = select(table.c.number).where(table.c.site_id == site_id, *conditions)
    return list(connection.execute(query.order_by(place.desc()).limit(most)).scalars())


def _mismatched(
    connection: Connection, site_id: int, today: date, quarrels: Iterable[DisputeCase]
) -> tuple[Arrival, ...]:
    """Return the forms that written proof can still cure: today's, and those within an open dispute (R22, B26)."""
    forms: list[Visit] = load(connection, site_id, Visit, visits.c.day == today, visits.c.state.in_(WAITING))
    disputed = {case.dispute.claim for case in quarrels}
    if disputed:
        within = visits.c.claim.in_(disputed), visits.c.state.in_(WAITING), visits.c.day < today
        forms += load(connection, site_id, Visit, *within)
    differing = [form for form in forms if form.mismatch and not form.cured]
    known = _claims(connection, site_id, {form.claim for form in differing})
    texts = texted_places(connection, site_id, differing)
    shown = sorted(differing, key=lambda form: form.number)
    return tuple(replace(arrival_of(form, None, today, texts), claim=known.get(form.claim)) for form in shown)


def _disputes(connection: Connection, site_id: int) -> list[Dispute]:
    by_number = disputes.c.number
    kept = _newest(connection, site_id, disputes, by_number, disputes.c.state == DisputeState.OPEN, most=MOST_DISPUTES)
    over = _newest(
        connection, site_id, disputes, by_number, disputes.c.state == DisputeState.DECIDED, most=LATELY_DECIDED
    )
    numbers = [*kept, *over]
    return load(connection, site_id, Dispute, disputes.c.number.in_(numbers)) if numbers else []


def _sold(connection: Connection, site_id: int, now: datetime) -> tuple[SoldCase, ...]:
    open_yet = deals.c.cancelled_at.is_(None), deals.c.objection_until > now
    found: list[Deal] = load(connection, site_id, Deal, *open_yet)
    numbers = [deal.number for deal in found]
    known = {c.number: c for c in load(connection, site_id, Claim, claims.c.number.in_(numbers))} if numbers else {}
    sold = [SoldCase(deal, known[deal.number]) for deal in found if deal.number in known]
    return tuple(sorted(sold, key=lambda case: case.deal.objection_until or now))[:MOST_OF_A_KIND]
