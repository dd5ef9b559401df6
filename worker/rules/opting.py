"""退订 and 恢复订阅: notices to a phone stop or go on (D13, L8)."""

from dataclasses import replace

from parsers.message import Silent
from worker.rules.answers import refused
from worker.rules.codes import Code
from worker.rules.door_notes import opt_out_noted
from worker.rules.model import Decision
from worker.rules.turn import Turn


def decide_opt(turn: Turn, parsed: Silent) -> Decision:
    """Stop notices to the sender, or let them go on; the manager is told once, and a manager's own go on.

    A text may be forged: staff that has to be told is silenced by no text, only by what the gateway itself notes (L8).
    """
    sender, silent = turn.state.sender(turn.phone), parsed.kind == "stop"
    if silent and turn.role is not None and opt_out_noted(turn.message) is None:
        return refused(turn, parsed.kind, Code.REFUSED_INVALID, {"reason": "stop_staff"})
    if sender.silent != silent:
        turn.state.put(replace(sender, silent=silent))
        today = turn.state.day(turn.now).isoformat()
        if silent and sender.opted_on != today:
            # Said once a day, however often it is taken back: a forger could have it said all day (L8).
            turn.state.put(replace(sender, silent=silent, opted_on=today))
            # What the gateway noted it has confirmed to him, and lets nothing more through.
            if (turn.listed or turn.own_live_claims()) and opt_out_noted(turn.message) is None:
                turn.answer(Code.OPTED_OUT)
            name = turn.listed.name if turn.listed else turn.phone
            turn.notify(turn.state.staff("manager"), Code.OPTED_OUT, {"agent": name})
    return turn.decision(parsed.kind, Code.OPTED_OUT if silent else Code.OPTED_IN)
