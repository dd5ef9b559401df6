"""The dates of a dispute, set by the payments, and what time will make us say of it (R19–R21; J3, J4, J7)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

from worker.rules.deadlines import at_hour
from worker.rules.disputes import cancelled, claims_disputed, standing_deal
from worker.rules.model import Claim, Deadline, Dispute
from worker.rules.states import DeadlineKind, Side
from worker.rules.turn import Turn
from worker.rules.values import Party
from worker.rules.windows import evidence_until, opinion_until


def set_dates(turn: Turn, family: Iterable[Claim]) -> None:
    """Set anew until when papers count in the undecided disputes about these claims."""
    disputes = [d for claim in family for d in turn.state.disputes_of(claim.number)]
    for dispute in disputes:
        if not dispute.rulings and not cancelled(dispute, turn.now):
            _dated(turn, dispute, [_with_until(turn, dispute, party) for party in dispute.parties])


def enter_party(turn: Turn, dispute: Dispute, party: Party) -> Dispute:
    """Put an objector into a dispute, with the date of his own (J4)."""
    return _dated(turn, dispute, [*dispute.parties, _with_until(turn, dispute, party)])


def _with_until(turn: Turn, dispute: Dispute, party: Party) -> Party:
    if party.side != Side.OBJECTOR:
        return party
    deal = standing_deal(turn.state, claims_disputed(turn.state, dispute, turn.now), turn.now)
    objected_on = turn.state.day(party.at)
    until = evidence_until(turn.state, deal, dispute.terms["evidence_days"], objected_on)
    return replace(party, until=until)


def _dated(turn: Turn, dispute: Dispute, parties: Sequence[Party]) -> Dispute:
    """Put the dispute down with its last date; what was planned for an earlier one tells nothing any more."""
    until = max((party.until for party in parties if party.until is not None), default=None)
    dated = replace(dispute, parties=tuple(parties), evidence_until=until)
    turn.state.put(dated)
    if until is not None:
        turn.state.put(Deadline(DeadlineKind.DEFAULT_JUDGEMENT, dispute.ref, until))
    return dated


def papers_until(dispute: Dispute, unit: str) -> datetime | None:
    """Return until when a party's papers count: an objector's by his own objection, the holder's by the last one's."""
    own = next((party.until for party in dispute.parties if party.unit == unit and party.until is not None), None)
    return own if own is not None else dispute.evidence_until


def set_opinion_date(turn: Turn, dispute: Dispute) -> Dispute:
    """R21, D8: both sides' first papers are in, so service has three days; it is reminded on the last of them (J6)."""
    until = opinion_until(turn.state, dispute, turn.now)
    last_day = turn.state.day(until - timedelta(seconds=1))
    turn.state.put(Deadline(DeadlineKind.OPINION_REMINDER, dispute.ref, at_hour(turn.state, last_day, time())))
    return replace(dispute, opinion_until=until)
