"""是, 对: the sender confirms what was understood of his last report, or that he himself was meant (L21, L24)."""

from dataclasses import replace

from worker.rules.aliasing import also_called, is_client_of, may_be_himself
from worker.rules.amendment import in_window
from worker.rules.codes import Code
from worker.rules.confirming import remind_of_act
from worker.rules.model import Claim, Decision
from worker.rules.numbers import Rule
from worker.rules.params import claim_params
from worker.rules.part import code_of
from worker.rules.readings import AFFIRMED, reading_of
from worker.rules.states import Flag
from worker.rules.turn import Turn


def decide_affirm(turn: Turn) -> Decision:
    """Take a confirmation for the newest report of its sender that asked for one.

    Without any it is courtesy, unless an act waits: then he is told that this needs its code.
    """
    own = (c for c in turn.own_live_claims() if c.sender == turn.phone and in_window(turn, c))
    asking = [c for c in own if Flag.UNSURE in c.flags or Flag.ASKED in c.flags]
    claim = max(asking, key=lambda claim: claim.place, default=None)
    if claim is None or turn.has_left:
        return remind_of_act(turn, "affirm") or turn.decision("affirm", Code.COURTESY)
    listed, people = turn.listed, turn.state.people(turn.state.day(turn.now), claim.unit)
    himself = Flag.ASKED in claim.flags and listed is not None and may_be_himself(listed, people, claim.agent)
    if himself and listed is not None and not is_client_of(turn, listed.unit, claim.agent):
        # L21: the name that is on no roster is his own from here on, and the claim's agent is he; the manager is told.
        turn.state.put(also_called(listed, claim.agent))
        affirmed = _without(turn, claim, Flag.UNSURE, Flag.ASKED, Flag.UNLISTED)
        affirmed = replace(affirmed, agent=listed.name, agent_phone=listed.phone)
        turn.state.put(affirmed)
        params = claim_params(affirmed) | {"alias": claim.agent}
        turn.answer(Code.ALIAS_SET, params, affirmed.ref)
        turn.notify(turn.state.staff("manager"), Code.ALIAS_SET, params, affirmed.ref)
        return turn.decision("affirm", Code.ALIAS_SET, (Rule.R2a, Rule.R2b))
    affirmed = _without(turn, claim, Flag.UNSURE, Flag.ASKED)
    turn.state.put(affirmed)
    code = code_of(affirmed)
    turn.answer(code, claim_params(affirmed), affirmed.ref)
    return turn.decision("affirm", code, (Rule.R2b,))


def _without(turn: Turn, claim: Claim, *answered: Flag) -> Claim:
    flags = tuple(flag for flag in claim.flags if flag not in answered)
    return replace(claim, flags=flags, readings=(*claim.readings, reading_of(turn, claim, AFFIRMED)))
