"""Acts that take something from somebody take effect with the code texted back from the same phone (E22, L4–L6).

text ─┬─ needs a code → tried: refused, or too late, at once; else it waits: the answer names it and asks for its code
      ├─ six digits   → the act that waits is done at this place; of wrong codes the fifth closes acts by text
      └─ 否           → the act that waits is dropped
"""

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from parsers.message import PASSING, Command, Intent, Report
from worker.rules.act_code import code_of, key_of
from worker.rules.answers import refused
from worker.rules.arriving import decide_verify
from worker.rules.cancelling import decide_cancel
from worker.rules.client import Client
from worker.rules.codes import Code
from worker.rules.correcting import decide_correct
from worker.rules.extending import days_meant, decide_extend
from worker.rules.handing import decide_hand, persons_meant
from worker.rules.judging import decide_settle
from worker.rules.model import Decision, Sender
from worker.rules.params import named_params
from worker.rules.paying import decide_payment
from worker.rules.proving import dispute_named
from worker.rules.references import Missing, claims_meant
from worker.rules.relating import decide_family, decide_unfamily
from worker.rules.revocation import form_to_unsign
from worker.rules.ruling import decide_ruling
from worker.rules.turn import Turn
from worker.rules.withdrawing import decide_withdraw, meant_by_give_up

TRIES = 5
"""Wrong codes for an act, and of a phone within a day, until no act by text is taken from it (L5, L6)."""
MOST_ASKED = 10
"""Acts of a phone in a day that nobody confirms: whoever forges its number has its owner told no more codes."""
CLOSED_FOR = timedelta(hours=24)
ACTS_CLOSED = "acts_closed"
"""Why an act is not taken from a phone, and what the fifth wrong code was refused for."""
NOTHING_DONE = (Code.EXPIRED,)
"""Codes of acts that came too late to do anything: they are answered as they are, without asking for a code."""
_OF_NO_COMMAND = {
    "sure": True,
    "rival": (),
    "intent": Intent.NONE,
    "projects": (),
    "planned": None,
    "arrival": False,
    "begins_like_command": False,
}
"""What stands beside a command in an act that is kept: acts were first kept with all that any text can mean."""
_KEPT = ("kind", "date", "time", "answer", "words", "unit")

ACTS: dict[str, Callable[[Turn, Command], Decision]] = {
    "withdraw": decide_withdraw,
    "deposit": decide_payment,
    "downpayment": decide_payment,
    "cancel_deposit": decide_cancel,
    "rule": decide_ruling,
    "settle": decide_settle,
    "family": decide_family,
    "unfamily": decide_unfamily,
    "correct": decide_correct,
    "verify": decide_verify,
    "hand": decide_hand,
    "extend": decide_extend,
}
"""Commands that take something from somebody, by kind (L4); of 核实 only 否 does."""


def takes_something(parsed: Command) -> bool:
    """Tell whether a command takes something from somebody (L4): a text waits for a code, a page asks again (L9)."""
    return parsed.kind in ACTS and (parsed.kind != "verify" or parsed.answer == "no")


def needs_code(turn: Turn, parsed: Command) -> bool:
    """Tell whether this command waits for a code: from a logged-in page none is needed (L4)."""
    return turn.message.kind == "text" and turn.policy.confirm_acts and takes_something(parsed)


def does_nothing(code: Code) -> bool:
    """Tell whether an act that came to this did nothing: it is refused, or too late."""
    return code.refuses or code in NOTHING_DONE


