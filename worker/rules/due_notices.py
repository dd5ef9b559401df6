"""What a deadline says when its time has come: one function a kind, which looks at how its subject stands by then.

Nothing here changes an answer: what has run out has run out by its times alone, told or not (decisions.md C7).
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from worker.rules.attribution import owns
from worker.rules.codes import Code
from worker.rules.departures import tell_left
from worker.rules.disputes import final_for
from worker.rules.model import Claim, Deadline, Reply
from worker.rules.params import expired_params, named_params
from worker.rules.plans import missed
from worker.rules.state import State
from worker.rules.states import ClaimState, DeadlineKind
from worker.rules.verdicts import remind_of_opinion, tell_judgement
from worker.rules.visit_notices import sign_reminder, visit_void

AN_INSTANT = timedelta(microseconds=1)
MOST_NAMED = 20
"""A segment has no room for more names."""

Tell = Callable[[State, Deadline, datetime, str], list[Reply]]


def tell(state: State, deadline: Deadline, now: datetime, head: str) -> list[Reply]:
    """Return what a deadline that is due makes us say at `now`; nothing when its subject has moved or ended.

    `head` is the chain's (64 hex digits); a digest publishes its first eight. Who wants no notices is told of
    none, but of what was put by for him: there may be answers to his own texts in it (D13, L11).
    """
    told = TELL[deadline.kind](state, deadline, now, head)
    wanted = deadline.kind == DeadlineKind.FOLDED
    return [reply for reply in told if wanted or not state.is_silent(reply.recipient)]


def _digest(state: State, deadline: Deadline, now: datetime, head: str) -> list[Reply]:
    """E25: how much came in the hour, or in the day (F32)."""
    said = dict(deadline.detail)
    if deadline.kind == DeadlineKind.DAILY:
        # With whom was expected since the day before and has not come, by how the facts stand now (C7).
        absent = missed(state, deadline.at)
        said |= {"missed": len(absent), "names": [claim.client for claim in absent[:MOST_NAMED]]} if absent else {}
        said |= {"unsure": [f"R{number}" for number in said["unsure"]]} if "unsure" in said else {}
    said |= {"head": head[:8], "span": "day" if deadline.kind == DeadlineKind.DAILY else "hour"}
    return [Reply(phone, Code.DIGEST, "notice", said) for phone in state.staff("manager")]


def _folded(state: State, deadline: Deadline, now: datetime, head: str) -> list[Reply]:
    """L11: a phone that was told enough is told once of what it was not told."""
    span = "folded" if deadline.detail["fitting"] else "counted"
    return [Reply(deadline.subject, Code.DIGEST, "notice", dict(deadline.detail) | {"span": span})]


def _expired(state: State, deadline: Deadline, now: datetime, head: str) -> list[Reply]:
    """R8, E11: the old holder is told once; a contested claim that nobody decided falls with its holder (B21)."""
    claim = _subject(state, deadline, now)
    if claim is None:
        return []
    if claim.state == ClaimState.CONTESTED:
        return _to_agent(state, claim, Code.DUPLICATE_OTHER, {"client": claim.client, "mask": claim.mask}, "")
    if not owns(state, claim, deadline.at - AN_INSTANT):
        return []
    return _to_agent(state, claim, Code.EXPIRED, expired_params(claim), claim.ref)


def _reminder(state: State, deadline: Deadline, now: datetime, head: str) -> list[Reply]:
    """E9: the agent is told before his client's days are over, or his contact gap closes (R14)."""
    claim, gap = _subject(state, deadline, now), deadline.kind == DeadlineKind.GAP_REMINDER
    wanted = state.policy.gap_reminder is not None if gap else state.policy.reminder_hours
    if claim is None or not wanted or not owns(state, claim, now):
        return []
    ending = "gap" if gap else "report" if claim.visited_at is None else "visit"
    params = named_params(claim) | {"until": claim.ends_at.isoformat(), "ending": ending}
    return _to_agent(state, claim, Code.REMINDER, params, claim.ref)


def claim_of(state: State, subject: str) -> Claim | None:
    """Return the claim that a deadline's subject names: R1024, or V31 of a walk-in."""
    number = int(subject[1:])
    return state.claims.get(number if subject.startswith("R") else -number)


def _subject(state: State, deadline: Deadline, now: datetime) -> Claim | None:
    claim = claim_of(state, deadline.subject)
    if claim is None or claim.ended_at is not None or claim.ends_at != deadline.at:
        return None
    # Sold or decided, the client does not become public when the days are over (E11).
    return claim if final_for(state, claim.who, now) is None else None


def _to_agent(state: State, claim: Claim, code: Code, params: dict[str, Any], ref: str) -> list[Reply]:
    phone = claim.to_tell
    return [Reply(phone, code, "notice", params, ref)] if phone else []


TELL: dict[str, Tell] = {
    DeadlineKind.EXPIRED: _expired,
    DeadlineKind.REMINDER: _reminder,
    DeadlineKind.GAP_REMINDER: _reminder,
    DeadlineKind.DIGEST: _digest,
    DeadlineKind.DAILY: _digest,
    DeadlineKind.FOLDED: _folded,
    DeadlineKind.LEFT: tell_left,
    DeadlineKind.OPINION_REMINDER: remind_of_opinion,
    DeadlineKind.DEFAULT_JUDGEMENT: tell_judgement,
    DeadlineKind.SIGN_REMINDER: sign_reminder,
    DeadlineKind.VISIT_VOID: visit_void,
}
"""Kind of deadline → what it says; each has its row."""
