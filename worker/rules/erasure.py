"""When a client's records may go, and what is left of them (reliability.md, “Retention against recomputation”).

A client's records go together: his claims, those of his relatives and rivals, his forms. They go when the last of
them has been over for as long as the policy says; while one of them lives, all of them and their texts are kept.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from worker.rules.client import ERASED, Phone7
from worker.rules.policy import Policy

LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Affairs:
    """How one client stands, everything about him taken together; `numbers` are those of his claims."""

    over_at: datetime = LONG_AGO
    """when the last of it was over"""
    visited: bool = False
    living: bool = False
    """a live protection, form, deal or dispute refers to him"""
    numbers: list[int] = field(default_factory=list)
    phones7: list[Phone7] = field(default_factory=list)

    def may_go(self, policy: Policy, now: datetime) -> bool:
        """Tell whether his records are older than the policy's period; a period of 0 never ends."""
        days = policy.keep_visited_days if self.visited else policy.keep_unvisited_days
        return not self.living and older(self.over_at, days, now)

    def take_in(self, other: "Affairs") -> None:
        """Become those of both."""
        self.over_at = max(self.over_at, other.over_at)
        self.visited |= other.visited
        self.living |= other.living
        self.numbers += other.numbers
        self.phones7 += other.phones7


def older(moment: datetime, days: int, now: datetime) -> bool:
    """Tell whether a moment lies at least so many times 24 hours back; 0 days are for ever."""
    return days > 0 and now - moment >= timedelta(days=days)


class Clients:
    """Every client of a site by the phones that he is known under; phones that are joined are one client's."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._parent: dict[Phone7, Phone7] = {}
        self._affairs: dict[Phone7, Affairs] = {}

    def note(
        self, phone7: Phone7, over_at: datetime, *, visited: bool = False, living: bool = False, number: int = 0
    ) -> None:
        """Note something about the client of a phone."""
        numbers = [number] if number else []
        self._of(phone7).take_in(Affairs(over_at, visited, living, numbers))

    def join(self, one: Phone7, other: Phone7) -> None:
        """Make two phones one client's: an alias, relatives, a form that several came on."""
        self._of(one), self._of(other)
        first, second = self._root(one), self._root(other)
        if first != second:
            small, large = sorted((first, second), key=lambda root: len(self._affairs[root].phones7))
            self._parent[small] = large
            self._affairs[large].take_in(self._affairs.pop(small))

    def affairs(self, phone7: Phone7) -> Affairs | None:
        """Return how the client of a phone stands, None where nothing is known of him."""
        return self._affairs[self._root(phone7)] if phone7 in self._parent else None

    def __iter__(self) -> Iterator[Affairs]:
        """Yield the standing of each client."""
        return iter(self._affairs.values())

    def _of(self, phone7: Phone7) -> Affairs:
        if phone7 not in self._parent:
            self._parent[phone7] = phone7
            self._affairs[phone7] = Affairs(phones7=[phone7])
        return self._affairs[self._root(phone7)]

    def _root(self, phone7: Phone7) -> Phone7:
        while (parent := self._parent[phone7]) != phone7:
            self._parent[phone7] = self._parent[parent]
            phone7 = parent
        return phone7


def left_of_claim(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what replaces a claim's client; unit, agent and times stay for statistics."""
    return _nobody(f"#{row['number']}") | {"name_key": ERASED, "said": "", "readings": [], "ended_for": ""}


def left_of_report(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what replaces a report's client; a registration and its reports stay together by its number."""
    return _nobody(f"#{row['number']}" if row["number"] is not None else f"#{row['seq']}.{row['part']}")


def left_of_form(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what replaces the clients of a visit form."""
    mark = f"#V{row['number']}"
    members = [{**member, **_nobody(f"{mark}.{n}")} for n, member in enumerate(row["members"], 1)]
    return _nobody(mark) | {"members": members}


def left_of_kin(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what replaces two relatives."""
    other = {f"other_{name}": value for name, value in _nobody(f"#K{row['seq']}b").items()}
    return _nobody(f"#K{row['seq']}a") | other


def left_of_contact(_row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what replaces the words of a follow-up."""
    return {"words": ""}


def names_nobody(kind: str, row: Mapping[str, Any]) -> bool:
    """Tell whether a row of this table is what erasing leaves of one."""
    if kind == "follow_ups":
        return bool(row["words"] == "")
    left = {"claims": left_of_claim, "reports": left_of_report, "visits": left_of_form, "kin": left_of_kin}.get(kind)
    # A row that was sealed before a column came has nothing in it.
    return left is not None and all(row.get(name, value) == value for name, value in left(row).items())


def _nobody(mark: str) -> dict[str, Any]:
    """Return a client who is nobody. The mark is his alone: whatever is looked up by phone finds no other with it."""
    return {"client": ERASED, "first3": "", "last4": mark}
