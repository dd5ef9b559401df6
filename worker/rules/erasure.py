"""When a client's records may go, and what is left of them (reliability.md, “Retention against recomputation”).

A client's records go together: his claims, those of his relatives and rivals, his forms. They go when the last of
them has been over for as long as the policy says; while one of them lives, all of them and their texts are kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from worker.rules.client import ERASED
from worker.rules.policy import Policy

LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Affairs:
    """How one client stands, everything about him taken together."""

    over_at: datetime
    """when the last of it was over"""
    visited: bool
    living: bool
    """a live protection, form, deal or dispute refers to him"""

    def may_go(self, policy: Policy, now: datetime) -> bool:
        """Tell whether his records are older than the policy's period; a period of 0 never ends."""
        days = policy.keep_visited_days if self.visited else policy.keep_unvisited_days
        return not self.living and older(self.over_at, days, now)


def older(moment: datetime, days: int, now: datetime) -> bool:
    """Tell whether a moment lies at least so many times 24 hours back; 0 days are for ever."""
    return days > 0 and now - moment >= timedelta(days=days)


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
