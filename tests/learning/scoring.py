"""How good a reader is: each text falls into one of seven ends (reading.md; reader-experiment.md, section 2)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from parsers.message import Meaning, ReportText, Unknown
from tests.learning.samples import Sample, fits

ENDS = ("right", "asked right", "asked wrong", "refused", "silent", "false", "lost")
"""right and sure · asked back, the guess right · asked back, the guess wrong · a fault that is not the text's ·
registered wrong and sure · no report, yet registered · a report taken for none"""


def end_of(sample: Sample, meaning: Meaning) -> str:
    """Return the end of a text."""
    expected = sample.expected
    none = expected.get("error") == "not_a_report"
    right = fits(meaning.to_json(), expected)
    if isinstance(meaning, Unknown) and meaning.reports:
        guess = ReportText(None, meaning.reports).to_json()
        return "asked wrong" if none or not fits(guess, expected) else "asked right"
    if not isinstance(meaning, ReportText):
        return "right" if none or right else "lost"
    asked = not meaning.sure or bool(meaning.faults and "reports" in expected)
    if none:
        return ("asked wrong" if asked else "false") if meaning.reports else "right"
    if asked:
        return "asked right" if right or _same_reports(meaning, expected) else "asked wrong"
    if right:
        return "right"
    return "refused" if meaning.error not in (None, "missing_agent") else "silent"


def _same_reports(read: ReportText, expected: Mapping[str, Any]) -> bool:
    return fits(ReportText(read.error, read.reports).to_json(), expected)


@dataclass(slots=True)
class Table:
    """Counts of ends, by whatever name."""

    counts: Counter[tuple[str, str]]

    @classmethod
    def of(cls, ends: Iterable[tuple[str, str]]) -> "Table":
        """Return the table of (name, end) pairs."""
        return cls(Counter(ends))

    def line(self, name: str) -> str:
        """Return one line of the table in counts and shares."""
        row = [self.counts[name, end] for end in ENDS]
        total = sum(row)
        cells = " ".join(f"{n:5d} {100 * n / max(total, 1):5.1f}%" for n in row)
        return f"{name:24.24} {total:5d} | {cells}"

    def lines(self) -> list[str]:
        """Return all lines under a head."""
        head = f"{'':24} {'n':>5} | " + " ".join(f"{end:>12}" for end in ENDS)
        return [head, *(self.line(name) for name in sorted({name for name, _ in self.counts}))]
