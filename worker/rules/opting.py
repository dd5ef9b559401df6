"""退订 and 恢复订阅: notices to a phone stop or go on (D13, L8)."""

from dataclasses import replace

from parsers.message import Silent
from worker.rules.answers import refused
from worker.rules.codes import Code
from worker.rules.confirming import remind_of_act
from worker.rules.door_notes import opt_out_noted
from worker.rules.model import Decision
from worker.rules.turn import Turn


def decide_opt(turn: Turn, said: Silent) -> Decision:
    """Stop notices to the sender, or let them go on; the manager is told once, and a manager's own go on.

    A text may be forged: staff that has to be told is silenced by no text, only by what the gateway itself notes (L8).
    """
    sender, silent = turn.state.sender(turn.phone), said.kind == "stop"
    noted = opt_out_noted(turn.message) is not None
    if silent and turn.role is not None and not noted:
        return refused(turn, said.kind, Code.REFUSED_INVALID, {"reason": "stop_staff"})
    if not silent and not sender.silent:
        # YES, which gateways take for START, may be meant for an act.
        return remind_of_act(turn, said.kind) or turn.decision(said.kind, Code.OPTED_IN)
    code, today = Code.OPTED_OUT if silent else Code.OPTED_IN, turn.state.day(turn.now).isoformat()
    wished = replace(sender, silent=silent, stopped=silent and (noted or sender.stopped))
    # Said once a day, however often it is taken back: a forger could have it said all day (L8).
    news = sender.silent != silent and today != (sender.opted_on if silent else sender.resumed_on)
    if news:
        wished = replace(wished, opted_on=today) if silent else replace(wished, resumed_on=today)
    turn.state.put(wished)
    if news and not noted and (turn.role or turn.listed or turn.own_live_claims()):
        # What the gateway noted it has confirmed to him, and lets nothing more through.
        turn.answer(code)
    if news and silent:
        turn.notify(turn.state.staff("manager"), code, {"agent": turn.called})
    return turn.decision(said.kind, code)
