"""What one message of a line becomes, written once; pure. The decider, the audit and the stage in memory go by it.

state, head, message ─→ decide ─→ one reply for each code and recipient ─→ its words ─→ commitment ─→ the next head
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from worker.rules.chain import commitment, next_head
from worker.rules.decide import Reads, decide
from worker.rules.model import Decision, Message, Reply
from worker.rules.state import State
from worker.rules.undecidable import give_up, is_fault
from worker.words.render import Setting, render


@dataclass(frozen=True, slots=True)
class Spoken:
    """A reply with its words."""

    reply: Reply
    words: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is put down of a message: its outcome, what is said, its commitment and the chain's head (both hex).

    `error`: what kept it from being decided, where that came out just now (L26).
    """

    decision: Decision
    spoken: tuple[Spoken, ...]
    commitment: str
    head: str
    error: Exception | None = None


def recorded(state: State, head: str, message: Message, reads: Reads | None = None) -> Recorded:
    """Fold a message into the state and return what it becomes; a fault of the program makes it undecidable (L26)."""
    try:
        return _closed(state, head, message, decide(state, message, reads))
    except Exception as error:
        if not is_fault(error):
            raise
        state.take_back()
        return replace(given_up(state, head, message), error=error)


def given_up(state: State, head: str, message: Message) -> Recorded:
    """Return what a message becomes that cannot be decided, or could not when it was its turn."""
    return _closed(state, head, message, give_up(state, message))


def _closed(state: State, head: str, message: Message, decision: Decision) -> Recorded:
    # Put into words now: the next message may change the site's language.
    said = spoken(state, decision.replies, decision.received_at)
    committed = commitment(message, decision)
    return Recorded(decision, said, committed, next_head(head, decision, committed))


def spoken(state: State, replies: Sequence[Reply], said_at: datetime) -> tuple[Spoken, ...]:
    """Return the first reply for each code and recipient, in the words of the site's language at this place."""
    setting = Setting(state.site.language, state.zone, said_at)
    unique = {(reply.code, reply.recipient): reply for reply in reversed(replies)}
    return tuple(
        Spoken(reply, render(setting, reply.code, reply.role, reply.params)) for reply in reversed(unique.values())
    )
