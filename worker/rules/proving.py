"""材料: papers of the parties (R19, R27, R28; D6–D8, J5)."""

from dataclasses import replace
from datetime import date

from parsers.message import Command
from worker.rules.answers import Outcome, answered, refused
from worker.rules.codes import Code
from worker.rules.dates import typed_day
from worker.rules.dispute_dates import papers_until, set_opinion_date
from worker.rules.disputes import cancelled, side_of, told_of
from worker.rules.identity import fold
from worker.rules.model import Decision, Dispute
from worker.rules.numbers import Rule
from worker.rules.sides import side_written
from worker.rules.states import Side
from worker.rules.turn import Turn
from worker.rules.values import Paper

CALLS = "通话记录"
KINDS = ("户口本", "结婚证", CALLS, "短信", "客户签字书面证明", "电话录音", "其他")
"""Kinds of evidence (R28); a paper of no such name is 其他."""
IN_ENGLISH = {
    "household": "户口本",
    "marriage": "结婚证",
    "calls": CALLS,
    "sms": "短信",
    "signed": "客户签字书面证明",
    "recording": "电话录音",
    "other": "其他",
}


def decide_evidence(turn: Turn, parsed: Command) -> Decision:
    """Record a paper for the sender's side; service names the side in the third word (D7)."""
    if turn.role in ("manager", "consultant") or (turn.role is None and turn.listed is None):
        return refused(turn, "evidence", Code.REFUSED_ROLE)
    day = typed_day(turn.state, parsed.date, turn.now)
    if not parsed.words:
        return refused(turn, "evidence", Code.REFUSED_INVALID, {"reason": "paper"})
    if day is None or day > turn.state.day(turn.now):
        return refused(turn, "evidence", Code.REFUSED_INVALID, {"reason": "date" if day is None else "future"})
    dispute = dispute_named(turn, parsed)
    if dispute is None:
        return refused(turn, "evidence", Code.REFUSED_NOT_FOUND)
    unit, words = _side(turn, dispute, parsed)
    if unit is None:
        return refused(turn, "evidence", Code.REFUSED_INVALID, {"reason": "side"})
    return answered(turn, "evidence", [_receive(turn, dispute, unit, words, day)])


def dispute_named(turn: Turn, parsed: Command) -> Dispute | None:
    """Return the dispute that a command names by D12 or 12, as far as the sender is staff or a party of it (E6)."""
    digits = parsed.refs[0].removeprefix("D") if parsed.refs else ""
    dispute = turn.state.disputes.get(int(digits)) if digits.isdecimal() else None
    if dispute is None or cancelled(dispute, turn.now):
        return None
    party = turn.listed is not None and side_of(dispute, turn.listed.unit) is not None
    return dispute if turn.role is not None or party else None


def _side(turn: Turn, dispute: Dispute, parsed: Command) -> tuple[str | None, str]:
    """Return for which unit a paper is, and what else is said of it."""
    if turn.role is None and turn.listed is not None:
        return turn.listed.unit, parsed.words
    if parsed.unit:
        unit = side_written(turn.state, parsed.unit)
        return (unit if unit is not None and side_of(dispute, unit) else None), parsed.words
    said = parsed.words.split()
    for index, word in enumerate(said[:2]):
        unit = side_written(turn.state, word)
        if unit is not None and side_of(dispute, unit):
            return unit, " ".join(said[:index] + said[index + 1 :])
    return None, parsed.words


def _receive(turn: Turn, dispute: Dispute, unit: str, words: str, day: date) -> Outcome:
    until = papers_until(dispute, unit)
    late = until is not None and turn.now >= until
    kind, _, rest = words.partition(" ")
    kind = IN_ENGLISH.get(kind.casefold(), kind)
    counted, caller = True, rest.partition(" ")[0]
    if kind == CALLS and caller:
        # R27: a call counts only if an agent made it on the unit's roster that day; unnamed, the sender made it.
        counted = any(fold(person.name) == fold(caller) for person in turn.state.people(day, unit))
    elif kind == CALLS:
        counted = turn.listed is not None and turn.listed.unit == unit and turn.listed.on(day)
    known, called_on = kind if kind in KINDS else KINDS[-1], day if kind == CALLS else None
    paper = Paper(unit, known, words, turn.phone, turn.now, turn.message.seq, counted, late, called_on)
    dispute = replace(dispute, papers=(*dispute.papers, paper))
    sides = {side_of(dispute, paper.unit) for paper in dispute.papers if paper.accepted}
    if dispute.opinion_until is None and {*Side} <= sides:
        dispute = set_opinion_date(turn, dispute)
    turn.state.put(dispute)
    if late:
        return Outcome(Code.REFUSED_LATE, {"reason": "evidence"}, rules=(Rule.R19,))
    params = told_of(dispute, "" if turn.role else unit) | {"paper": known}
    params |= {"state": "counted" if counted else "ignored"}
    rules = (Rule.R19, Rule.R28, *((Rule.R27,) if kind == CALLS else ()))
    return Outcome(Code.EVIDENCE_RECORDED, params, dispute.ref, rules)
