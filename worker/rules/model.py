"""The things that the rules speak of. All are values; facts that change are put anew under the same key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Self

Role = Literal["manager", "consultant", "service"]
ROLES: tuple[Role, ...] = ("manager", "consultant", "service")
UNIT_KINDS = ("own", "distributor", "referral")
NO_AGENT = "-"


def fields_of(value: Any) -> dict[str, Any]:
    """Return a dataclass's fields by name, their values as they are (`asdict` would copy them deeply)."""
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a site's line. Times are aware UTC; `salt` is 32 hex digits of chance that came with it."""

    seq: int
    received_at: datetime
    kind: str
    sender: str
    text: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)
    sent_at: datetime | None = None
    echo: bool = False
    salt: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """A site as far as decisions need it: who is staff, the policy in force, counters. Kept as JSON."""

    name: str = ""
    number: str = ""
    timezone: str = "Asia/Shanghai"
    language: str = "zh"
    policy: Mapping[str, str] = field(default_factory=dict)
    policy_seq: int = 0
    staff: Mapping[str, str] = field(default_factory=dict)
    """phone → role"""
    next_registration: int = 0
    """0: none given yet, so that the policy's `first_number` still counts."""
    hour: str = ""
    """the clock hour that `hour_reports` and `hour_unknown` count"""
    hour_reports: int = 0
    hour_unknown: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return fields_of(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return the site that `to_json` wrote; an empty mapping is a site that nothing is known of."""
        return cls(**stored)


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit on the site's list (分销单位); `key` is its folded name (H12)."""

    key: str
    name: str
    kind: str = "distributor"
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of the roster (分销人员名单): one unit a phone at a time; days are the site's and inclusive (F19)."""

    phone: str
    name: str
    name_key: str
    unit: str
    from_day: date | None = None
    to_day: date | None = None

    def on(self, day: date) -> bool:
        """Tell whether he is on the roster on that day."""
        return (self.from_day is None or self.from_day <= day) and (self.to_day is None or day <= self.to_day)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a report won: a registration. It holds its client while `live` (R7, R11)."""

    number: int
    seq: int
    part: int
    client: str
    name_key: str
    first3: str
    last4: str
    unit: str
    agent: str
    agent_phone: str
    sender: str
    reported_at: datetime
    ends_at: datetime
    state: str = "live"
    """live, suspected (provisional until 判), contested (waits for 判), withdrawn, displaced"""
    sent_at: datetime | None = None
    ended_at: datetime | None = None
    flags: tuple[str, ...] = ()
    rivals: tuple[int, ...] = ()
    visited_at: datetime | None = None
    renewed_at: datetime | None = None
    policy_seq: int = 0

    def live(self, now: datetime) -> bool:
        """Tell whether the claim stands at `now`: valid while now < end (two clocks, exact)."""
        return self.ended_at is None and now < self.ends_at

    def holds(self, now: datetime) -> bool:
        """Tell whether it keeps its client from others: a contested one waits and holds nothing (B21)."""
        return self.live(now) and self.state != "contested"

    @property
    def ref(self) -> str:
        """Return the number as people write it."""
        return f"R{self.number}"

    @property
    def mask(self) -> str:
        """Return the phone as people write it."""
        return f"{self.first3}****{self.last4}"


@dataclass(frozen=True, slots=True)
class Sender:
    """What is remembered of a phone between its texts. Kept as JSON; times are ISO strings."""

    phone: str
    refusals: tuple[str, ...] = ()
    """when it was answered with a refusal, newest last"""
    unknown_on: str = ""
    """the site's day on which it was told that it is unknown (E15)"""
    silent: bool = False
    """it asked for no more notices (D13)"""
    act: Mapping[str, Any] | None = None
    """what waits for its confirmation code (E22)"""


@dataclass(frozen=True, slots=True)
class Deadline:
    """An instant that will make us say something; told once, when the policy and quiet hours allow."""

    kind: str
    subject: str
    at: datetime
    done: bool = False
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A row of the 《客户报备登记表》 (R3): one client of one report, whatever became of it."""

    seq: int
    part: int
    received_at: datetime
    code: str
    rules: tuple[str, ...]
    number: int | None
    client: str
    first3: str
    last4: str
    unit: str
    agent: str
    sender: str


@dataclass(frozen=True, slots=True)
class Reply:
    """Something to say: a stable code and what its words are made of. `role`: "reply" to the sender, else "notice"."""

    recipient: str
    code: str
    role: Literal["reply", "notice"]
    params: Mapping[str, Any]
    ref: str = ""


Fact = Site | Unit | Listed | Claim | Sender | Deadline


@dataclass(frozen=True, slots=True)
class Decision:
    """The recorded outcome of one message: its code, the rules applied in order, the policy it was made under."""

    seq: int
    received_at: datetime
    kind: str
    code: str
    rules: tuple[str, ...]
    policy_seq: int
    rows: tuple[ReportRow, ...] = ()
    replies: tuple[Reply, ...] = ()
    facts: tuple[Fact, ...] = ()
