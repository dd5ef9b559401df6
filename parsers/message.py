"""What a text can mean: the result types of `parsers.parse.parse`."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

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
    "assent",
    "decline",
    "give_up",
    "alias",
    "mine",
    "next",
    "figures",
    "hand",
    "extend",
)
"""Kinds of texts.md section 2 besides `report`; `confirm` is a confirmation code texted back (digits alone: six; four are
a client's last four, L5).

`affirm` is 是 or 对 alone (L21, L24); `assent` is 确认 alone, to an act that waits for its code (L5); `decline` is 否 or 算了 alone (L5); `give_up` a withdrawal in free words (取消, 不报了, 作废: L22); `alias` is L21's 别名.
Of L16 `mine` is 我的, `next` 下, `figures` 统计, `hand` 转 (its words begin with the colleague), `extend` 延 (with the days, in
digits).
"""


PASSING: Final = ("hand", "extend")
"""Commands that move a claim: with clients alone they are one only where it is the sender's to speak of (L15)."""

UNREAD_DAYS: Final = "unread_days"
"""What is wrong with a 延 whose words begin with a number that is no whole number of days (2个月, 3月1日, 5 6天)."""


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
class Arrival:
    """A client is there now (带看, 到访 behind him): `date` is "YYYY-MM-DD" or "MM-DD", `time` "HH:MM", as far as given."""

    date: str | None = None
    time: str | None = None


@dataclass(frozen=True, slots=True)
class ReportText:
    """A text that reports clients; with an `error`, one of FAULTS, `reports` holds what could be read all the same."""

    error: str | None = None
    reports: tuple[Report, ...] = ()
    faults: tuple[PartFault, ...] = ()
    sure: bool = True
    """False: another reading is nearly as good"""
    rival: tuple[Report, ...] = ()
    """the reading that makes it unsure; empty: that it is no report"""
    intent: Intent = Intent.NONE
    projects: tuple[str, ...] = ()
    """developments that it names, as written (L25)"""
    planned: Planned | None = None
    """when its clients are expected"""
    arrival: Arrival | None = None
    """its client is there: a visit where the sender's unit holds him, a report where it does not (L15)"""

    @property
    def kind(self) -> str:
        """Return what it is called: where a client is there and nobody named who brings him, a visit."""
        return "visit" if self.arrival is not None and self.error == "missing_agent" else "report"

    def to_json(self) -> Mapping[str, object]:
        """Return what `baobei parse` prints for the text, without its id."""
        if self.arrival is not None and self.kind == "visit":
            visit = Command("visit", reports=self.reports, date=self.arrival.date, time=self.arrival.time)
            return {**visit.to_json(), "arrival": True}
        reports = [r.to_json() for r in self.reports]
        if self.error is not None:
            read: dict[str, object] = {"error": self.error} | ({"reports": reports} if reports else {})
        else:
            read = {"kind": "report", "reports": reports}
        if self.faults and self.error is None:
            read["faults"] = [{"error": f.error, "text": f.text} for f in self.faults]
        read |= {"sure": self.sure} if reports else {}
        if not self.sure:
            read["why"] = [r.to_json() for r in self.rival] or "not_a_report"
        if self.projects:
            read["project"] = "、".join(self.projects)
        if self.planned is not None:
            read["planned"] = self.planned.to_json()
        read |= {"arrival": True} if self.arrival is not None else {}
        return read | ({"intent": self.intent} if self.intent else {})


@dataclass(frozen=True, slots=True)
class Command:
    """A command, or what a form means: `kind` is one of COMMANDS.

    `reports` holds the clients named by name and mask (agent and distributor as far as given), `refs` the numbers as
    "R1024", "V2031", "D12", a bare last four digits as "5678", or "all"; `date` is "YYYY-MM-DD" or "MM-DD", `time`
    "HH:MM", `answer` yes/no/valid/duplicate, `words` what remains, trimmed.
    """

    kind: str
    error: str | None = None
    """of a group, as of a report: one of FAULTS; of 延 UNREAD_DAYS"""
    reports: tuple[Report, ...] = ()
    faults: tuple[PartFault, ...] = ()
    """of a group, as of a report"""
    refs: tuple[str, ...] = ()
    date: str | None = None
    time: str | None = None
    answer: str | None = None
    words: str = ""
    unit: str = ""
    """the side or closing unit, where it is told apart from the words: by a form, never by a text"""
    report: ReportText | None = None
    """what the text is where it is no act: 转 and 延 with clients alone are one only of claims of the sender's (L15)"""

    def to_json(self) -> Mapping[str, object]:
        """Return what `baobei parse` prints for the text, without its id."""
        out: dict[str, object] = {"kind": self.kind}
        if len(self.reports) == 1:
            out |= {k: v for k, v in self.reports[0].to_json().items() if v is not None}
        elif self.reports:
            out["reports"] = [r.to_json() for r in self.reports]
        given: dict[str, object] = {
            "refs": list(self.refs),
            "date": self.date,
            "time": self.time,
            "answer": self.answer,
            "words": self.words,
        }
        return out | {k: v for k, v in given.items() if v}


@dataclass(frozen=True, slots=True)
class Silent:
    """A text that is recorded and not answered: `kind` is one of SILENT."""

    kind: str

    def to_json(self) -> Mapping[str, object]:
        """Return what `baobei parse` prints for the text, without its id."""
        return {"kind": self.kind}


@dataclass(frozen=True, slots=True)
class Unknown:
    """A text that is nothing we know: `error` is not_a_report or unreadable."""

    kind: ClassVar[str] = "unknown"
    error: str = "not_a_report"
    reports: tuple[Report, ...] = ()
    """what it reports if it is a report after all; empty: it surely is none"""
    begins_like_command: bool = False
    """C9: the text begins like a report or command and is neither (only then `refused_not_a_report` is answered)."""
    calls_off_visit: bool = False
    """it calls off a visit, and gives up no claim (L22)"""

    @property
    def sure(self) -> bool:
        """Tell whether it is surely no report."""
        return not self.reports

    def to_json(self) -> Mapping[str, object]:
        """Return what `baobei parse` prints for the text, without its id."""
        maybe = {"sure": False, "reports": [r.to_json() for r in self.reports]} if self.reports else {}
        return {"error": self.error} | maybe


Meaning = ReportText | Command | Silent | Unknown
"""What a text can mean; who decides or shows it tells the kinds apart by their types."""


def clients_named(meaning: Meaning) -> tuple[Report, ...]:
    """Return the clients whom a text names, whatever it says of them."""
    return () if isinstance(meaning, Silent) else meaning.reports


def readings_of(meaning: Meaning) -> tuple[Meaning, ...]:
    """Return a meaning, and behind an act the report that its text is where it is none."""
    otherwise = meaning.report if isinstance(meaning, Command) else None
    return (meaning,) if otherwise is None else (meaning, otherwise)


def refs_named(meaning: Meaning) -> tuple[str, ...]:
    """Return the numbers that a text names."""
    return meaning.refs if isinstance(meaning, Command) else ()
