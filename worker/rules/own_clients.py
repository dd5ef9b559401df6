"""我的 and 下: an agent's own live clients, soonest end first, some at a time (L16).

How far he was told stands in the line (`Sender.mine`), so that 下 goes on from there whenever it is decided.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from worker.rules.answers import refused
from worker.rules.attribution import owns
from worker.rules.codes import Code
from worker.rules.model import Claim, Decision
from worker.rules.params import named_params
from worker.rules.references import in_his_view
from worker.rules.state import State
from worker.rules.turn import Turn

AT_ONCE: Final = 4
"""So many of the longest names and numbers are one segment."""
GOES_ON: Final = timedelta(hours=1)
"""For so long 下 goes on with a list."""


def decide_mine(turn: Turn) -> Decision:
    """Tell the first of the sender's own clients."""
    if turn.role is not None:
        return refused(turn, "mine", Code.REFUSED_ROLE)
    return _told(turn, "mine", _own(turn), 0)


def decide_next(turn: Turn) -> Decision:
    """Tell the next of them, for the phone that was told the first."""
    told = turn.state.sender(turn.phone).mine
    if told is None or turn.now - datetime.fromisoformat(told["at"]) > GOES_ON:
        return refused(turn, "next", Code.REFUSED_INVALID, {"reason": "no_list"})
    own, last = _own(turn), (datetime.fromisoformat(told["until"]), told["number"])
    return _told(turn, "next", own, sum(_in_order(claim) <= last for claim in own))


def own_clients(state: State, claims: Iterable[Claim], phone: str, now: datetime) -> list[Claim]:
    """Return the live claims of which a phone is told, soonest end first.

    Nobody has bought, no decision waits, and the client is no other unit's, by a family or a ruling.
    """
    mine = (claim for claim in claims if claim.to_tell == phone and claim.holds(now) and not claim.sold(now))
    return sorted((claim for claim in mine if owns(state, claim, now)), key=_in_order)


def listed_clients(claims: list[Claim]) -> list[dict[str, Any]]:
    """Return what a list says of each client."""
    return [named_params(claim) | {"until": claim.ends_at.isoformat()} for claim in claims]


def _own(turn: Turn) -> list[Claim]:
    seen = [claim for claim in turn.own_live_claims() if in_his_view(turn, claim)]
    return own_clients(turn.state, seen, turn.phone, turn.now)


def _in_order(claim: Claim) -> tuple[datetime, int]:
    return claim.ends_at, claim.number


def _told(turn: Turn, kind: str, own: list[Claim], begin: int) -> Decision:
    some = own[begin : begin + AT_ONCE]
    sender, more = turn.state.sender(turn.phone), begin + len(some) < len(own)
    mine: dict[str, Any] | None = None
    if more:
        mine = {"at": turn.now.isoformat(), "until": some[-1].ends_at.isoformat(), "number": some[-1].number}
    if mine != sender.mine:
        turn.state.put(replace(sender, mine=mine))
    told = {"count": len(own), "from": begin + 1, "to": begin + len(some), "clients": listed_clients(some)}
    state = "more" if more else "last" if begin else "all"
    turn.answer(Code.MINE, told | {"state": state} if some else {"state": "none"})
    return turn.decision(kind, Code.MINE)
