"""What a form would do if it were its line's next message: decided by the same fold, on what is only read (L9)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select

from parsers.message import Command
from worker.decide.decider import working_set
from worker.decide.fold import Spoken, spoken
from worker.rules.attribution import Answer, attribute
from worker.rules.client import Client
from worker.rules.confirming import does_nothing, takes_something
from worker.rules.decide import decide
from worker.rules.form_payload import to_payload
from worker.rules.model import Claim, Deal, Decision, Dispute, Fact, Kin, Listed, Message, Visit
from worker.rules.state import State
from worker.rules.undecidable import is_fault
from worker.store.database import reading
from worker.store.facts import load
from worker.store.schema import cursors, roster


@dataclass(frozen=True, slots=True)
class Moved:
    """A client whom an act concerns: who he is and whose, before it and after; `ref`: his claim, "" for none."""

    ref: str
    who: Client
    before: Answer
    then: Client
    after: Answer


@dataclass(frozen=True, slots=True)
class Foresight:
    """What an act would do: the clients it concerns, what is said to whom; `listed`: lines of the roster by phone."""

    clients: tuple[Moved, ...]
    told: tuple[Spoken, ...]
    listed: Mapping[str, Listed]


def foresee(
    engine: Engine, site_id: int, phone: str, sentence: str, meaning: Command, now: datetime
) -> Foresight | None:
    """Return what a form of `phone` would take from whom, in its site's line as far as it is decided; write nothing.

    None for what takes nothing from anybody, or would be refused, come too late, or not be decided (L26).
    """
    if not takes_something(meaning):
        return None
    with reading(engine).connect() as connection:
        cursor = connection.execute(select(cursors).where(cursors.c.site_id == site_id)).one()
        message = Message(cursor.decided_seq + 1, now, "form", phone, sentence, to_payload(meaning))
        state, failed = working_set(connection, site_id, cursor.state, [message])
        if failed:
            return None
        before = state.fork()
        try:
            decision = decide(state, message)
        except Exception as error:
            if not is_fault(error):
                raise
            return None
        if does_nothing(decision.code):
            return None
        told = spoken(state, decision.replies, now)
        phones = {each.reply.recipient for each in told}
        listed = {line.phone: line for line in load(connection, site_id, Listed, roster.c.phone.in_(phones))}
    return Foresight(tuple(dict.fromkeys(_moved(before, state, decision, now))), told, listed)


def _moved(before: State, after: State, decision: Decision, now: datetime) -> Iterator[Moved]:
    """Yield the clients of whom a decision writes something down, those of registrations first."""
    numbers = dict.fromkeys(number for fact in decision.facts for number in _claims_of(fact))
    seen = set[Client]()
    for claim in (after.claims[number] for number in numbers if number in after.claims):
        was = before.claims.get(claim.number, claim)
        seen |= {was.who, claim.who}
        yield Moved(claim.ref, was.who, attribute(before, was.who, now), claim.who, attribute(after, claim.who, now))
    for who in (who for fact in decision.facts for who in _without_claim(fact, after)):
        if who not in seen:
            yield Moved("", who, attribute(before, who, now), who, attribute(after, who, now))


def _claims_of(fact: Fact) -> tuple[int, ...]:
    match fact:
        case Claim() | Deal():
            return (fact.number,)
        case Visit() | Dispute():
            return (fact.claim,)
    return ()


def _without_claim(fact: Fact, state: State) -> tuple[Client, ...]:
    match fact:
        case Kin():
            return fact.who, fact.other
        case Visit() if fact.claim not in state.claims:
            return (fact.who,)
    return ()
