"""The working set that decisions are folded over: what the texts of a batch mention, never the whole site."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from worker.rules.identity import fold, is_branch_of, unit_key
from worker.rules.model import Claim, Deadline, Fact, Listed, Sender, Site, Unit
from worker.rules.policy import Policy, policy_of


class State:
    """The accumulator of the fold: facts by key. What is put is journalled, so that a decision can carry it away.

    A state made by `worker.decider` holds what its messages need; one that grew from an empty line holds everything.
    """

    def __init__(self, site: Site | None = None) -> None:
        """Begin with a site; without one, with a line that nothing has been said in."""
        self.site = site or Site()
        self.units: dict[str, Unit] = {}
        self.roster: dict[str, Listed] = {}
        self.claims: dict[int, Claim] = {}
        self.senders: dict[str, Sender] = {}
        self.deadlines: dict[tuple[str, str, datetime], Deadline] = {}
        self._by_phone7: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
        self._journal: list[Fact] = []

    def load(self, facts: Iterable[Fact]) -> None:
        """Take in facts that are known already; they are not journalled."""
        for fact in facts:
            self._keep(fact)

    def put(self, fact: Fact) -> None:
        """Take in a new or changed fact."""
        self._keep(fact)
        self._journal.append(fact)

    def take_journal(self) -> tuple[Fact, ...]:
        """Return what was put since the last call, in order."""
        journal, self._journal = tuple(self._journal), []
        return journal

    def _keep(self, fact: Fact) -> None:
        match fact:
            case Site():
                self.site = fact
            case Unit():
                self.units[fact.key] = fact
            case Listed():
                self.roster[fact.phone] = fact
            case Claim():
                self.claims[fact.number] = fact
                self._by_phone7[fact.first3, fact.last4].add(fact.number)
            case Sender():
                self.senders[fact.phone] = fact
            case Deadline():
                self.deadlines[fact.kind, fact.subject, fact.at] = fact

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

    def staff(self, role: str) -> list[str]:
        """Return the phones of a role, in the order in which they were named."""
        return [phone for phone, its_role in self.site.staff.items() if its_role == role]

    def sender(self, phone: str) -> Sender:
        """Return what is remembered of a phone."""
        return self.senders.get(phone) or Sender(phone)

    def listed(self, phone: str, day: date) -> Listed | None:
        """Return the roster's line of a phone if it is in force that day (R26)."""
        entry = self.roster.get(phone)
        return entry if entry is not None and entry.on(day) else None

    def people(self, day: date, unit: str | None = None) -> Iterator[Listed]:
        """Return who is on the roster that day, of one unit or of all."""
        return (p for p in self.roster.values() if p.on(day) and (unit is None or p.unit == unit))

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

    def claims_at(self, first3: str, last4: str) -> list[Claim]:
        """Return every claim on a phone7, in line order."""
        return [self.claims[n] for n in sorted(self._by_phone7.get((first3, last4), ()))]

    def claims_of(self, phone: str) -> list[Claim]:
        """Return the claims that a phone reported or is the agent of, in line order."""
        return [c for _, c in sorted(self.claims.items()) if phone in (c.sender, c.agent_phone)]