def ask_for_code(turn: Turn, parsed: Command) -> Decision:
    """Keep the act and answer with its code; one that would fail, or come beside one that waits, is refused now."""
    tried = ACTS[parsed.kind](Turn(turn.state.fork(), turn.message), parsed)
    if does_nothing(tried.code):
        return ACTS[parsed.kind](turn, parsed)
    sender = turn.state.sender(turn.phone)
    why_not = _why_not_now(turn, sender)
    if why_not is not None:
        return refused(turn, parsed.kind, Code.REFUSED_INVALID, why_not)
    parsed = _lasting(turn, parsed)
    unsigns = parsed.kind == "withdraw" and any(form_to_unsign(turn, ref) is not None for ref in parsed.refs)
    named = {"kind": "unsign" if unsigns else parsed.kind, **_named(turn, parsed)}
    act = {
        "kind": parsed.kind,
        "parsed": {name: value for name, value in asdict(parsed).items() if name != "report"} | _OF_NO_COMMAND,
        "named": named,
        "asked_at": turn.now.isoformat(),
        "key": key_of(turn.message.salt),
        "tries": 0,
    }
    today, asked = turn.state.day(turn.now).isoformat(), _asked_today(turn, sender)
    turn.state.put(replace(sender, act=act, acts_on=today, acts_asked=asked + 1))
    turn.answer(Code.CONFIRM_CODE, named | {"minutes": turn.policy.confirm_minutes})
    return turn.decision(parsed.kind, Code.CONFIRM_CODE)


def _why_not_now(turn: Turn, sender: Sender) -> dict[str, Any] | None:
    """Return why no act of the sender is asked about now: closed, too many never confirmed, another waits (L5, L6)."""
    if sender.acts_closed_until and turn.now < datetime.fromisoformat(sender.acts_closed_until):
        return {"reason": ACTS_CLOSED}
    waiting = _waiting(turn, sender)
    if waiting is not None:
        return {**waiting["named"], "reason": "act_waits"}
    return {"reason": "many_acts"} if _asked_today(turn, sender) >= MOST_ASKED else None


def _asked_today(turn: Turn, sender: Sender) -> int:
    return sender.acts_asked if sender.acts_on == turn.state.day(turn.now).isoformat() else 0


def decide_give_up(turn: Turn, parsed: Command) -> Decision:
    """Take free words (取消, 不报了, 作废) for 撤; whatever the policy says, they need its code (L4, L22)."""
    meant = meant_by_give_up(turn, parsed)
    return meant if isinstance(meant, Decision) else ask_for_code(turn, meant)


def decide_confirm(turn: Turn, parsed: Command) -> Decision:
    """Do what waits for this code, at this text's place in the line; while nothing waits for any it is no code."""
    sender = turn.state.sender(turn.phone)
    if sender.act is None or turn.has_left:
        return turn.decision("confirm", Code.NOT_A_REPORT)
    act = _waiting(turn, sender)
    if act is None:
        turn.state.put(replace(sender, act=None))
        return _not_done(turn, Code.REFUSED_LATE, {})
    if code_of(act["key"]) != parsed.refs[0]:
        return _wrong(turn, sender, act)
    turn.state.put(replace(sender, act=None, acts_asked=sender.acts_asked - 1))
    kept = act["parsed"]
    reports = tuple(Report(**report) for report in kept["reports"])
    values = {name: kept[name] for name in _KEPT}
    return ACTS[act["kind"]](turn, Command(reports=reports, refs=tuple(kept["refs"]), **values))


def remind_of_act(turn: Turn, kind: str) -> Decision | None:
    """Say, to 确认, 是 and the like, which act waits and how it is confirmed; None while none does.

    Its code stands in its own answer alone (L5, L6).
    """
    act = None if turn.has_left else _waiting(turn, turn.state.sender(turn.phone))
    if act is None:
        return None
    return refused(turn, kind, Code.REFUSED_INVALID, act["named"] | {"reason": "code_wanted"})


def decide_decline(turn: Turn) -> Decision:
    """Drop the act that waits for its code (否); when none does, it is courtesy."""
    sender = turn.state.sender(turn.phone)
    act = _waiting(turn, sender)
    if act is None:
        return turn.decision("decline", Code.COURTESY)
    turn.state.put(replace(sender, act=None))
    turn.answer(Code.DECLINED, act["named"])
    return turn.decision("decline", Code.DECLINED)


def _waiting(turn: Turn, sender: Sender) -> dict[str, Any] | None:
    """Return the sender's act that may still be confirmed."""
    if sender.act is None:
        return None
    old = turn.now - datetime.fromisoformat(sender.act["asked_at"])
    return None if old > timedelta(minutes=turn.policy.confirm_minutes) else dict(sender.act)


