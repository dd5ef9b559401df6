"""What a scenario file says, by lines (contract.md; decisions.md, section F); `worker.scenarios.language` reads it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from worker.rules.client import Client

NOBODY = "none"
"""Instead of a role: phones that are staff no more."""


@dataclass(frozen=True, slots=True)
class ScenarioLine:
    """What every line has: its number, its site, and its time (None: from the beginning)."""

    number: int
    site: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class SetUp(ScenarioLine):
    """A set-up message: kind and payload as `worker.rules.setup` takes them."""

    kind: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Incoming(ScenarioLine):
    """`>`: a text, or (`form`) what a member of staff enters at the desk."""

    sender: str
    text: str
    sent_at: datetime | None = None
    provider_id: str | None = None
    form: bool = False
    echo: bool = False
    believed: datetime | None = None
    """what a second clock says while the line's is ahead of it"""


@dataclass(frozen=True, slots=True)
class Expected(ScenarioLine):
    """`<`: a message that must go out; `never` (`!<`): one that must not from then on (without code: just then).

    Unless the line names its site (`named_site`) the message may come from any: one phone seldom serves two (F4).
    """

    phone: str
    code: str | None
    ref: str | None = None
    glob: str | None = None
    name: str | None = None
    never: bool = False
    named_site: bool = False


@dataclass(frozen=True, slots=True)
class Owner(ScenarioLine):
    """`owner`: whose a client must be (or, `differs`, must not be) at that time.

    Rules and flags are among those of the answer, or (`exact`, `==`) they are all of them.
    """

    client: Client
    owner: str
    differs: bool
    rules: tuple[str, ...]
    until: datetime | None
    flags: tuple[str, ...]
    exact: bool = False


@dataclass(frozen=True, slots=True)
class RowLine(ScenarioLine):
    """`register`: a row that the 登记表 must have at that time; `ref` is empty where the report won nothing."""

    ref: str
    status: str
    client: Client
    unit: str
    agent: str
    until: datetime | None
    visited: datetime | None


Line = SetUp | Incoming | Expected | Owner | RowLine


@dataclass(slots=True)
class Scenario:
    """A file's lines in order; `sites` by name to what their site line says."""

    lines: list[Line] = field(default_factory=list)
    lenient: bool = False
    zones: dict[str, ZoneInfo] = field(default_factory=dict)


def beginning(scenario: Scenario) -> datetime:
    """Return the time of what holds from the beginning: the first timed line's."""
    times: Iterator[datetime] = (line.at for line in scenario.lines if line.at is not None)
    return min(times, default=datetime(2000, 1, 1, tzinfo=UTC))
