"""Labelled texts: the corpora of `tests/corpus`, and what a reading of one must come to."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.learning.generator.texts import samples

CORPUS = Path(__file__).parent.parent / "corpus"
PARTS = ("client", "first3", "last4", "agent", "distributor")


@dataclass(frozen=True, slots=True)
class Sample:
    """A text and what it says: `expected` as the corpus has it; `spans` (start, end, tag) where parts are marked."""

    row: str
    text: str
    expected: Mapping[str, Any]
    family: str
    spans: tuple[tuple[int, int, str], ...] = ()
    sender: str = ""
    grade: str = ""
    optional: bool = False
    source: str = ""
    """the set that it is of"""


def corpus(name: str) -> Iterator[Sample]:
    """Yield the rows of one of the corpora; those with two honest readings are `optional`."""
    tags = {row[0]: row[1] for row in _cells(f"{name}_tags")} if (CORPUS / f"{name}_tags.tsv").exists() else {}
    for cells in _cells(name):
        tag = tags.get(cells[0], cells[0].rpartition("-")[0])
        yield Sample(
            cells[0],
            cells[1].replace("\\n", "\n"),
            json.loads(cells[2]),
            tag.removeprefix("optional:").split("(")[0].strip(),
            optional=tag.startswith("optional"),
            source=name,
        )


def written(path: Path) -> Iterator[Sample]:
    """Yield the rows of a set with grade, family and sender."""
    for line in path.read_text("utf-8").splitlines()[1:]:
        row, grade, family, text, expected, sender = (*line.split("\t"), "")[:6]
        optional = family.startswith("optional")
        yield Sample(row, text.replace("\\n", "\n"), json.loads(expected), family.removeprefix("optional:"),
                     sender=sender, grade=grade, optional=optional, source=path.stem)  # fmt: skip


def _cells(name: str) -> Iterator[list[str]]:
    for line in (CORPUS / f"{name}.tsv").read_text("utf-8").splitlines()[1:]:
        if line.strip():
            yield line.split("\t")


def fits(got: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    """Tell whether what `parse` prints is what a row expects."""
    if "reports" in expected and "error" not in expected:
        reports = [{part: r.get(part) for part in PARTS} for r in got.get("reports", [])]
        return "error" not in got and reports == expected["reports"] and got.get("kind") == "report"
    if expected["error"] == "not_a_report":
        return got.get("error") == "not_a_report" or got.get("kind") not in (None, "report")
    return got.get("error") == expected["error"]


LABELS = {
    "L:client": "LC",
    "L:client_phone": "LP",
    "L:phone": "LN",
    "L:agent": "LA",
    "L:agent_phone": "LQ",
    "L:unit": "LU",
    "L:other": "LO",
}
"""The generator's names of labels → the lattice's tags."""


def generated(seed: int, count: int) -> Iterator[Sample]:
    """Yield texts of the generator, their parts and labels marked."""
    for number, made in enumerate(samples(seed, count)):
        spans = tuple((s, e, LABELS.get(tag, tag)) for s, e, tag in made.spans if tag in LABELS or tag in "CAUPQ")
        yield Sample(f"gen-{seed}-{number}", made.text, made.expected, made.family, spans, made.sender)
