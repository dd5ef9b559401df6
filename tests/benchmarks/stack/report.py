"""Figures as a table for the terminal, as Markdown, as JSON, and beside the baseline."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from tests.benchmarks.stack.figures import Figure

TOLERANCE = 0.3
"""By so much a ratio may be worse than the baseline's: two runs on a shared machine differ by that."""


def said(figure: Figure) -> str:
    """Return a figure as a person reads it."""
    if figure.value is None or math.isnan(figure.value):
        return "not measured"
    digits = 0 if abs(figure.value) >= 100 or figure.value == int(figure.value) else 1 if abs(figure.value) >= 10 else 2
    return f"{figure.value:,.{digits}f} {figure.unit}".rstrip()


def line(figure: Figure) -> str:
    """Return a figure as a line of the terminal's table."""
    note = f"   ({figure.note})" if figure.note else ""
    return f"{figure.measure:11} {figure.database:11} {figure.name:58} {said(figure):>20}{note}"


def markdown(figures: Sequence[Figure]) -> Iterator[str]:
    """Yield a table: a row a figure, a column a database."""
    databases = list(dict.fromkeys(figure.database for figure in figures))
    yield f"| | | {' | '.join(databases)} |"
    yield f"|---|---|{'---|' * len(databases)}"
    known = {(figure.measure, figure.name, figure.database): figure for figure in figures}
    for measure, name in dict.fromkeys((figure.measure, figure.name) for figure in figures):
        cells = [known.get((measure, name, database)) for database in databases]
        yield f"| {measure} | {name} | {' | '.join(said(cell) if cell else '' for cell in cells)} |"


def write_json(figures: Sequence[Figure], path: Path) -> None:
    """Write every figure with its note."""
    path.write_text(json.dumps([asdict(figure) for figure in figures], ensure_ascii=False, indent=1) + "\n", "utf-8")


def ratios(figures: Sequence[Figure]) -> dict[str, dict[str, float | str]]:
    """Return what a baseline keeps: the ratios that were measured, with the direction in which they are better."""
    return {
        figure.key: {"value": round(figure.value, 3), "better": figure.better}
        for figure in figures
        if figure.better and figure.value is not None
    }


def fallen(figures: Sequence[Figure], baseline: Path) -> Iterator[str]:
    """Yield a sentence for each ratio that is worse than the baseline's by more than the tolerance."""
    if not baseline.exists():
        yield f"There is no baseline yet: `--write-baseline` makes {baseline.name}."
        return
    before = json.loads(baseline.read_text("utf-8"))
    for key, now in ratios(figures).items():
        then = before.get(key)
        if then is None:
            continue
        better = float(now["value"]) / float(then["value"]) if then["value"] else 1.0
        if now["better"] == "lower":
            better = 1 / better if better else 1.0
        if better < 1 - TOLERANCE:
            yield f"{key} fell: {then['value']} in the baseline, {now['value']} now."


def renew(figures: Sequence[Figure], baseline: Path) -> None:
    """Put this run's ratios into the baseline; what was not measured stays as it was."""
    before = json.loads(baseline.read_text("utf-8")) if baseline.exists() else {}
    merged = dict(sorted((before | ratios(figures)).items()))
    baseline.write_text(json.dumps(merged, ensure_ascii=False, indent=1) + "\n", "utf-8")
