"""One reply for a command, whatever it is about: one claim or form, or several with outcomes of their own (E2, E24)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from worker.rules.codes import Code
from worker.rules.model import Decision
from worker.rules.numbers import Rule
from worker.rules.refusals import refuse
from worker.rules.turn import Turn


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one thing that a command named: code, what its words are made of, its number, its rules."""

    code: Code
    params: dict[str, Any] = field(default_factory=dict)
    ref: str = ""
    rules: tuple[Rule, ...] = ()


def answered(turn: Turn, kind: str, outcomes: Sequence[Outcome], leading: Code | None = None) -> Decision:
    """Close a command with the one reply to its sender: code `leading` if any outcome has it, else the first's (E2)."""
    first = next((outcome for outcome in outcomes if outcome.code == leading), outcomes[0])
    params = first.params
    if len(outcomes) > 1:
        params = {"parts": [outcome.params | {"code": outcome.code} for outcome in outcomes]}
    if first.code.refuses:
        turn.reason = str(first.params.get("reason", ""))
        refuse(turn, first.code, params)
    else:
        turn.answer(first.code, params, first.ref)
    rules = tuple(dict.fromkeys(rule for outcome in outcomes for rule in outcome.rules))
    return turn.decision(kind, first.code, rules)


def refused(turn: Turn, kind: str, code: Code, params: dict[str, Any] | None = None) -> Decision:
    """Close a command with a refusal."""
    return answered(turn, kind, [Outcome(code, params or {})])
