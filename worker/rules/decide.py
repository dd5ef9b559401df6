"""`decide`: one message of a line, in its turn, becomes its recorded outcome. Pure and total.

state, message ─┬─ set-up (site, policy, roster …) ──→ setup
                ├─ never answered, echo, courtesy ───→ recorded, silent
                ├─ a report ─────────────────────────→ forwards (another site's), reporting
                └─ a command ────────────────────────→ its row in COMMANDS

A report (`reporting`): each client is decided by himself. Which site is it for (`forwards`, L25), does its sender put
one of his own right (`amendment`, R2b), who reports (`reporter`, R2a, R26), is it the unit's own already (R7, R9), does
another hold it (R11), is it a stranger with the same number; else it is registered.
An arrival (`visiting`, `arriving`): `guests` finds the claim he comes under, `signing` takes signatures and confirms,
`walk_ins` takes in who has no report; `protection` has the arithmetic of R9 and R14.
A deal: `paying`, `cancelling`; a dispute: `objecting`, `proving`, `ruling`, with the periods of `windows`. `judging`
settles what a person has to decide, `relating` links families.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from parsers.message import Command, Lexicon, Meaning, ReportText, Silent, Unknown
from parsers.numbers import is_persons, region_of
from parsers.parse import parse
from worker.rules.affirming import decide_affirm
from worker.rules.aliasing import decide_alias
from worker.rules.allowance import within_allowance
from worker.rules.answers import refused
from worker.rules.arriving import decide_verify, decide_walkin
from worker.rules.asking import decide_help, decide_query
from worker.rules.cancelling import decide_cancel
from worker.rules.codes import Code, refusal_of
from worker.rules.confirming import (
    ask_for_code,
    decide_confirm,
    decide_decline,
    decide_give_up,
    needs_code,
    remind_of_act,
)
from worker.rules.correcting import decide_correct
from worker.rules.deadlines import plan_daily
from worker.rules.displacement import stand_by_holders
from worker.rules.door_notes import is_repeat, opt_out_noted
from worker.rules.extending import decide_extend
from worker.rules.figures import decide_figures
from worker.rules.following import decide_follow_up
from worker.rules.form_payload import meaning_carried
from worker.rules.forwards import decide_report_by_project
from worker.rules.grouping import decide_group
from worker.rules.handing import decide_hand
from worker.rules.judging import decide_settle
from worker.rules.jumps import give_back
from worker.rules.model import Decision, Message
from worker.rules.numbers import Rule
from worker.rules.objecting import decide_object
from worker.rules.opting import decide_opt
from worker.rules.own_clients import decide_mine, decide_next
from worker.rules.part import REGISTERED
from worker.rules.paying import decide_payment
from worker.rules.projects import names_of
from worker.rules.proving import decide_evidence
from worker.rules.references import speaks_of_live
from worker.rules.refusals import answer_stranger, forgive, refuse
from worker.rules.relating import decide_family, decide_unfamily
from worker.rules.ruling import decide_opinion, decide_ruling
from worker.rules.setup import decide_setup
from worker.rules.signing import decide_sign
from worker.rules.state import State
from worker.rules.turn import Turn
from worker.rules.visiting import as_it_stands, decide_visit
from worker.rules.withdrawing import decide_withdraw

BY_PERSON = ("text", "form")
_A_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")

LAST_FOUR = 4
"""So many digits alone are a client's last four, and no code (L5)."""

COMMANDS: dict[str, Callable[[Turn, Command], Decision]] = {
    "withdraw": decide_withdraw,
    "give_up": decide_give_up,
    "deposit": decide_payment,
    "downpayment": decide_payment,
    "cancel_deposit": decide_cancel,
    "object": decide_object,
    "evidence": decide_evidence,
    "opinion": decide_opinion,
    "rule": decide_ruling,
    "visit": decide_visit,
    "sign": decide_sign,
    "walkin": decide_walkin,
    "verify": decide_verify,
    "group": decide_group,
    "query": decide_query,
    "follow_up": decide_follow_up,
    "settle": decide_settle,
    "correct": decide_correct,
    "family": decide_family,
    "unfamily": decide_unfamily,
    "alias": decide_alias,
    "hand": decide_hand,
    "extend": decide_extend,
    "mine": lambda turn, _: decide_mine(turn),
    "next": lambda turn, _: decide_next(turn),
    "figures": decide_figures,
    "help": lambda turn, _: decide_help(turn),
}
"""What decides each command of texts.md section 2; one that is missing here gets an outcome of its own."""


Reads = Callable[[State, Message], Meaning]
"""How a text gets its meaning: `read`, or what a test puts in its place."""


def decide(state: State, message: Message, reads: Reads | None = None) -> Decision:
    """Fold one message into the state and return its outcome, new facts and replies.

    There is no clock but the message's receipt time. The state must hold what the message mentions
    (`worker.rules.needs`). Should raise nothing for any text, and for any payload that was checked at the door; what
    becomes of a message for which it does is in `worker.rules.undecidable`.
    """
    turn = Turn(state, message)
    state.begin()
    if message.kind not in BY_PERSON:
        return decide_setup(turn)
    if not answerable(state, message):
        by_person = _from_a_person(state, message)
        return turn.decision("echo", Code.ECHO) if by_person else turn.decision("text", Code.IGNORED)
    decision = _decide_text(turn, (reads or read)(state, message))
    forgive(turn)
    stand_by_holders(turn, decision.facts)
    plan_daily(turn, sum(row.code in REGISTERED for row in decision.rows), decision.facts)
    said = tuple(within_allowance(turn))
    decision = replace(decision, replies=said, facts=(*decision.facts, *state.take_journal()))
    if is_repeat(message, decision):
        state.take_back()
        return Turn(state, message).decision("text", Code.REPEATED)
    return decision


