"""转: a claim is given to a colleague of its unit who is on the roster, by its agent or the manager (L16).

It stays as it is, suspected or unsure, with its place and its end; who had it has no say in it any more.
"""

import re
from dataclasses import replace
from typing import Final

from parsers.message import Command
from worker.rules.aliasing import calls_himself
from worker.rules.answers import Outcome, answered, refused
from worker.rules.attribution import owns
from worker.rules.codes import Code
from worker.rules.disputes import open_at
from worker.rules.identity import fold
from worker.rules.model import WALK_IN, Claim, Decision, Listed
from worker.rules.numbers import Rule
from worker.rules.params import expired_params, named_params
from worker.rules.readings import reading_of
from worker.rules.references import Missing, claims_meant, told_of
from worker.rules.states import ClaimState, Flag
from worker.rules.turn import Turn
from worker.rules.values import HANDED

_LAST_FOUR: Final = re.compile(r"(?<=[^\W\d_])(\d{4})(?!\d)")
"""周涛0012: of several of that name he whose phone ends so."""
_BETWEEN: Final = re.compile(r"[\s()（）,，、/]+")
FOUR: Final = 4
LONGEST_NAME: Final = 4
"""Words of a name; most have one."""
MOST_WORDS: Final = 40
_OF_AGENT: Final = (Flag.UNLISTED, Flag.ASKED)
"""Flags that speak of the agent whom a claim had, or of who sent it."""


def decide_hand(turn: Turn, parsed: Command) -> Decision:
    """Give the claims that are named to the colleague whom the words begin with."""
    if turn.role in ("consultant", "service") or turn.is_stranger:
        return refused(turn, "hand", Code.REFUSED_ROLE)
    if not parsed.words:
        return refused(turn, "hand", Code.REFUSED_INVALID, {"reason": "hand"})
    handed = [_hand(turn, claim, parsed.words) for claim in claims_meant(turn, parsed)]
    return answered(turn, "hand", handed, Code.HANDED_OVER)


def _hand(turn: Turn, claim: Claim | Missing, named: str) -> Outcome:
    if isinstance(claim, Missing):
        return claim.outcome
    why_not = not_to_move(turn, claim)
    if turn.role is None and turn.phone != claim.to_tell:
        return Outcome(Code.REFUSED_ROLE, named_params(claim))
    if why_not is not None:
        return why_not
    params = named_params(claim) | {"unit": claim.unit}
    called = _colleagues(turn, claim.unit, named)
    if len(called) != 1:
        return Outcome(Code.REFUSED_INVALID, params | {"reason": "several_so_called" if called else "hand"})
    person = called[0]
    if person.phone == claim.to_tell:
        return Outcome(Code.REFUSED_INVALID, params | {"reason": "has_him", "agent": person.name})
    # That its sender is on no roster stays noted, unless the manager gives it on.
    of_agent = turn.role == "manager" or not claim.agent_phone
    flags = tuple(flag for flag in claim.flags if flag not in _OF_AGENT or not of_agent)
    readings = (*claim.readings, reading_of(turn, claim, HANDED))
    handed = replace(claim, agent=person.name, agent_phone=person.phone, flags=flags, readings=readings)
    turn.state.put(handed)
    told = params | {"agent": person.name, "until": claim.ends_at.isoformat()}
    listed = turn.state.listed(claim.to_tell, turn.state.day(turn.now))
    # Who has left hears of no colleague (L1).
    to_whom = {"agent": person.name} if listed is not None and listed.unit == claim.unit else {}
    turn.notify(told_of(turn, claim), Code.HANDED_OVER, params | to_whom | {"state": "gone"}, claim.ref)
    turn.notify([person.phone], Code.HANDED_OVER, told | {"state": "got"}, claim.ref)
    return Outcome(Code.HANDED_OVER, told, claim.ref, (Rule.R2a, Rule.R26))


def not_to_move(turn: Turn, claim: Claim) -> Outcome | None:
    """Return why a claim is nobody's to give or to extend now.

    It is a walk-in, ended, sold, or waits for a decision; or its client is another unit's.
    """
    params = named_params(claim)
    if claim.unit == WALK_IN or claim.ended_at is not None:
        return Outcome(Code.REFUSED_NOT_FOUND, params)
    if claim.deal_at is not None:
        return Outcome(Code.REFUSED_LATE, params)
    if not claim.live(turn.now):
        return Outcome(Code.EXPIRED, expired_params(claim), claim.ref)
    if claim.state == ClaimState.CONTESTED:
        return Outcome(Code.REFUSED_INVALID, params | {"reason": "undecided"})
    if any(open_at(turn.state, dispute, turn.now) for dispute in turn.state.disputes_of(claim.number)):
        return Outcome(Code.REFUSED_INVALID, params | {"reason": "undecided"})
    # Its client may be another unit's by now, by his family or by a ruling.
    return None if owns(turn.state, claim, turn.now) else Outcome(Code.REFUSED_NOT_FOUND, params)


def persons_meant(turn: Turn, parsed: Command) -> list[Listed]:
    """Return to whom the claims go that 转 names: one, but where colleagues of several units are so called."""
    claims = [claim for claim in claims_meant(turn, parsed) if not isinstance(claim, Missing)]
    units = dict.fromkeys(claim.unit for claim in claims)
    return [called[0] for unit in units if len(called := _colleagues(turn, unit, parsed.words)) == 1]


def _colleagues(turn: Turn, unit: str, named: str) -> list[Listed]:
    """Return who of a unit is on the roster today and so called by the words, or by as many of the first as tell (F19).

    Behind the name may stand the phone's last four, the unit, and why; who names more is asked whom he means.
    """
    people = list(turn.state.people(turn.state.day(turn.now), unit))
    words = _BETWEEN.split(_LAST_FOUR.sub(r" \1", named).strip())[:MOST_WORDS]
    for count in range(min(len(words), LONGEST_NAME), 0, -1):
        name, rest = " ".join(words[:count]), words[count:]
        called = [p for p in people if p.name_key == fold(name)] or [p for p in people if calls_himself(p, name)]
        if called:
            break
    else:
        return []
    if rest and len(rest[0]) == FOUR and rest[0].isdecimal():
        called, rest = [p for p in called if p.phone.endswith(rest[0])], rest[1:]
    return [] if any(_is_more(turn, unit, people, word) for word in rest) else called


def _is_more(turn: Turn, unit: str, people: list[Listed], word: str) -> bool:
    """Tell whether a word behind the colleague names a further claim, another unit or another colleague."""
    named = turn.state.unit_named(word)
    other = named is not None and named.name != unit
    return other or any(map(str.isdigit, word)) or any(fold(word) in map(fold, (p.name, *p.aliases)) for p in people)
