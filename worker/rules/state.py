"""The working set that decisions are folded over: what the texts of a batch mention, never the whole site."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from worker.rules.client import Phone7
from worker.rules.identity import fold, is_branch_of, unit_key
from worker.rules.model import (
    Alias,
    Claim,
    Deadline,
    Deal,
    Dispute,
    Fact,
    FollowUp,
    Forward,
    Kin,
    Listed,
    Sender,
    Site,
    Unit,
    Visit,
)
from worker.rules.policy import Policy, policy_of

Indexed = tuple[defaultdict[Any, set[Any]], Any, Any]
"""An index of the state, under what something stands in it, and what."""


class State:
    """The accumulator of the fold: facts by key. What is put is journalled, so that a decision can carry it away.

    One made by `worker.decide.decider` holds what its messages need; one that grew from an empty line holds everything.
    """

    def __init__(self, site: Site | None = None) -> None:
        """Begin with a site; without one, with a line that nothing has been said in."""
        self.site = site or Site()
        self.units: dict[str, Unit] = {}
        self.roster: dict[str, Listed] = {}
        self.claims: dict[int, Claim] = {}
        self.aliases: dict[tuple[str, str, int], Alias] = {}
        self.follow_ups: dict[tuple[int, int], FollowUp] = {}
        self.visits: dict[int, Visit] = {}
        self.deals: dict[int, Deal] = {}
        self.disputes: dict[int, Dispute] = {}
        self.kin: dict[int, Kin] = {}
        self.senders: dict[str, Sender] = {}
        self.deadlines: dict[tuple[str, str, datetime], Deadline] = {}
        self.forwards: dict[tuple[int, int], Forward] = {}
        self._phones_of_unit: defaultdict[str, set[str]] = defaultdict(set)
        self._by_phone7: defaultdict[Phone7, set[int]] = defaultdict(set)
        self._kin_by_phone7: defaultdict[Phone7, set[int]] = defaultdict(set)
        self._aliases_by_number: defaultdict[int, set[Phone7]] = defaultdict(set)
        self._numbered: dict[type[Any], dict[int, Any]] = {
            Claim: self.claims,
            Visit: self.visits,
            Deal: self.deals,
            Dispute: self.disputes,
        }
        self._journal: list[Fact] = []
        self._replaced: list[tuple[Fact, Fact | None, list[Indexed]]] = []

    def load(self, facts: Iterable[Fact]) -> None:
        """Take in facts that are known already; they are not journalled."""
        for fact in facts:
            self._keep(fact)

    def begin(self) -> None:
        """Begin a message's turn: `take_back` returns to what stands now."""
        self._journal.clear()
        self._replaced.clear()

    def put(self, fact: Fact) -> None:
        """Take in a new or changed fact."""
        fresh = [(index, under, number) for index, under, number in self._indexed(fact) if number not in index[under]]
        before: Fact | None = self.site
        if not isinstance(fact, Site):
            facts, key = self._place(fact)
            before = facts.get(key)
        self._replaced.append((fact, before, fresh))
        self._keep(fact)
        self._journal.append(fact)

    def take_back(self) -> None:
        """Undo what was put since `begin`: a message that could not be decided leaves nothing behind."""
        for fact, before, fresh in reversed(self._replaced):
            if before is not None:
                self._keep(before)
            else:
                facts, key = self._place(fact)
                del facts[key]
            # A corrected claim stood under its new number, too: whoever reports on that would meet it.
            for index, under, number in fresh:
                index[under].discard(number)
        self.begin()

    def take_journal(self) -> tuple[Fact, ...]:
        """Return what was put since the last call, in order."""
        journal, self._journal = tuple(self._journal), []
        return journal

    def fork(self) -> "State":
        """Return a state to try something on: what is put there stays there."""
        forked = State(self.site)
        for facts in (self.units, self.roster, self.claims, self.aliases, self.follow_ups, self.visits, self.deals,
                      self.disputes, self.kin, self.senders, self.deadlines, self.forwards):  # fmt: skip
            forked.load(facts.values())
        return forked

    def _keep(self, fact: Fact) -> None:
        if isinstance(fact, Site):
            self.site = fact
            return
        facts, key = self._place(fact)
        facts[key] = fact
        for index, under, number in self._indexed(fact):
            index[under].add(number)

    def _place(self, fact: Fact) -> tuple[dict[Any, Any], Any]:
        """Return where a fact is kept, and under which key."""
        match fact:
            case Unit():
                return self.units, fact.key
            case Listed():
                return self.roster, fact.phone
            case Claim() | Visit() | Deal() | Dispute():
                return self._numbered[type(fact)], fact.number
            case Alias():
                return self.aliases, (*fact.phone7, fact.number)
            case FollowUp():
                return self.follow_ups, (fact.seq, fact.part)
            case Kin():
                return self.kin, fact.seq
            case Sender():
                return self.senders, fact.phone
            case Deadline():
                return self.deadlines, (fact.kind, fact.subject, fact.at)
            case Forward():
                return self.forwards, (fact.seq, fact.part)
        raise TypeError(f"{type(fact).__name__} is no fact that has a place")

    def _indexed(self, fact: Fact) -> Iterator[Indexed]:
        """Yield the indexes that a fact stands in: which, under what, and what stands there."""
        match fact:
            case Listed():
                yield self._phones_of_unit, fact.unit, fact.phone
            case Claim():
                yield self._by_phone7, fact.phone7, fact.number
            case Alias():
                yield self._by_phone7, fact.phone7, fact.number
                yield self._aliases_by_number, fact.number, fact.phone7
            case Kin():
                yield self._kin_by_phone7, fact.phone7, fact.seq
                yield self._kin_by_phone7, fact.other.phone7, fact.seq

    @property
    def policy(self) -> Policy:
        """Return the policy in force."""
        return policy_of(self.site.policy)

    @property
    def zone(self) -> ZoneInfo:
        """Return the site's time zone."""
        return ZoneInfo(self.site.timezone)

    def day(self, moment: datetime) -> date:
        """Return the civil day of a moment at the site."""
        return moment.astimezone(self.zone).date()

    def hour(self, moment: datetime) -> str:
        """Return the clock hour of a moment at the site, as 2026-11-02T10."""
        return f"{moment.astimezone(self.zone):%Y-%m-%dT%H}"

    def staff(self, role: str) -> list[str]:
        """Return the phones of a role, in the order in which they were named."""
        return [phone for phone, its_role in self.site.staff.items() if its_role == role]

    def sender(self, phone: str) -> Sender:
        """Return what is remembered of a phone."""
        return self.senders.get(phone) or Sender(phone)

    def is_silent(self, phone: str) -> bool:
        """Tell whether a phone wants no notices; of staff, what it texted before it was staff does not count (L8)."""
        sender = self.sender(phone)
        return sender.silent and (sender.stopped or phone not in self.site.staff)

    def agents_told(self, unit: str, phone: str, day: date) -> list[str]:
        """Return who is told what has a deadline against a unit's agent (E.164; "": nobody).

        For one who wants no notices these are the others of his unit who are on the roster that day (L8).
        """
        if not phone or not self.is_silent(phone):
            return [phone] if phone else []
        return sorted(p.phone for p in self.people(day, unit) if p.phone != phone and not self.is_silent(p.phone))

    def listed(self, phone: str, day: date) -> Listed | None:
        """Return the roster's line of a phone if it is in force that day (R26)."""
        entry = self.roster.get(phone)
        return entry if entry is not None and entry.on(day) else None

    def people_of(self, unit: str) -> list[Listed]:
        """Return every line of a unit's roster, whatever days it is in force, by phone."""
        # Who has gone over to another unit stands under both.
        lines = (self.roster.get(phone) for phone in sorted(self._phones_of_unit.get(unit, ())))
        return [line for line in lines if line is not None and line.unit == unit]

    def people(self, day: date, unit: str | None = None) -> Iterator[Listed]:
        """Return who is on the roster that day, of one unit or of all, by phone: however a batch was read."""
        lines = (line for _, line in sorted(self.roster.items())) if unit is None else self.people_of(unit)
        return (line for line in lines if line.on(day))

    def unit_named(self, written: str) -> Unit | None:
        """Return the unit that a company as written means: its name, an alias, or a branch of it (H12)."""
        key = unit_key(written)
        if key in self.units:
            return self.units[key]
        aliases = (u for u in self.units.values() if any(unit_key(a) == key for a in u.aliases))
        branches = (u for u in self.units.values() if is_branch_of(written, u.key))
        return next(aliases, None) or next(branches, None)

    def unit_within(self, text: str) -> Unit | None:
        """Return the first known unit whose name stands anywhere in a text."""
        folded = fold(text)
        return next((u for u in self.units.values() if len(u.key) >= 2 and u.key in folded), None)

    def claims_at(self, phone7: Phone7) -> list[Claim]:
        """Return every claim on a phone7, its own or an alias (R25), in line order."""
        found = [self.claims[n] for n in self._by_phone7.get(phone7, ()) if n in self.claims]
        return sorted(found, key=lambda claim: (claim.seq, claim.part))

    def aliases_of(self, number: int) -> list[Alias]:
        """Return the further numbers of a claim's client (R25)."""
        return [self.aliases[(*phone7, number)] for phone7 in sorted(self._aliases_by_number.get(number, ()))]

    def kin_at(self, phone7: Phone7) -> list[Kin]:
        """Return every link of a client on this phone7, in line order (R23)."""
        return [self.kin[seq] for seq in sorted(self._kin_by_phone7.get(phone7, ()))]

    def visits_of(self, number: int) -> list[Visit]:
        """Return the visit forms under a claim, in line order."""
        mine = (v for v in self.visits.values() if number in (v.claim, *(m.claim for m in v.members)))
        return sorted(mine, key=lambda visit: visit.number)

    def disputes_of(self, number: int) -> list[Dispute]:
        """Return the disputes about a claim, in line order."""
        return sorted((d for d in self.disputes.values() if d.claim == number), key=lambda dispute: dispute.number)

    def claims_of(self, phone: str) -> list[Claim]:
        """Return the claims that a phone reported or is the agent of, in line order."""
        mine = (c for c in self.claims.values() if phone in c.own_phones)
        return sorted(mine, key=lambda claim: (claim.seq, claim.part))
