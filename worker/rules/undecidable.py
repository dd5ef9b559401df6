"""L26: a message that raises while it is decided is recorded without facts, and told of; those behind it go on.

Only a fault of the program counts. What the database or the machine raises, and what a signal raises into the midst of
it (a job that lasts too long, a worker told to stop), leaves the message in line, and it is tried again.
"""

import re
from typing import Final
from zoneinfo import ZoneInfoNotFoundError

from worker.rules.codes import Code
from worker.rules.decide import answerable
from worker.rules.model import Decision, Message
from worker.rules.state import State
from worker.rules.turn import Turn

REDECIDED: Final = "redecided"
"""Where the payload of a message that is in line again tells the place at which it could not be decided."""
_FAULTS: Final = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError, NameError, RuntimeError, StopIteration),
    *(TypeError, ValueError, re.error),
)


def is_fault(error: Exception) -> bool:
    """Tell whether an error is the program's own: a table of time zones that is missing is the machine's."""
    return isinstance(error, _FAULTS) and not isinstance(error, ZoneInfoNotFoundError)


def give_up(state: State, message: Message) -> Decision:
    """Return the outcome of a message that cannot be decided; the state stays as it is.

    Its sender is told, unless it is in line for the second time, or he is abroad (E15); the managers are in any case.
    """
    turn = Turn(state, message)
    state.begin()
    if answerable(state, message):
        if REDECIDED not in message.payload and not turn.is_abroad:
            turn.answer(Code.UNDECIDABLE)
        turn.notify(state.staff("manager"), Code.UNDECIDABLE, {"agent": turn.called, "seq": message.seq})
    return turn.decision(message.kind, Code.UNDECIDABLE)
