"""Time of `parse` by kind of text. Run it: python -m tests.benchmarks.bench_parse."""

import statistics
import time
from pathlib import Path

from parsers.parse import parse

CORPUS = Path(__file__).parents[1] / "corpus" / "reports.tsv"
PLAIN = "张三 138****5678 李四"
ROUNDS = 200


def main() -> None:
    """Print median and 99th percentile in microseconds: the plain report, then each family of the corpus."""
    families: dict[str, list[str]] = {"plain": [PLAIN]}
    for line in CORPUS.read_text("utf-8").splitlines()[1:]:
        row_id, text = line.split("\t")[:2]
        families.setdefault(row_id.rsplit("-", 1)[0], []).append(text.replace("\\n", "\n"))
    print(f"{'family':14}{'texts':>6}{'median µs':>11}{'p99 µs':>9}")
    for family, texts in families.items():
        times = sorted(_time(text) for text in texts for _ in range(ROUNDS))
        print(f"{family:14}{len(texts):6}{statistics.median(times):11.1f}{times[int(len(times) * 0.99)]:9.1f}")


def _time(text: str) -> float:
    begun = time.perf_counter()
    parse(text)
    return (time.perf_counter() - begun) * 1e6


if __name__ == "__main__":
    main()
