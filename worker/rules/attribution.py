"""判客: whose client is it, at any moment, by which rules and facts, and until when (rules.md)."""

from dataclasses import dataclass
from datetime import datetime

from worker.rules.identity import fold, names_agree
from worker.rules.model import Claim
from worker.rules.state import State


@dataclass(frozen=True, slots=True)
class Answer:
    """Whose a client is: unit and agent, "" for nobody's; rules in the order applied; the registrations used."""

    unit: str
    agent: str
    rules: tuple[str, ...]
    facts: tuple[str, ...] = ()
    until: datetime | None = None
    flags: tuple[str, ...] = ()


def attribute(state: State, client: str, first3: str, last4: str, at: datetime) -> Answer:
    """Return whose a client is at a moment, by the line as far as the state has it."""
    past = [c for c in state.claims_at(first3, last4) if c.reported_at <= at and names_agree(c.client, client)]
    holding = [c for c in past if c.holds(at)]
    exact = [c for c in holding if fold(c.client) == fold(client)]
    holder = next(iter(exact or holding), None)
    return _held(holder) if holder is not None else _nobody(past)


def _held(claim: Claim) -> Answer:
    rules = [*(["R9"] if claim.renewed_at else []), "R7", *(["R11"] if "rival" in claim.flags else [])]
    flags = tuple(f for f in (*claim.flags, claim.state) if f in ("suspected", "contested", "unlisted", "short_lead"))
    return Answer(claim.unit, claim.agent, tuple(rules), (claim.ref,), claim.ends_at, flags)


def _nobody(past: list[Claim]) -> Answer:
    """R8: what was reported and ran out is public; what nobody reported is a walk-in's if he comes (R6)."""
    if not past:
        return Answer("", "", ("R6",))
    rules = ("R7",) if past[-1].state == "withdrawn" else ("R8",)
    return Answer("", "", rules, tuple(c.ref for c in past))
