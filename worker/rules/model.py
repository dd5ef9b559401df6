"""The things that the rules speak of. All are values; facts that change are put anew under the same key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Self

from worker.rules.client import Client, Phone7, mask_of
from worker.rules.codec import kept_fields
from worker.rules.codes import Code
from worker.rules.numbers import Rule
from worker.rules.states import ClaimState, DeadlineKind, DisputeState, Flag, FormKind, FormState, Signer
from worker.rules.values import HANDED, Before, Member, Opinion, Paper, Party, PastReading, Ruling, Signature

Role = Literal["manager", "consultant", "service"]
ROLES: tuple[Role, ...] = ("manager", "consultant", "service")
UNIT_KINDS = ("own", "distributor", "referral")
NO_AGENT = "-"
WALK_IN = "walkin"
"""The unit of a walk-in (现场客): a client of the site itself (R6; decisions.md B2)."""
WEEKEND = "weekend"
"""The part of a plan that means its day, a Saturday, or the Sunday after it."""


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
    names: Mapping[str, str] = field(default_factory=dict)
    """phone → name of the person who has it, of staff; who was never named is known by his phone"""
    next_registration: int = 0
    """0: none given yet, so that the policy's `first_number` still counts."""
    next_visit: int = 0
    next_dispute: int = 0
    hour: str = ""
    """the clock hour that `hour_reports` and `hour_unknown` count"""
    hour_reports: int = 0
    hour_unknown: int = 0
    hour_strangers: int = 0
    """notices of reports from off the roster (L10)"""
    hour_messages: int = 0
    """what was said to whom ever (L11)"""
    aliases: Sequence[str] = ()
    """further names of the site (L25)"""
    others: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """the installation's other sites, by number: name and aliases of each (L25)"""

    @property
    def left_out(self) -> tuple[str, ...]:
        """Return the fields that are not kept: of most lines from before they could be, nobody is named."""
        return () if self.names else ("names",)

    def to_json(self) -> dict[str, Any]:
        """Return the fields that are kept as JSON values."""
        return kept_fields(self)

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
    listed_at: datetime | None = None
    """since when without a break he has stood on the roster of this unit, by the line (R26); None: from ever"""
    aliases: tuple[str, ...] = ()
    """what else he calls himself (L21)"""

    def on(self, day: date) -> bool:
        """Tell whether he is on the roster on that day."""
        return (self.from_day is None or self.from_day <= day) and not self.over(day)

    def over(self, day: date) -> bool:
        """Tell whether his line has ended before that day."""
        return self.to_day is not None and self.to_day < day


@dataclass(frozen=True, slots=True)
class Claim:
    """What holds a client for a unit: a registration (R7, R11), or a walk-in's first visit (B2). Live until `ends_at`.

    `ends_at` is the end as it stands by now: of the report's days, or of the visit's and its contact gap (R14).
    """

    number: int
    """R number; of a walk-in the negative number of its visit form"""
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
    state: ClaimState = ClaimState.LIVE
    sent_at: datetime | None = None
    ended_at: datetime | None = None
    ended_for: str = ""
    """why it was withdrawn or turned down, as whoever did it wrote it"""
    flags: tuple[Flag, ...] = ()
    rivals: tuple[int, ...] = ()
    visited_at: datetime | None = None
    """arrival of the first confirmed, matching visit (B9)"""
    renewed_at: datetime | None = None
    policy_seq: int = 0
    terms: Mapping[str, int] = field(default_factory=dict)
    """the policy's periods when it was made, by key: a later change does not touch it (section G)"""
    visit: int = 0
    """number of the form of its first confirmed visit"""
    followed_at: datetime | None = None
    """last follow-up since the report or the last renewal (R9, B4)"""
    contact_at: datetime | None = None
    """last contact under visit protection (R14)"""
    came_at: datetime | None = None
    """own arrival under the live report, named or verified (R15)"""
    deal_at: datetime | None = None
    """the moment of its deal: from then on the answer stands for good (J8)"""
    said: str = ""
    """the words of the text that it was made by, without numbers and other clients: what amending goes by (L23)"""
    readings: tuple[PastReading, ...] = ()
    """what became of its reading, in line order"""
    planned_day: date | None = None
    """the site's day on which the client is expected, as last told; decides nothing (`rules/plans.py`)"""
    planned_time: str | None = None
    """HH:MM of that day"""
    planned_part: str | None = None
    """morning, noon, afternoon, evening, where no time is told; or WEEKEND"""
    planned_seq: int | None = None
    """place of the text that told it"""
    ahead: int = 0
    """By how many seconds the line was ahead of a second clock when `ends_at` was set: its end is told by that time."""

    @property
    def left_out(self) -> tuple[str, ...]:
        """Return the fields that are not kept: most claims were made while the clocks agreed."""
        return () if self.ahead else ("ahead",)

    def live(self, now: datetime) -> bool:
        """Tell whether the claim stands at `now`: valid while now < end (two clocks, exact), or for good by a deal."""
        ended = self.ended_at is not None and self.ended_at <= now
        return self.sold(now) or (not ended and now < self.ends_at)

    def sold(self, now: datetime) -> bool:
        """Tell whether a deal is recorded for it."""
        return self.deal_at is not None and self.deal_at <= now

    def holds(self, now: datetime) -> bool:
        """Tell whether it keeps its client from others: a contested one waits and holds nothing (B21)."""
        return self.live(now) and self.state != ClaimState.CONTESTED

    @property
    def names(self) -> tuple[str, ...]:
        """Return every name that its client has had, the first one first."""
        return tuple(dict.fromkeys((*(reading.client for reading in self.readings), self.client)))

    @property
    def place(self) -> tuple[int, int]:
        """Return its place in the line, and which client of the text it is."""
        return self.seq, self.part

    @property
    def own_phones(self) -> tuple[str, ...]:
        """Return whose own it is: who sent it and its agent (B6); once it is handed over, its agent alone (L16)."""
        handed = any(reading.how == HANDED for reading in self.readings)
        return (self.agent_phone,) if handed else (self.sender, self.agent_phone)

    @property
    def days_given(self) -> int:
        """Return how many days it was given besides those of its report or visit (延, L16)."""
        return sum(reading.days for reading in self.readings)

    @property
    def to_tell(self) -> str:
        """Return the phone of whom it is told of: its agent, else who sent it; "" for a walk-in, the site's own."""
        return "" if self.unit == WALK_IN else self.agent_phone or self.sender

    @property
    def ref(self) -> str:
        """Return the number as people write it."""
        return f"R{self.number}" if self.number > 0 else f"V{-self.number}"

    @property
    def who(self) -> Client:
        """Return its client."""
        return Client(self.client, self.first3, self.last4)

    @property
    def phone7(self) -> Phone7:
        """Return the digits of his phone that are known."""
        return self.first3, self.last4

    @property
    def mask(self) -> str:
        """Return the phone as people write it."""
        return mask_of(self.first3, self.last4)


