"""What a text can mean: the result types of `parsers.parse.parse`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

FAULTS: Final = (
    "not_a_report",
    "full_phone_given",
    "bad_phone",
    "missing_phone",
    "missing_name",
    "missing_agent",
    "unreadable",
)
"""Faults of a report text, in the order in which one of several is named (H7)."""

COMMANDS: Final = (
    "follow_up",
    "visit",
    "sign",
    "walkin",
    "verify",
    "group",
    "query",
    "withdraw",
    "deposit",
    "downpayment",
    "cancel_deposit",
    "object",
    "evidence",
    "opinion",
    "rule",
    "family",
    "unfamily",
    "settle",
    "correct",
    "help",
    "confirm",
    "affirm",
    "decline",
    "give_up",
    "alias",
)
"""Kinds of texts.md section 2 besides `report`; `confirm` is a confirmation code texted back (digits alone: six; four are
a client's last four, L5).

`affirm` is 是, 对 or 确认 alone (L5, L21, L24); `decline` is 否 or 算了 alone (L5); `give_up` a withdrawal in free words (取消, 不报了, 作废: L22); `alias` is L21's 别名.
"""


class Intent(StrEnum):
    """What a report says of an earlier one of its sender (L22, L23)."""

    NONE = ""
    """nothing"""
    ANOTHER = "another"
    """it is of another client (另报)"""
    CORRECTION = "correction"
    """it puts the earlier one right (更正, 打错了)"""


SILENT: Final = ("courtesy", "advert", "code", "automatic", "echo", "stop", "start")
"""Kinds that are recorded and not answered; `echo` has the shape of one of our own replies, `stop`/`start` are D13."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What the site knows, as evidence for a reader; values as people write them."""

    people: frozenset[str] = frozenset()
    """agents of the roster, by name and alias"""
    units: frozenset[str] = frozenset()
    """the site's units, by name and alias"""
    sender: str = ""
    """the sender's own name on the roster"""
    sites: frozenset[str] = frozenset()
    """this site and the others of the installation, by name and alias (L25)"""


@dataclass(frozen=True, slots=True)
class Planned:
    """When the client is expected, as far as written; nothing of it is resolved against a clock.

    `day`: "" (not said), "+0" today, "+1" tomorrow …, "YYYY-MM-DD", "MM-DD", "DD", or a weekday "mon" … "sun" (the
    next one), "sat+7" (of next week) or "weekend". `part`: "" or one of PARTS_OF_DAY. `time`: "" or "HH:MM".
    """

    day: str = ""
    part: str = ""
    time: str = ""

    def to_json(self) -> dict[str, str]:
        """Return the parts that are there."""
        return {key: value for key, value in (("day", self.day), ("part", self.part), ("time", self.time)) if value}


PARTS_OF_DAY: Final = ("morning", "noon", "afternoon", "evening")


@dataclass(frozen=True, slots=True)
class Report:
    """One client of a text, values as written; a part that is absent is None. `was_full`: the number stood there whole."""

    client: str | None
    first3: str | None
    last4: str | None
    agent: str | None = None
    distributor: str | None = None
    was_full: bool = False
    sure: bool = True
    """False: another reading of this client is nearly as good (R2b, L24)"""

    def to_json(self) -> dict[str, str | None]:
        """Return the five parts in the corpus's order."""
        return {
            "client": self.client,
            "first3": self.first3,
            "last4": self.last4,
            "agent": self.agent,
            "distributor": self.distributor,
        }


@dataclass(frozen=True, slots=True)
class PartFault:
    """A client of a text with several whose part could not be read (C13): one of FAULTS, and that part as written."""

    error: str
    text: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """The meaning of one text.

    `kind` is "report", one of COMMANDS, one of SILENT, or "unknown" (nothing we know).
    `error` is one of FAULTS and stands only with kind "report" (a faulty report) and kind "unknown" (not_a_report,
    unreadable); `reports` then holds what could be read (full_phone_given, missing_agent).
    For commands: `reports` holds the clients named by name and mask (agent and distributor as far as given),
    `refs` the numbers as "R1024", "V2031", "D12", a bare last four digits as "5678", or "all";
    `date` is "YYYY-MM-DD" or "MM-DD", `time` is "HH:MM", `answer` is yes/no/valid/duplicate,
    `words` what remains, trimmed.
    """

    kind: str
    error: str | None = None
    reports: tuple[Report, ...] = ()
    faults: tuple[PartFault, ...] = ()
    refs: tuple[str, ...] = ()
    date: str | None = None
    time: str | None = None
    answer: str | None = None
    words: str = ""
    unit: str = ""
    """the side or closing unit, where it is told apart from the words: by a form, never by a text"""
    sure: bool = True
    """False: of a report, another reading is nearly as good; of `not_a_report`, it may be one after all: `reports`."""
    rival: tuple[Report, ...] = ()
    """the reading that makes it unsure; empty: that it is no report"""
    intent: Intent = Intent.NONE
    """only with a report"""
    projects: tuple[str, ...] = ()
    """developments that a report names, as written (L25)"""
    planned: Planned | None = None
    """when the clients of a report are expected"""
    arrival: bool = False
    """the client is there now (带看, 到访 behind him), by `date` and `time` as far as given: of a visit where the sender's
    unit holds him, else of a report, whichever of the two `kind` says (L15)"""
    begins_like_command: bool = field(default=False)
    """C9: the text begins like a report or command and is neither (only then `refused_not_a_report` is answered)."""
    calls_off_visit: bool = False
    """it calls off a visit, and gives up no claim (L22)"""

    def to_json(self) -> Mapping[str, object]:
        """Return what `baobei parse` prints for the text, without its id."""
        if self.kind == "report":
            return self._report_json()
        if self.kind == "unknown":
            maybe = {"sure": False, "reports": [r.to_json() for r in self.reports]} if self.reports else {}
            return {"error": self.error or "not_a_report"} | maybe
        return {"kind": self.kind} | self._command_json()

    def _report_json(self) -> dict[str, object]:
        reports = [r.to_json() for r in self.reports]
        if self.error is not None:
            read: dict[str, object] = {"error": self.error} | ({"reports": reports} if reports else {})
        else:
            read = {"kind": "report", "reports": reports}
        if self.faults and self.error is None:
            read["faults"] = [{"error": f.error, "text": f.text} for f in self.faults]
        return read | ({"sure": self.sure} if reports else {}) | self._beside_json()

    def _beside_json(self) -> dict[str, object]:
        """Return what stands beside the reports: the rival reading, project, planned arrival and intent."""
        beside: dict[str, object] = {}
        if not self.sure:
            beside["why"] = [r.to_json() for r in self.rival] or "not_a_report"
        if self.projects:
            beside["project"] = "、".join(self.projects)
        if self.planned is not None:
            beside["planned"] = self.planned.to_json()
        beside |= {"arrival": True} if self.arrival else {}
        return beside | ({"intent": self.intent} if self.intent else {})

    def _command_json(self) -> dict[str, object]:
        out: dict[str, object] = {}
        if len(self.reports) == 1:
            out |= {k: v for k, v in self.reports[0].to_json().items() if v is not None}
        elif self.reports:
            out["reports"] = [r.to_json() for r in self.reports]
        given: dict[str, object] = {
            "refs": list(self.refs),
            "date": self.date,
            "time": self.time,
            "answer": self.answer,
        }
        out |= {k: v for k, v in given.items() if v}
        out |= {"arrival": True} if self.arrival else {}
        return out | ({"words": self.words} if self.words else {})


# The kinds of a meaning, by their own names; they are about to be types of their own.
ReportText = Parsed
Command = Parsed
Silent = Parsed
Unknown = Parsed
Meaning = Parsed