def answerable(state: State, message: Message) -> bool:
    """Tell whether a message is a person's own: no machine's, not our number's, no echo and no set-up."""
    return message.kind in BY_PERSON and _from_a_person(state, message) and not message.echo


def _from_a_person(state: State, message: Message) -> bool:
    """Tell whether a sender can be a person; one whom the site names is, whatever his number looks like."""
    if not _A_PHONE.fullmatch(message.sender) or message.sender == state.site.number:
        return False
    named = message.sender in state.site.staff or message.sender in state.roster
    return named or message.kind == "form" or is_persons(message.sender)


def read(state: State, message: Message) -> Meaning:
    """Return what a form carries as its meaning; of a text what it says, by units of the site and colleagues.

    What the gateway says of the sender's consent goes before the text's words (L8).
    """
    carried = meaning_carried(message)
    if carried is not None:
        return carried
    opted = opt_out_noted(message)
    if opted is not None:
        return Silent(opted)
    listed = state.roster.get(message.sender)
    colleagues = state.people_of(listed.unit) if listed else []
    people = frozenset(name for p in colleagues for name in (p.name, *p.aliases))
    units = frozenset(name for unit in state.units.values() for name in (unit.name, *unit.aliases))
    lexicon = Lexicon(people, units, listed.name if listed else "", names_of(state.site))
    return _meaning(message.text, region_of(state.site.number), lexicon)


@lru_cache(maxsize=512)
def _meaning(text: str, region: str, lexicon: Lexicon) -> Meaning:
    """A text is read twice: for what its batch needs, and when it is decided."""
    return parse(text, region=region, lexicon=lexicon)


def _decide_text(turn: Turn, meaning: Meaning) -> Decision:
    give_back(turn, meaning)
    if isinstance(meaning, Command) and meaning.report is not None:
        # L15: what moves a claim is an act where each client is held and the sender's to speak of, else a report.
        meaning = replace(meaning, report=None) if speaks_of_live(turn, meaning) else meaning.report
    if isinstance(meaning, ReportText) and meaning.arrival is not None:
        meaning = as_it_stands(turn, meaning, meaning.arrival)
    match meaning:
        case ReportText():
            return decide_report_by_project(turn, meaning)
        case Command(kind="confirm", refs=(digits,)) if len(digits) == LAST_FOUR:
            return _command(turn, replace(meaning, kind="query"))
        case Command():
            return FROM_ANYBODY.get(meaning.kind, _command)(turn, meaning)
        case Silent(kind="stop" | "start"):
            return decide_opt(turn, meaning)
        case Silent():
            return turn.decision(meaning.kind, Code(meaning.kind))
        case Unknown():
            return _unknown(turn, meaning)


def _command(turn: Turn, parsed: Command) -> Decision:
    if parsed.kind == "help":
        return decide_help(turn)
    # Whose roster line has ended may ask for his own alone (L17).
    if not _known(turn) or (turn.has_left and parsed.kind != "query"):
        answer_stranger(turn, Code.REFUSED_UNKNOWN_SENDER)
        return turn.decision(parsed.kind, Code.REFUSED_UNKNOWN_SENDER, (Rule.R26,))
    if needs_code(turn, parsed):
        return ask_for_code(turn, parsed)
    act = COMMANDS.get(parsed.kind)
    return act(turn, parsed) if act else refused(turn, parsed.kind, Code.REFUSED_NOT_YET)


def _known(turn: Turn) -> bool:
    """Tell whether the sender is staff, on the roster today, or has a live claim (E16)."""
    return bool(turn.role or turn.listed or turn.own_live_claims())


def _unknown(turn: Turn, parsed: Unknown) -> Decision:
    """A text that is neither report nor command is answered when it begins like one or cannot be read (C9, D14)."""
    code = refusal_of(parsed.error)
    if not parsed.sure and (turn.role or turn.listed):
        # It may have been a report: whoever may report is told that it is none, a stranger is not.
        refuse(turn, code)
        return turn.decision("unknown", code)
    if _known(turn) and (parsed.begins_like_command or parsed.error == "unreadable"):
        refuse(turn, code, {"reason": "visit_off"} if parsed.calls_off_visit else None)
        return turn.decision("unknown", code)
    return turn.decision("unknown", Code(parsed.error))


FROM_ANYBODY: dict[str, Callable[[Turn, Command], Decision]] = {
    "affirm": lambda turn, _: decide_affirm(turn),
    "assent": lambda turn, _: remind_of_act(turn, "assent") or turn.decision("assent", Code.NOT_A_REPORT),
    "confirm": decide_confirm,
    "decline": lambda turn, _: decide_decline(turn),
}
"""Commands that are decided whoever sends them; others are from people whom the site knows (E16)."""
