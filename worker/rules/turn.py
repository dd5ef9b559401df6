"""One message's turn: what it may look at, and what it gathers on the way to its decision."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from parsers.numbers import country_code_of, country_code_of_region
from worker.rules.codes import Code
from worker.rules.door_notes import ahead_noted
from worker.rules.model import Claim, Decision, Listed, Message, Reply, ReportRow, Site
from worker.rules.numbers import Rule
from worker.rules.policy import Policy
from worker.rules.state import State


@dataclass(slots=True)
class Turn:
    """The state, the message, and the replies and rows that grow while it is decided."""

    state: State
    message: Message
    replies: list[Reply] = field(default_factory=list)
    rows: list[ReportRow] = field(default_factory=list)
    reason: str = ""
    """why it is refused, in a word"""

    @property
    def now(self) -> datetime:
        """Return the message's receipt time, the only clock that decides."""
        return self.message.received_at

    @property
    def ahead(self) -> int:
        """Return by how many seconds that time is noted to be ahead of a second clock; an end set now is told by it."""
        return ahead_noted(self.message) // timedelta(seconds=1)

    @property
    def phone(self) -> str:
        """Return the sender's number."""
        return self.message.sender

    @property
    def policy(self) -> Policy:
        """Return the policy in force at this place in the line."""
        return self.state.policy

    @property
    def role(self) -> str | None:
        """Return the sender's role among the site's staff."""
        return self.state.site.staff.get(self.phone)

    @property
    def listed(self) -> Listed | None:
        """Return the sender's line of the roster, if it is in force today."""
        return self.state.listed(self.phone, self.state.day(self.now))

    @property
    def called(self) -> str:
        """Return the sender's name as the roster has it, or of staff the site; of nobody who is named, his phone."""
        listed = self.listed
        return listed.name if listed is not None else self.state.site.names.get(self.phone, self.phone)

    @property
    def has_left(self) -> bool:
        """Tell whether the sender's line of the roster has ended: for acts he is unknown to the site (L17)."""
        line = self.state.roster.get(self.phone)
        return line is not None and line.over(self.state.day(self.now)) and self.role is None

    def own_live_claims(self) -> list[Claim]:
        """Return the live claims that the sender reported or is the agent of."""
        return [c for c in self.state.claims_of(self.phone) if c.live(self.now)]

    def answer(self, code: Code, params: dict[str, Any] | None = None, ref: str = "") -> None:
        """Say something to the sender: the one reply to his text."""
        if self.message.kind != "form":  # The page shows a form's outcome itself (F5).
            self.replies.append(Reply(self.phone, code, "reply", params or {}, ref))

    def notify(self, phones: list[str], code: Code, params: dict[str, Any], ref: str = "") -> None:
        """Say something to others, except who wants no notices (D13); the sender himself has his reply already."""
        others = [p for p in dict.fromkeys(phones) if p and p != self.phone and not self.state.is_silent(p)]
        for phone in others:
            alike = [r for r in self.replies if (r.recipient, r.code, r.role) == (phone, code, "notice")]
            if not alike:
                self.replies.append(Reply(phone, code, "notice", params, ref))
                continue
            # The notices of one code to one phone are gathered into one: the outbox has one a message.
            told = alike[0]
            before = told.params.get("parts") or [{**told.params, "code": told.code}]
            gathered = {"parts": [*before, {**params, "code": code}]}
            self.replies[self.replies.index(told)] = replace(told, params=gathered)

    def next_registration(self) -> int:
        """Take the next R number; the first one is the policy's `first_number` (C10)."""
        number = self.state.site.next_registration or self.policy.first_number
        self.state.put(replace(self.state.site, next_registration=number + 1))
        return number

    def next_visit(self) -> int:
        """Take the next V number."""
        number = self.state.site.next_visit or 1
        self.state.put(replace(self.state.site, next_visit=number + 1))
        return number

    def next_dispute(self) -> int:
        """Take the next D number."""
        number = self.state.site.next_dispute or 1
        self.state.put(replace(self.state.site, next_dispute=number + 1))
        return number

    @property
    def is_stranger(self) -> bool:
        """Tell whether the sender is neither staff nor on the roster today (R26)."""
        return self.role is None and self.listed is None

    @property
    def is_abroad(self) -> bool:
        """Tell whether the sender's number is of no country from which strangers are heard (L10)."""
        heard: set[int | None] = {country_code_of_region(region) for region in self.policy.countries}
        return country_code_of(self.phone) not in (heard or {country_code_of(self.state.site.number)})

    @property
    def hour(self) -> str:
        """Return the clock hour at the site, as 2026-11-02T10."""
        return self.state.hour(self.now)

    def count_report(self) -> int:
        """Count an accepted report's notice within its clock hour and return how many it makes (E25)."""
        site = self.in_hour()
        self.state.put(replace(site, hour_reports=site.hour_reports + 1))
        return site.hour_reports + 1

    def count_unknown(self) -> int:
        """Count an answered unknown sender within the clock hour and return how many it makes (E15)."""
        site = self.in_hour()
        self.state.put(replace(site, hour_unknown=site.hour_unknown + 1))
        return site.hour_unknown + 1

    def in_hour(self) -> Site:
        """Return the site with its counters as they stand in this clock hour."""
        site = self.state.site
        if site.hour == self.hour:
            return site
        return replace(site, hour=self.hour, hour_reports=0, hour_unknown=0, hour_strangers=0, hour_messages=0)

    def decision(self, kind: str, code: Code, rules: tuple[Rule, ...] = ()) -> Decision:
        """Close the turn: everything that was gathered, under one outcome."""
        return Decision(
            seq=self.message.seq,
            received_at=self.now,
            kind=kind,
            code=code,
            rules=rules,
            policy_seq=self.state.site.policy_seq,
            rows=tuple(self.rows),
            replies=tuple(self.replies),
            facts=self.state.take_journal(),
            reason=self.reason,
        )
