"""Thresholds, chosen on texts that nothing was learned from: a silent error costs as much as COST questions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from parsers.reader import SURELY, View, outcome
from tests.learning.samples import Sample, fits

COST = 10
FALSE_OF_NONE = 0.015
LOST_OF_REPORTS = 0.003
NUMBERS_AT_LEAST = 150
CELLS = ("agree-listed", "agree-free", "differ-listed", "differ-free")


@dataclass(frozen=True, slots=True)
class Seen:
    """A text, and what the reader found in it."""

    sample: Sample
    view: View

    @property
    def is_report(self) -> bool:
        """Tell whether the row is one."""
        return self.sample.expected.get("error") != "not_a_report"

    @property
    def cell(self) -> str:
        """Return which of CELLS counts for it."""
        agrees = self.view.second == self.view.parsed
        return f"{'agree' if agrees else 'differ'}-{'listed' if self.view.listed else 'free'}"


def margins_of(seen: Sequence[Seen]) -> dict[str, int]:
    """Return the least margins that keep silent errors rare, one for each cell and one for other numbers."""
    reports = [s for s in seen if s.is_report and s.view.parsed.reports and not s.view.open]
    found = {cell: _least((s.view.margin, _wrong(s)) for s in reports if s.cell == cell) for cell in CELLS}
    for where in ("listed", "free"):
        found[f"differ-{where}"] = max(found[f"differ-{where}"], found[f"agree-{where}"])
    return found | {"number": max((NUMBERS_AT_LEAST, *(_number_margin(s) for s in reports)))}


def _wrong(one: Seen) -> bool:
    return not fits(one.view.parsed.to_json(), one.sample.expected)


def _number_margin(one: Seen) -> int:
    """Return the margin at which a reading with wrong numbers would still have been sure."""
    expected = [(r["first3"], r["last4"]) for r in one.sample.expected.get("reports", ())]
    got = [(r.first3, r.last4) for r in one.view.parsed.reports]
    if not expected or got == expected or one.view.second != one.view.parsed:
        return 0
    return min(one.view.margin + 1, 600)


def _least(rows: Iterable[tuple[int, bool]]) -> int:
    """Return the margin at which questions and silent errors cost least; an error weighs as COST questions."""
    ordered = sorted(rows)
    wrong = sum(bad for _, bad in ordered)
    best, cheapest = (ordered[0][0] if ordered else 0), wrong * COST
    for asked, (margin, bad) in enumerate(ordered, 1):
        wrong -= bad
        cost = asked + wrong * COST
        if cost < cheapest and margin < SURELY:
            best, cheapest = margin + 1, cost
    return best


def verdicts_of(seen: Sequence[Seen]) -> tuple[dict[str, int], int]:
    """Return from which verdict on a text is a report, by what it comes to, and below which it is none."""
    none = sum(not s.is_report for s in seen)
    above = {}
    for kind, share in (("whole", FALSE_OF_NONE), ("agentless", FALSE_OF_NONE / 2)):
        false = sorted(
            (s.view.verdict for s in seen if not s.is_report and outcome(s.view.parsed) == kind), reverse=True
        )
        most = round(share * none)
        above[kind] = max(false[most] + 1, 0) if len(false) > most else 0
    reports = sorted(s.view.verdict for s in seen if s.is_report and outcome(s.view.parsed) != "fault")
    below = reports[round(LOST_OF_REPORTS * len(reports))] if reports else 0
    return above | {"fault": 0}, min(below, *above.values())
