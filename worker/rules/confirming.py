"""Acts of staff that move a client take effect with the code texted back from the same phone (E22, confirm_acts)."""

import hashlib
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime, timedelta

from parsers.message import Parsed, Report
from worker.rules.answers import refused
from worker.rules.cancelling import decide_cancel
from worker.rules.codes import Code
from worker.rules.judging import decide_settle
from worker.rules.model import Decision
from worker.rules.paying import decide_payment
from worker.rules.relating import decide_family, decide_unfamily
from worker.rules.ruling import decide_ruling
from worker.rules.turn import Turn
from worker.rules.withdrawing import decide_withdraw

TRIES = 3
NOTHING_DONE = (Code.EXPIRED,)
"""Codes of acts that came too late to do anything: they are answered as they are, without asking for a code."""

ACTS: dict[str, Callable[[Turn, Parsed], Decision]] = {
    "withdraw": decide_withdraw,
    "deposit": decide_payment,
    "downpayment": decide_payment,
    "cancel_deposit": decide_cancel,
    "rule": decide_ruling,
    "settle": decide_settle,
    "family": decide_family,
    "unfamily": decide_unfamily,
}
"""Commands that a manager has to confirm, by kind."""


def needs_code(turn: Turn, parsed: Parsed) -> bool:
    """Tell whether this command, from this phone, waits for a code: from a logged-in page none is needed."""
    by_text = turn.message.kind == "text"
    return by_text and turn.role == "manager" and parsed.kind in ACTS and turn.policy.confirm_acts


def ask_for_code(turn: Turn, parsed: Parsed) -> Decision:
    """Keep the act and answer with its code; a new act replaces one that waits, one that would fail is refused now."""
    tried = ACTS[parsed.kind](Turn(turn.state.fork(), turn.message), parsed)
    if tried.code.refuses or tried.code in NOTHING_DONE:
        return ACTS[parsed.kind](turn, parsed)
    _ask(turn, {"kind": parsed.kind, "parsed": asdict(parsed)}, 1)
    return turn.decision(parsed.kind, Code.CONFIRM_CODE)


def decide_confirm(turn: Turn, parsed: Parsed) -> Decision | None:
    """Do what waits for this code, at this text's place in the line; None when nothing waits for any."""
    sender = turn.state.sender(turn.phone)
    act = sender.act
    if act is None:
        return None
    if turn.now - datetime.fromisoformat(act["asked_at"]) > timedelta(minutes=turn.policy.confirm_minutes):
        turn.state.put(replace(sender, act=None))
        return refused(turn, "confirm", Code.REFUSED_LATE)
    kept, right = act["parsed"], act["code"] == parsed.refs[0]
    if not right and act["tries"] < TRIES:
        _ask(turn, {"kind": act["kind"], "parsed": kept}, act["tries"] + 1)
        return turn.decision("confirm", Code.CONFIRM_CODE)
    turn.state.put(replace(sender, act=None))
    if not right:
        return refused(turn, "confirm", Code.REFUSED_LATE)
    reports = tuple(Report(**report) for report in kept["reports"])
    asked_for = Parsed(**(kept | {"reports": reports, "refs": tuple(kept["refs"]), "faults": ()}))
    return ACTS[act["kind"]](turn, asked_for)


def _ask(turn: Turn, act: dict[str, object], tries: int) -> None:
    code = code_of(turn.message.salt)
    waiting = act | {"code": code, "asked_at": turn.now.isoformat(), "tries": tries}
    turn.state.put(replace(turn.state.sender(turn.phone), act=waiting))
    turn.answer(Code.CONFIRM_CODE, {"code": code, "kind": str(act["kind"]), "minutes": turn.policy.confirm_minutes})


def code_of(salt: str) -> str:
    """Return four digits that nobody can guess and that recomputing from the line gives again."""
    return f"{int.from_bytes(hashlib.sha256(f'code:{salt}'.encode()).digest()[:8]) % 10_000:04d}"
