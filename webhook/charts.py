"""Charts as lists of rectangles and points: templates draw them as SVG, on a field of `width` × 100."""

from dataclasses import dataclass

from worker.readers.traffic import Series

GAP = 0.25
STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Chart:
    """Decisions as bars, replies as a line; `top` is the value at the upper edge, `peak` the largest one."""

    width: int
    bars: tuple[tuple[float, float, float, float], ...]
    points: str
    top: float
    peak: float
    begins: str
    ends: str


def chart_of(series: Series, begins: str, ends: str) -> Chart:
    """Return the chart of a series, its counts per minute."""
    minutes = series.span.total_seconds() / 60
    decided, sent = ([count / minutes for count in counts] for counts in (series.decisions, series.replies))
    peak = max([*decided, *sent])
    top = nice_top(peak)
    points = " ".join(f"{i + 0.5},{100 - value / top * 100:.2f}" for i, value in enumerate(sent))
    heights = (round(value / top * 100, 2) for value in decided)
    bars = tuple((i + GAP / 2, 100 - height, 1 - GAP, height) for i, height in enumerate(heights) if height)
    return Chart(len(decided), bars, points, top, peak, begins, ends)


def nice_top(peak: float) -> float:
    """Return the next 1, 2 or 5 of a power of ten that is not below the peak, at least 1."""
    power = 1.0
    while True:
        for step in STEPS:
            if step * power >= peak:
                return step * power
        power *= 10