def _wrong(turn: Turn, sender: Sender, act: dict[str, Any]) -> Decision:
    """Count a wrong code; the fifth of a day closes acts by text for this phone, and managers are told (L6)."""
    recent = [at for at in sender.wrong_codes if turn.now - datetime.fromisoformat(at) < CLOSED_FOR]
    wrong = (*recent, turn.now.isoformat())
    left = min(TRIES - act["tries"] - 1, TRIES - len(wrong))
    if len(wrong) >= TRIES:
        until = (turn.now + CLOSED_FOR).isoformat()
        turn.state.put(replace(sender, act=None, wrong_codes=wrong, acts_closed_until=until))
        turn.notify(turn.state.staff("manager"), Code.ACTS_CLOSED, {"agent": turn.called, "until": until})
        return _not_done(turn, Code.REFUSED_INVALID, {"reason": ACTS_CLOSED})
    kept = act | {"tries": act["tries"] + 1} if left else None
    turn.state.put(replace(sender, act=kept, wrong_codes=wrong))
    return _not_done(turn, Code.REFUSED_INVALID, act["named"] | {"reason": "code", "left": left})


def _not_done(turn: Turn, code: Code, params: dict[str, Any]) -> Decision:
    """Refuse a code; even of a muted sender (L13) the act that he was asked about does not end without a word.

    `TRIES` and `MOST_ASKED` bound how often.
    """
    turn.reason = str(params.get("reason", ""))
    turn.answer(code, params)
    return turn.decision("confirm", code)


def _named(turn: Turn, parsed: Command) -> dict[str, Any]:
    """Return what the answer names of an act: its clients and numbers, its answer, and the words behind (L5)."""
    named: list[dict[str, Any]] = []
    for ref in parsed.refs:
        # A number is told with its client: of a dispute, a form, a registration or a client's last four.
        told: dict[str, Any] = {"ref": ref}
        if ref.startswith("D"):
            dispute = dispute_named(turn, Command("rule", refs=(ref,)))
            told |= {"client": dispute.client, "mask": dispute.mask} if dispute is not None else {}
        else:
            claim = claims_meant(turn, Command("withdraw", refs=(ref,)))[0]
            if not isinstance(claim, Missing):
                told = named_params(claim) | (told if ref.startswith("V") else {})
        named.append(told)
    named += [{"client": client.name, "mask": client.mask} for client in map(Client.of, parsed.reports)]
    about: dict[str, Any] = {"about": parsed.words}
    if parsed.kind == "hand":
        about = {"about": "、".join(f"{p.name}({p.unit}){p.phone[-4:]}" for p in persons_meant(turn, parsed))}
    elif parsed.kind == "extend":
        about |= days_meant(turn, parsed)
    return {"named": named, "answer": parsed.answer or "", **about}


def _lasting(turn: Turn, parsed: Command) -> Command:
    """Return an act that means the same when its code comes: by the registrations that its words mean now.

    A client's last four become his registration's number; so does a client whom 撤, 转 or 延 names. A colleague gets
    the last four of his phone.
    """
    refs = list[str]()
    for ref in parsed.refs:
        claim = claims_meant(turn, Command("withdraw", refs=(ref,)))[0] if ref.isdecimal() else None
        refs.append(ref if claim is None or isinstance(claim, Missing) else claim.ref)
    if parsed.kind not in ("withdraw", *PASSING):
        return replace(parsed, refs=tuple(refs))
    if parsed.kind == "hand" and len(persons := persons_meant(turn, parsed)) == 1:
        # Whoever comes to be called like him meanwhile is not meant.
        parsed = replace(parsed, words=f"{persons[0].name} {persons[0].phone[-4:]}")
    named = claims_meant(turn, replace(parsed, refs=())) if parsed.reports else []
    missing = tuple(r for r, claim in zip(parsed.reports, named, strict=False) if isinstance(claim, Missing))
    refs += [claim.ref for claim in named if not isinstance(claim, Missing)]
    return replace(parsed, refs=tuple(refs), reports=missing)
