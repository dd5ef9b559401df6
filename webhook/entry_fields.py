"""The fields of forms that put something in line: how each is typed, what is wrong with it, what it means.

A field reads what was typed into words of the form's sentence, puts these into its meaning, and takes them out again,
so that a refused form shows what was typed.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from parsers.mask import MASK_SIGN, mask_numbers
from parsers.message import Command, Report
from parsers.normalise import fold_for_reading
from parsers.phones import find_phones, one_phone
from webhook.language import _, _l
from worker.rules.dates import whole_day

LONGEST_WORD: Final = 200
LONGEST_LIST: Final = 1_500
MOST_REFS: Final = 100
_REF: Final = re.compile(r"[RVD]?[1-9]\d{0,8}|\d{4}")
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_COUNT: Final = re.compile(r"[1-9]\d{0,3}")
_AROUND: Final = " \t,;:，；：、"


class FieldError(ValueError):
    """What was typed into a field is not what is wanted; the sentence says what is."""


@dataclass(slots=True)
class Draft:
    """A meaning while the form of a site in `region` is read into it."""

    region: str
    refs: list[str] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)

    @property
    def guest(self) -> dict[str, Any]:
        """Return the one client whom the form speaks of."""
        if not self.reports:
            self.reports.append({"client": None, "first3": None, "last4": None})
        return self.reports[0]

    def meaning(self, kind: str) -> Command:
        """Return what has been put in as the meaning of a command."""
        reports = tuple(Report(**report) for report in self.reports)
        words = " ".join(self.words)
        return Command(kind, reports=reports, refs=tuple(self.refs), words=words, **self.values)  # type: ignore[arg-type]


Reads = Callable[[str, str], str]
"""What was typed, and the site's region → what stands in the sentence; raises FieldError."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form. `needed` is what to do where nothing was typed, "" where nothing needs to be."""

    name: str
    puts: Callable[[Draft, str], None]
    takes: Callable[[Command], str]
    needed: str = ""
    reads: Reads = lambda typed, _region: typed
    longest: int = LONGEST_WORD
    lines: bool = False
    """it may have several lines"""

    def read(self, typed: str, region: str) -> str:
        """Return what was typed, masked and on one line, as the sentence has it; raises FieldError."""
        masked = mask_numbers(typed[: self.longest].replace("\r\n", "\n"), region)
        words = masked.strip() if self.lines else " ".join(masked.split())
        if not words and self.needed:
            raise FieldError(str(self.needed))
        return self.reads(words, region) if words else ""


# ---- How it is typed -----------------------------------------------------------------------------------------------


def _name(typed: str, _region: str) -> str:
    return fold_for_reading(typed).clean.strip(_AROUND)


def _phone(typed: str, region: str) -> str:
    found = one_phone(typed, region)
    if found is None:
        raise FieldError(_("Write the first three and last four digits, as 138****5678."))
    sign = MASK_SIGN if found.was_full else "*"
    return f"{found.first3}{sign * 4}{found.last4}"


def _ref(typed: str, _region: str) -> str:
    if not _REF.fullmatch(typed.upper()):
        raise FieldError(_("Write its number, as R1024."))
    return typed.upper()


def _clock(typed: str, _region: str) -> str:
    if not _CLOCK.fullmatch(typed):
        raise FieldError(_("Write the time as 14:30."))
    return typed


def _day(typed: str, _region: str) -> str:
    day = whole_day(typed)
    if day is None:
        raise FieldError(_("Write the day as 2026-11-02."))
    return day.isoformat()


def _days(typed: str, _region: str) -> str:
    if not _COUNT.fullmatch(typed):
        raise FieldError(_("Write how many days."))
    return typed


def _other(typed: str, region: str) -> str:
    """Read whom a client is related to: a number, or name and phone."""
    if _REF.fullmatch(typed.upper()):
        return typed.upper()
    guest = _guest(typed, region)
    if guest is None:
        raise FieldError(_("Write his number as R1024, or name and phone as 李梅 139****5678."))
    signs = (MASK_SIGN if guest["was_full"] else "*") * 4
    return f"{guest['client']} {guest['first3']}{signs}{guest['last4']}"


def _clients(typed: str, region: str) -> str:
    lines = [line.strip() for line in typed.splitlines() if line.strip()]
    for number, line in enumerate(lines, 1):
        if _guest(line, region) is None:
            raise FieldError(_("Line %(number)s: write name and phone, as 张三 138****5678.", number=number))
    return "\n".join(lines)


def _guest(line: str, region: str) -> dict[str, Any] | None:
    """Return the client of a line, name and phone in either order; what stands behind both is his agent."""
    reading = fold_for_reading(line)
    found = find_phones(reading.skeleton, region)
    if len(found) != 1 or found[0].faulty or found[0].partial:
        return None
    before, behind = reading.clean[: found[0].start].strip(_AROUND), reading.clean[found[0].end :].strip(_AROUND)
    if not before and not behind:
        return None
    agent = behind if before and behind else None
    digits = {"first3": found[0].first3, "last4": found[0].last4, "was_full": found[0].was_full}
    return {"client": before or behind, **digits, "agent": agent}


