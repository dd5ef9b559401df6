"""`python -m tests.benchmarks.bench_reading`: how texts are read, and how fast (reading.md, “The bar”).

Ends of a text: right and sure · asked back with the right guess, with a wrong one · refused with a fault that is not
the text's · silently wrong · no report, yet registered (false) · a report taken for none (lost).

  --unseen FILE   a set that nothing was learned or calibrated on (id, grade, family, text, expected, sender)
  --families      every family of each set by itself
  --cross N       learn N times without a part of the families, and read that part (minutes each)
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

import click

from parsers.message import Lexicon
from parsers.parse import parse
from parsers.weights import digest
from tests.learning import course as learning
from tests.learning.samples import Sample, generated, written
from tests.learning.scoring import Table, end_of
from tests.reading import as_read

NEW_SEED, NEW = 9_001, 2_000
LONG = 1_600
LONG_UNITS = (
    "张三138****5678李四 ", "客户：", "今天天气不错大家都出来看房了", "*1", "报备\n", "王小明李大力", "a b ", "138",
    "麻烦",
)  # fmt: skip


def lexicons(rows: Sequence[Sample], listed: bool) -> Iterator[Lexicon]:
    """Yield what the site knows for each text: nothing, or every agent and unit of the set, and who sends it."""
    agents = {r["agent"] for s in rows for r in s.expected.get("reports", ()) if r["agent"]} | {s.sender for s in rows}
    units = frozenset(r["distributor"] for s in rows for r in s.expected.get("reports", ()) if r["distributor"])
    people = frozenset(agents - {""})
    for sample in rows:
        own = next((r["agent"] for r in sample.expected.get("reports", ()) if r["agent"]), "")
        yield Lexicon(people, units, sample.sender or own) if listed else Lexicon()


def table_of(rows: Sequence[Sample], listed: bool, name: Callable[[Sample], str]) -> Table:
    """Return the ends of the texts of a set, by a name of each."""
    pairs = zip(rows, lexicons(rows, listed), strict=True)
    return Table.of((name(s), end_of(s, as_read(parse(s.text, lexicon=known)))) for s, known in pairs)


def show(title: str, rows: Sequence[Sample], families: bool) -> None:
    """Print the table of a set, without a roster and with one."""
    for listed in (False, True):
        print(f"\n{title} · {'sender, agents and units on the roster' if listed else 'no roster'}")
        lines = table_of(rows, listed, lambda s: "all").lines()
        if any(s.grade for s in rows):
            lines += table_of(rows, listed, lambda s: s.grade).lines()[1:]
        if families:
            lines += table_of(rows, listed, lambda s: f"  {s.family}").lines()[1:]
        print("\n".join(lines))


def new_forms(plain: bool) -> list[Sample]:
    """Return new plain forms, or new blocks with known labels, from the generator under a seed of their own."""
    family = "plain" if plain else "plain block"
    found: list[Sample] = []
    seed = NEW_SEED
    while len(found) < NEW:
        found += [s for s in generated(seed, NEW) if s.family == family and "reports" in s.expected]
        seed += 1
    return found[:NEW]


def cross(folds: int) -> None:
    """Print cross-validation by families: each is read by a model that has seen none of it."""
    halves = learning.halves_to_learn()
    families = sorted({s.family for half in halves for s in half})
    Random(5).shuffle(families)
    ends = []
    for fold in range(folds):
        held = set(families[fold::folds])
        one, other = ([s for s in half if s.family not in held] for half in halves)
        model = learning.taught(one, other, 3_000, 2_000)
        for sample in (s for half in halves for s in half if s.family in held):
            ends.append(("cross-validated", end_of(sample, learning.read_with(model, sample))))
        print(f"fold {fold + 1} of {folds}: {', '.join(sorted(held))}", file=sys.stderr)
    print("\n".join(Table.of(ends).lines()))


def speeds(texts: Sequence[str]) -> list[float]:
    """Return the µs of each text, the best of three."""
    best = [min(_once(text) for _ in range(3)) for text in texts]
    return sorted(best)


def _once(text: str) -> float:
    start = time.perf_counter_ns()
    parse(text)
    return (time.perf_counter_ns() - start) / 1_000


def show_speed(rows: Sequence[Sample]) -> None:
    """Print µs a text: the plain form, median and p99 of a set, 1,600 characters of various kinds, and linearity."""
    plain = speeds(["报备 张三 138****5678 李四"] * 50 + [s.text for s in new_forms(plain=True)[:200]])
    texts = speeds([s.text for s in rows])
    print(f"\nplain form: median {plain[len(plain) // 2]:.0f} µs; the standard line {plain[0]:.0f} µs")
    print(f"texts of the set: median {texts[len(texts) // 2]:.0f} µs, p99 {texts[len(texts) * 99 // 100]:.0f} µs")
    for unit in LONG_UNITS:
        whole = (unit * LONG)[:LONG]
        half = whole[: LONG // 2]
        took, took_half = min(_once(whole) for _ in range(3)), min(_once(half) for _ in range(3))
        print(f"1,600 characters of {unit!r}: {took / 1000:.1f} ms, twice the half: × {took / took_half:.2f}")


@click.command()
@click.option("--unseen", type=click.Path(exists=True, path_type=Path), help="A set that nothing was learned on.")
@click.option("--families", is_flag=True, help="Every family by itself.")
@click.option("--cross", "folds", type=int, default=0, help="Cross-validate by families in so many folds.")
def main(unseen: Path | None, families: bool, folds: int) -> None:
    """Print how texts are read, and how fast."""
    print(f"reader {digest()}")
    sets = {f"seen: {name}": learning.rows_of(name) for names in learning.HALVES for name in names}
    if unseen is not None:
        sets = {f"UNSEEN: {unseen.name}": list(written(unseen))} | sets
    for title, rows in sets.items():
        show(title, [s for s in rows if not s.optional], families)
    for plain in (True, False):
        show(f"new: {'plain forms' if plain else 'blocks with known labels'}", new_forms(plain), families=False)
    show_speed(learning.rows_of("d"))
    if folds:
        cross(folds)


if __name__ == "__main__":
    main()