@dataclass(frozen=True, slots=True)
class Alias:
    """Another number under which a claim's client is known (R25); written proof was shown."""

    first3: str
    last4: str
    number: int
    seq: int
    at: datetime
    proof: str

    @property
    def phone7(self) -> Phone7:
        """Return its digits."""
        return self.first3, self.last4


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A contact with a client that somebody reported (R9, R14); `words` as he wrote them."""

    seq: int
    part: int
    number: int
    at: datetime
    phone: str
    role: str
    """agent or consultant"""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit form (《来访客户确认单》): one entry of one client, valid on its day only (R12, R13, R16)."""

    number: int
    seq: int
    opened_at: datetime
    arrived_at: datetime
    day: date
    """the site's civil day of entry, creation and signatures alike"""
    kind: FormKind
    state: FormState
    client: str
    first3: str
    last4: str
    claim: int
    """number of the claim that it is a visit under; 0: none"""
    unit: str
    agent: str
    agent_phone: str
    opener: str
    members: tuple[Member, ...] = ()
    """further clients on the form"""
    mismatch: tuple[str, ...] = ()
    """what does not agree with the report (R5): number, name, unit"""
    named_agent: str = ""
    """agent and unit whom the arrival named, as written; "" where it named none"""
    named_unit: str = ""
    cured: bool = False
    """written proof was shown for what does not agree (R22)"""
    signatures: Mapping[Signer, Signature] = field(default_factory=dict)
    closed_at: datetime | None = None
    """when it was confirmed or denied"""
    before: tuple[Before, ...] = ()
    """how the claims stood that its confirmation moved"""

    @property
    def ref(self) -> str:
        """Return the number as people write it."""
        return f"V{self.number}"

    @property
    def who(self) -> Client:
        """Return its client."""
        return Client(self.client, self.first3, self.last4)

    @property
    def phone7(self) -> Phone7:
        """Return the digits of his phone that are known."""
        return self.first3, self.last4

    @property
    def mask(self) -> str:
        """Return the phone as people write it."""
        return mask_of(self.first3, self.last4)


@dataclass(frozen=True, slots=True)
class Deal:
    """What was paid for the client of claim `number`, and whose he was at that moment (R18–R20; J3, J8, J9)."""

    number: int
    seq: int
    at: datetime
    """the moment at which the answer became final"""
    unit: str
    agent: str
    """who closed the deal"""
    owner_unit: str
    owner_agent: str
    owner_rules: tuple[Rule, ...]
    owner_facts: tuple[str, ...]
    deposit_on: date | None = None
    deposit_recorded_at: datetime | None = None
    down_on: date | None = None
    down_recorded_at: datetime | None = None
    objection_until: datetime | None = None
    """end of the window for objections, by the policy of its recording (R18, J3)"""
    cancelled_at: datetime | None = None
    flags: tuple[Flag, ...] = ()
    terms: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dispute:
    """A quarrel about whose a client is (R18–R22, R27, R28)."""

    number: int
    seq: int
    opened_at: datetime
    claim: int
    client: str
    first3: str
    last4: str
    parties: tuple[Party, ...] = ()
    """the holder first"""
    papers: tuple[Paper, ...] = ()
    opinions: tuple[Opinion, ...] = ()
    rulings: tuple[Ruling, ...] = ()
    """the last one holds (J11)"""
    state: DisputeState = DisputeState.OPEN
    evidence_until: datetime | None = None
    opinion_until: datetime | None = None
    cancelled_at: datetime | None = None
    """when the manager withdrew it (J9)"""
    terms: Mapping[str, int] = field(default_factory=dict)

    @property
    def ref(self) -> str:
        """Return the number as people write it."""
        return f"D{self.number}"

    @property
    def who(self) -> Client:
        """Return its client."""
        return Client(self.client, self.first3, self.last4)

    @property
    def phone7(self) -> Phone7:
        """Return the digits of his phone that are known."""
        return self.first3, self.last4

    @property
    def mask(self) -> str:
        """Return the phone as people write it."""
        return mask_of(self.first3, self.last4)