def _digits(phone: str) -> dict[str, Any]:
    return {"first3": phone[:3], "last4": phone[-4:], "was_full": MASK_SIGN in phone}


# ---- What it means -------------------------------------------------------------------------------------------------


def _into_guest(name: str) -> Callable[[Draft, str], None]:
    return lambda draft, value: draft.guest.__setitem__(name, value)


def _into(name: str) -> Callable[[Draft, str], None]:
    return lambda draft, value: draft.values.__setitem__(name, value)


def _of_guest(name: str) -> Callable[[Command], str]:
    return lambda parsed: getattr(parsed.reports[0], name) or "" if parsed.reports else ""


def _of(name: str) -> Callable[[Command], str]:
    return lambda parsed: getattr(parsed, name) or ""


def _word(which: int) -> Callable[[Command], str]:
    return lambda parsed: (*parsed.words.split(" ", 1), "", "")[which]


def _mask(report: Report | None) -> str:
    return f"{report.first3}****{report.last4}" if report is not None and report.last4 else ""


def _last(parsed: Command) -> Report | None:
    return parsed.reports[-1] if parsed.reports else None


def _put_other(draft: Draft, value: str) -> None:
    client, _blank, phone = value.rpartition(" ")
    if client:
        draft.reports.append({"client": client} | _digits(phone))
    else:
        draft.refs.append(value)


def _take_other(parsed: Command) -> str:
    report = _last(parsed)
    return f"{report.client} {_mask(report)}" if report is not None else " ".join(parsed.refs[1:2])


def _put_clients(draft: Draft, value: str) -> None:
    agent = draft.values.pop("agent", None)
    for line in value.splitlines():
        guest = _guest(line, draft.region)
        if guest is not None:
            draft.reports.append(guest | {"agent": guest["agent"] or agent})


def _take_clients(parsed: Command) -> str:
    own = len({report.agent for report in parsed.reports}) > 1
    lines = (f"{r.client} {_mask(r)} {r.agent if own and r.agent else ''}" for r in parsed.reports)
    return "\n".join(line.rstrip() for line in lines)


WHICH = _l("Say which one is meant.")
CLIENT_FIRST = _l("Write the client's name.")
WHY = _l("Write the reason.")

REF = Field("ref", lambda draft, value: draft.refs.append(value), lambda p: " ".join(p.refs[:1]), WHICH, _ref)
FORM = Field("form", REF.puts, REF.takes, WHICH, _ref)
FORMS = Field(
    "forms",
    lambda draft, value: draft.refs.extend(value.split()),
    lambda parsed: " ".join(parsed.refs),
    WHICH,
    lambda typed, region: " ".join(_ref(word, region) for word in typed.split()[:MOST_REFS]),
    LONGEST_LIST,
)
CLIENT = Field("client", _into_guest("client"), _of_guest("client"), CLIENT_FIRST, _name)
PHONE = Field(
    "phone",
    lambda draft, value: draft.guest.update(_digits(value)),
    lambda p: _mask(p.reports[0] if p.reports else None),
    _l("Write the first three and last four digits, as 138****5678."),
    _phone,
)
AGENT = Field("agent", _into_guest("agent"), _of_guest("agent"), reads=_name)
OWN_AGENT = Field("agent", _into("agent"), _of_guest("agent"), _l("Write the agent of our own department."), _name)
TIME = Field("time", _into("time"), _of("time"), reads=_clock)
DAY = Field("day", _into("date"), _of("date"), reads=_day)
CLOSING = Field("unit", _into("unit"), _of("unit"))
SIDE = Field("unit", _into("unit"), _of("unit"), _l("Choose whose the client is."))
PAPER_OF = Field("unit", _into("unit"), _of("unit"), _l("Choose whose paper it is."))
REASON = Field("reason", lambda draft, value: draft.words.append(value), _of("words"), WHY)
WORDS = Field("words", REASON.puts, REASON.takes, _l("Write what was said."))
PROOF = Field("proof", REASON.puts, REASON.takes, _l("Write what proves it."))
TRUE_PHONE = Field(
    "phone",
    lambda draft, value: draft.reports.append({"client": None} | _digits(value)),
    lambda p: _mask(_last(p)),
    PHONE.needed,
    _phone,
)
OTHER = Field("other", _put_other, _take_other, _l("Write the other's number, or name and phone."), _other)
RELATION = Field("relation", REASON.puts, _word(0), _l("Choose what they are to each other."))
KIN_PROOF = Field("proof", REASON.puts, _word(1))
KIND = Field("kind", REASON.puts, _word(0), _l("Choose the kind of paper."))
NOTE = Field("words", REASON.puts, lambda p: " ".join(part for part in (_word(1)(p), p.date or "") if part))
COLLEAGUE = Field("agent", REASON.puts, REASON.takes, _l("Choose to whom."))
DAYS = Field("days", REASON.puts, _word(0), _l("Write how many days."), _days)
WHY_LONGER = Field("why", REASON.puts, _word(1), WHY)
CLIENTS = Field(
    "clients",
    _put_clients,
    _take_clients,
    _l("Write name and phone of each client, one a line."),
    _clients,
    LONGEST_LIST,
    lines=True,
)
