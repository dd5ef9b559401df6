"""The meaning that an entry carries: a form of a page says what it means, and nobody reads its sentence again.

It stands in the payload of the form's message, as JSON, what is empty left out. A form without one, from before they
had it, is read by its sentence as a text is.
"""

from collections.abc import Mapping
from typing import Any, Final

from parsers.message import Command, Report
from worker.rules.model import Message

MEANS: Final = "means"
"""Where a form's payload keeps its meaning."""
_GUEST: Final = ("client", "first3", "last4", "agent", "distributor", "was_full")
_VALUES: Final = ("error", "date", "time", "answer", "words", "unit")


def to_payload(parsed: Command) -> dict[str, Any]:
    """Return the payload of a form that means a command; `payload_meaning` reads it again."""
    reports = [{name: value for name in _GUEST if (value := getattr(report, name))} for report in parsed.reports]
    values = {name: getattr(parsed, name) for name in _VALUES}
    kept = {"kind": parsed.kind, "refs": list(parsed.refs), "reports": reports, **values}
    return {MEANS: {name: value for name, value in kept.items() if value}}


def meaning_carried(message: Message) -> Command | None:
    """Return what a form's message says that it means, None where it carries no meaning."""
    return payload_meaning(message.payload) if message.kind == "form" else None


def payload_meaning(payload: Mapping[str, Any] | None) -> Command | None:
    """Return the meaning in a payload, None where there is none."""
    kept = (payload or {}).get(MEANS)
    if kept is None:
        return None
    parts = {"client": None, "first3": None, "last4": None}
    reports = tuple(Report(**(parts | report)) for report in kept.get("reports", ()))
    values = {name: kept[name] for name in _VALUES if name in kept}
    return Command(kept["kind"], reports=reports, refs=tuple(kept.get("refs", ())), **values)
