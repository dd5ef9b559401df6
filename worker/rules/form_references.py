"""Which visit form a command means: its number, its client, or the last four digits of one that waits (E6, E24)."""

from parsers.message import Parsed, Report
from worker.rules.codes import Code
from worker.rules.forms import in_view
from worker.rules.identity import names_agree
from worker.rules.model import Visit
from worker.rules.references import Missing, each_once
from worker.rules.turn import Turn


def forms_meant(turn: Turn, parsed: Parsed, waiting: list[Visit]) -> list[Visit | Missing]:
    """Return for each reference of a command, in its order, the form that the sender may mean by it.

    `waiting` are the forms that four digits alone, or a name and mask, can mean.
    """
    named = [_by_client(report, waiting) for report in parsed.reports]
    meant = each_once([*(_by_reference(turn, ref, waiting) for ref in parsed.refs), *named])
    return meant or [Missing(Code.REFUSED_INVALID)]


def forms_seen(turn: Turn) -> list[Visit]:
    """Return the forms that are the sender's to speak of, in the order of their numbers."""
    return sorted((f for f in turn.state.visits.values() if in_view(turn, f)), key=lambda form: form.number)


def _by_reference(turn: Turn, ref: str, waiting: list[Visit]) -> Visit | Missing:
    fitting = [form for form in waiting if form.last4 == ref]
    return _only(fitting) if fitting else _by_number(turn, ref.removeprefix("V"))


def _by_number(turn: Turn, digits: str) -> Visit | Missing:
    form = turn.state.visits.get(int(digits)) if digits.isdecimal() else None
    return form if form is not None and in_view(turn, form) else Missing(Code.REFUSED_NOT_FOUND)


def _by_client(report: Report, waiting: list[Visit]) -> Visit | Missing:
    phone7 = (report.first3, report.last4)
    fitting = [f for f in waiting if f.phone7 == phone7 and names_agree(f.client, report.client or "")]
    return _only(fitting) if fitting else Missing(Code.REFUSED_NOT_FOUND)


def _only(fitting: list[Visit]) -> Visit | Missing:
    if len(fitting) > 1:
        return Missing(Code.REFUSED_AMBIGUOUS, tuple(form.ref for form in fitting))
    return fitting[0]