@dataclass(frozen=True, slots=True)
class Kin:
    """Two clients who are parent and child or spouses (R23); `proved` makes them one client from `at` on (B16, B17)."""

    seq: int
    at: datetime
    client: str
    first3: str
    last4: str
    other_client: str
    other_first3: str
    other_last4: str
    relation: str
    proof: str
    proved: bool
    undone_at: datetime | None = None

    @property
    def who(self) -> Client:
        """Return the one of them."""
        return Client(self.client, self.first3, self.last4)

    @property
    def other(self) -> Client:
        """Return the other one."""
        return Client(self.other_client, self.other_first3, self.other_last4)

    @property
    def phone7(self) -> Phone7:
        """Return the digits of the one."""
        return self.first3, self.last4


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
    stopped: bool = False
    """its gateway has said so: that holds for staff as well (L8)"""
    opted_on: str = ""
    """the site's day on which that was confirmed to it, and told to the managers (L8)"""
    resumed_on: str = ""
    """the site's day on which it was told that notices go on"""
    act: Mapping[str, Any] | None = None
    """what waits for its confirmation code (E22)"""
    acts_on: str = ""
    """the site's day on which acts of its waited for codes, and how many of them were never confirmed (L6)"""
    acts_asked: int = 0
    sign_list: tuple[int, ...] = ()
    """the forms that it was last told wait for its signature: what 签 全部 means (E23)"""
    foreign_on: str = ""
    """the site's day on which it asked about clients that are not its own, and how many of them (L2)"""
    foreign_asked: int = 0
    objected_on: str = ""
    """the site's day on which it objected about clients that are not its own, and how often (L1)"""
    objected: int = 0
    unlisted_on: str = ""
    """the site's day on which it reported without being on the roster, and how many texts of it (L10)"""
    unlisted_reports: int = 0
    full_on: str = ""
    """the site's day on which it was told that its reports of the day are all sent"""
    shown_on: str = ""
    """the site's day on which the managers were told of such a report by itself"""
    told_hour: str = ""
    """the site's clock hour, as 2026-11-02T10, in which it was told something; how often in that hour and day (L11)"""
    told_in_hour: int = 0
    told_in_day: int = 0
    wrong_codes: tuple[str, ...] = ()
    """when it texted wrong confirmation codes, newest last (L6)"""
    acts_closed_until: str = ""
    """until when no act that needs a code is taken from it by text (L6)"""
    mine: Mapping[str, Any] | None = None
    """how far it was told its own clients, and when: what 下 goes on from (L16)"""

    def told(self, hour: str) -> tuple[int, int]:
        """Return how often it was told something in an hour of the site, as 2026-11-02T10, and on its day (L11)."""
        same_day = self.told_hour[:10] == hour[:10]
        return self.told_in_hour if self.told_hour == hour else 0, self.told_in_day if same_day else 0


@dataclass(frozen=True, slots=True)
class Deadline:
    """An instant that will make us say something; told once, when the policy and quiet hours allow."""

    kind: DeadlineKind
    subject: str
    at: datetime
    done: bool = False
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Forward:
    """A text that belongs into the line of another site (L25): to which, by number and by name as it was then."""

    seq: int
    part: int
    """which of the sites that the text names, from 0"""
    number: str
    name: str
    done: bool = False
    """it is in that line"""


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A row of the 《客户报备登记表》 (R3): one client of one report, whatever became of it."""

    seq: int
    part: int
    received_at: datetime
    code: Code
    rules: tuple[Rule, ...]
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
    code: Code
    role: Literal["reply", "notice"]
    params: Mapping[str, Any]
    ref: str = ""


Fact = Site | Unit | Listed | Claim | Alias | FollowUp | Visit | Deal | Dispute | Kin | Sender | Deadline | Forward


@dataclass(frozen=True, slots=True)
class Decision:
    """The recorded outcome of one message: its code, the rules applied in order, the policy it was made under."""

    seq: int
    received_at: datetime
    kind: str
    code: Code
    rules: tuple[Rule, ...]
    policy_seq: int
    rows: tuple[ReportRow, ...] = ()
    replies: tuple[Reply, ...] = ()
    facts: tuple[Fact, ...] = ()
    reason: str = ""
    """of a refusal: what is wrong, in a word"""
