"""Why a client is whose he is: what happened, in the order in which it happened, as items that words are made of.

Pure, like the answer itself (`attribution.attribute`). A new kind of fact needs a function in TELLERS and its words in
`worker/words/explain_*.toml`; nothing else changes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from worker.rules.attribution import Answer, attribute
from worker.rules.identity import names_agree
from worker.rules.model import NO_AGENT, Claim, ReportRow
from worker.rules.state import State


@dataclass(frozen=True, slots=True)
class Case:
    """A client at a moment: the claims on him and the reports of his number, both in line order and up to then."""

    state: State
    client: str
    first3: str
    last4: str
    at: datetime
    answer: Answer
    claims: Sequence[Claim]
    reports: Sequence[ReportRow]

    @property
    def known(self) -> bool:
        """Whether anybody has ever reported him."""
        return bool(self.claims) or any(names_agree(row.client, self.client) for row in self.reports)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that happened: `code` finds its words, `params` fill them; `place` is None for what only time did."""

    code: str
    at: datetime
    place: int | None
    rules: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)


def case_of(
    state: State, client: str, first3: str, last4: str, at: datetime, reports: Sequence[ReportRow] = ()
) -> Case:
    """Return the case of a client; the state holds the claims on his number, `reports` the register's rows of it."""
    claims = [c for c in state.claims_at(first3, last4) if c.reported_at <= at and names_agree(c.client, client)]
    answer = attribute(state, client, first3, last4, at)
    known = [row for row in reports if row.received_at <= at]
    return Case(state, client, first3, last4, at, answer, claims, known)


def story(case: Case) -> list[Item]:
    """Return what happened to a client up to the moment of the case; at one instant in line order, time's work last."""
    items = [item for tell in TELLERS for item in tell(case)]
    return sorted(items, key=lambda item: (item.at, item.place is None, item.place or 0))


def _reports(case: Case) -> Iterator[Item]:
    """R3: every report of the number, with its place; the same number under another name is told as that."""
    claims = {claim.number: claim for claim in case.state.claims_at(case.first3, case.last4)}
    for row in case.reports:
        params = {"client": row.client, "unit": row.unit, "agent": _named(row.agent), "part": row.part}
        claim = claims.get(row.number) if row.number is not None else None
        if claim is not None:
            params |= {"ref": claim.ref, "until": claim.ends_at, "sent": claim.sent_at}
            params["rivals"] = [f"R{number}" for number in claim.rivals]
        yield Item(f"report.{row.code}", row.received_at, row.seq, row.rules, params)


def _ends(case: Case) -> Iterator[Item]:
    """R7, R8: claims that were given up or taken away, and those whose time is over."""
    for claim in case.claims:
        params = {"ref": claim.ref, "unit": claim.unit, "agent": _named(claim.agent)}
        if claim.ended_at is not None and claim.ended_at <= case.at:
            yield Item(f"claim.{claim.state}", claim.ended_at, None, ("R7",), params)
        elif claim.ends_at <= case.at:
            yield Item("claim.expired", claim.ends_at, None, ("R8",), params)


def _named(agent: str) -> str:
    return "" if agent == NO_AGENT else agent


TELLERS: tuple[Callable[[Case], Iterator[Item]], ...] = (_reports, _ends)
"""Who tells of what; each looks at one kind of fact."""
