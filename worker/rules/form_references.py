"""Which visit form a command means: its number, its client, or the last four digits of one that waits (E6, E24)."""

from parsers.message import Command
from worker.rules.codes import Code
from worker.rules.forms import in_view
from worker.rules.identity import names_agree
from worker.rules.model import Visit
from worker.rules.references import Missing, each_once
from worker.rules.turn import Turn


def forms_meant(turn: Turn, parsed: Command, waiting: list[Visit]) -> list[Visit | Missing]:
    """Return for each reference of a command, in its order, the form that the sender may mean by it.

    `waiting` are the forms that four digits alone, or a name and mask, can mean.
    """
    meant: list[Visit | Missing] = []
    for ref in parsed.refs:
        fitting, digits = [f for f in waiting if f.last4 == ref], ref.removeprefix("V")
        numbered = turn.state.visits.get(int(digits)) if digits.isdecimal() else None
        seen = numbered if numbered is not None and in_view(turn, numbered) else Missing(Code.REFUSED_NOT_FOUND)
        meant.append(_only(fitting) if fitting else seen)
    for report in parsed.reports:
        at = [f for f in waiting if f.phone7 == (report.first3, report.last4)]
        fitting = [f for f in at if names_agree(f.client, report.client or "")]
        meant.append(_only(fitting) if fitting else Missing(Code.REFUSED_NOT_FOUND))
    return each_once(meant) or [Missing(Code.REFUSED_INVALID)]


def forms_seen(turn: Turn) -> list[Visit]:
    """Return the forms that are the sender's to speak of, in the order of their numbers."""
    return sorted((f for f in turn.state.visits.values() if in_view(turn, f)), key=lambda form: form.number)


def _only(fitting: list[Visit]) -> Visit | Missing:
    if len(fitting) > 1:
        return Missing(Code.REFUSED_AMBIGUOUS, tuple(form.ref for form in fitting))
    return fitting[0]
