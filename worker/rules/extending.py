"""延: the manager gives a claim more days before its end, once, at most `extend_days` (L16).

The end moves by whole days of 24 hours; no contact, renewal or signature that is taken back takes them away again.
"""

import re
from dataclasses import replace
from typing import Any, Final

from parsers.message import Command
from worker.rules.answers import Outcome, answered, refused
from worker.rules.codes import Code
from worker.rules.deadlines import DAY, plan_protection
from worker.rules.displacement import waiting_beside
from worker.rules.handing import not_to_move
from worker.rules.model import Claim, Decision
from worker.rules.numbers import Rule
from worker.rules.params import named_params
from worker.rules.readings import EXTENDED, reading_of
from worker.rules.references import Missing, claims_meant, told_of
from worker.rules.states import Flag
from worker.rules.term import was_given_days
from worker.rules.turn import Turn

_DAYS_AND_WHY: Final = re.compile(r"(\d{1,6})\s+(\S.*)", re.DOTALL)


def decide_extend(turn: Turn, parsed: Command) -> Decision:
    """Give the claim that is named more days; its words begin with how many, and why stands behind."""
    if turn.role != "manager":
        return refused(turn, "extend", Code.REFUSED_ROLE)
    given, most = _DAYS_AND_WHY.fullmatch(parsed.words), turn.policy.extend_days
    if given is None or parsed.error is not None:
        return refused(turn, "extend", Code.REFUSED_INVALID, {"reason": "extend"})
    if not 1 <= int(given[1]) <= most:
        why_not = {"reason": "extend_days" if most else "extend_off", "most": most}
        return refused(turn, "extend", Code.REFUSED_INVALID, why_not)
    extended = [_extend(turn, claim, int(given[1]), given[2]) for claim in claims_meant(turn, parsed)]
    return answered(turn, "extend", extended, Code.EXTENDED)


def days_meant(turn: Turn, parsed: Command) -> dict[str, Any]:
    """Return what 延 gives the first claim that it names, and why: `days`, the new end `until`, `about`."""
    given = _DAYS_AND_WHY.fullmatch(parsed.words)
    claim = claims_meant(turn, parsed)[0]
    if given is None or isinstance(claim, Missing):
        return {}
    until = claim.ends_at + int(given[1]) * DAY
    return {"days": int(given[1]), "until": until.isoformat(), "about": given[2]}


def _extend(turn: Turn, claim: Claim | Missing, days: int, why: str) -> Outcome:
    if isinstance(claim, Missing):
        return claim.outcome
    why_not = not_to_move(turn, claim)
    if why_not is not None:
        return why_not
    if waiting_beside(turn, claim.number):
        # Who may have been the first has his days from his sending; the holder's would outlast them (B23).
        return Outcome(Code.REFUSED_INVALID, named_params(claim) | {"reason": "undecided"})
    if was_given_days(turn, claim):
        return Outcome(Code.REFUSED_INVALID, named_params(claim) | {"reason": "extended"})
    ends_at = claim.ends_at + days * DAY
    step = replace(reading_of(turn, claim, EXTENDED, ends_at), days=days, words=why)
    flags = tuple(dict.fromkeys((*claim.flags, Flag.EXTENDED)))
    extended = replace(claim, ends_at=ends_at, flags=flags, readings=(*claim.readings, step))
    turn.state.put(extended)
    plan_protection(turn, extended)
    params = named_params(claim) | {"days": days, "until": ends_at.isoformat()}
    turn.notify(told_of(turn, claim), Code.EXTENDED, params, claim.ref)
    rule = Rule.R7 if claim.visited_at is None else Rule.R14
    return Outcome(Code.EXTENDED, params, claim.ref, (rule,))
