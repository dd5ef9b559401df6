"""`python -m tests.learning`: everything that the reader has learned, from the corpora and the generator, in one file.

rows, generator → lattice (perceptron), second view (tagger), three times: of either half of the rows, and of all
each half, read by the model of the other → verdict, assurance (logistic) → thresholds → parsers/data/reader.json

Whether a text is a report, how likely a reading is right and from where on that is enough are learned from texts as
models read them that have seen nothing of their writers: on what it has learned a reader is too sure.
The same command gives the same file, byte for byte (fixed seeds, sorted, no order of hashes).
"""

import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from random import Random

import parsers
from parsers.edges import NOTHING_KNOWN
from parsers.feature_tables import Scores
from parsers.lattice import Scorer
from parsers.message import Meaning, Unknown
from parsers.reader import judge, view
from parsers.weights import FILE, Model, model_of, packed
from tests.learning import rosters
from tests.learning.observing import Observed, measure_of, observed
from tests.learning.perceptron import Learner, Problem, gold_path, problem_of, train
from tests.learning.samples import CORPUS, Sample, corpus, generated, written
from tests.learning.tagging import gold_tags, train_tagger
from tests.learning.weighing import weighed

GENERATED, FRESH = 6_000, 4_000
EPOCHS = (2, 5)
UNMEASURED = 10_000
LEAST_OF_LATTICE, LEAST_OF_TAGGER = 4, 9
"""Features of less weight change no reading; the file is half as large without them."""
HALVES = (
    ("reports2", "variants", "a", "c", "e", "g", "i", "j", "l"),
    ("reports", "reports3", "b", "d", "f", "h", "k", "m", "n"),
)
"""Sets by writer, so that either half is read by a model that has seen nothing of its writers."""
MUST_HOLD = ("reports", "variants", "variants") * 2
"""What is promised to be right counts several times."""
AGAINST_IT = ("glue-001", "glue-002")
"""Rows that say the contrary of one that is promised (is 正盛 behind the number an agent or a unit? H11)."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one model learns: rows, so many generated texts of a seed."""

    rows: tuple[Sample, ...]
    count: int = GENERATED
    seed: int = 1


def halves_to_learn() -> tuple[list[Sample], list[Sample]]:
    """Return every labelled row in its half; those with two honest readings are none."""
    one, other = ([s for name in names for s in rows_of(name) if _is_clear(s)] for names in HALVES)
    return one, other


def rows_of(name: str) -> list[Sample]:
    """Return the rows of one set, by the name of its file."""
    path = CORPUS / "written" / f"{name}.tsv"
    return list(written(path)) if path.exists() else list(corpus(name))


def _is_clear(sample: Sample) -> bool:
    return not sample.optional and sample.row not in AGAINST_IT


def learned(lesson: Lesson) -> str:
    """Return the lattice and the second view of a lesson, as they are stored: one process hands them to another."""
    random = Random(lesson.seed)
    made = list(generated(lesson.seed, lesson.count))
    learner = Learner()
    generated_problems = _problems(made, random)
    train(generated_problems, learner, EPOCHS[0], random.shuffle, report=_say)
    row_problems = _problems([s for s in lesson.rows if _is_reading(s)], random)
    mixed = [*row_problems, *generated_problems[: len(row_problems)]]
    train(mixed, learner, EPOCHS[1], random.shuffle, report=_say)
    scorer = Scorer(learner.averaged())
    texts = []
    for problem in (*row_problems, *generated_problems):
        gold = gold_path(problem, scorer)
        if gold is not None:
            texts.append(gold_tags(problem, gold, problem.known))
    tagger = train_tagger(texts, 4, random.shuffle, report=_say)
    model = Model(scorer.weights, tagger, Scores({}), Scores({}), UNMEASURED, {}, {}, 0)
    measure = measure_of(model, list(generated(lesson.seed + 1, max(lesson.count // 6, 20))))
    return stored(replace(model, measure=measure))


def _problems(samples: Sequence[Sample], random: Random) -> list[Problem]:
    return [problem_of(s, known) for s, known in zip(samples, rosters.knowns_for(samples, random), strict=True)]


def _is_reading(sample: Sample) -> bool:
    return sample.expected.get("error") not in ("not_a_report", "unreadable")


def taught(one: Sequence[Sample], other: Sequence[Sample], count: int = GENERATED, fresh: int = FRESH) -> Model:
    """Return the model of all rows, which come in two halves."""
    more = [s for name in MUST_HOLD for s in (*one, *other) if s.source == name]
    lessons = [Lesson((*one, *other, *more), count), Lesson(tuple(one), count), Lesson(tuple(other), count)]
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        whole, of_one, of_other = pool.map(learned, lessons)
        looked = [(of_other, one), (of_one, other), (of_one, list(generated(3, fresh // 2))),
                  (of_other, list(generated(4, fresh // 2)))]  # fmt: skip
        views = list(pool.map(_looked, looked))
    model = model_of(json.loads(whole))
    found = weighed(views[0], views[1], [*views[2], *views[3]], report=_say)
    return replace(
        model,
        verdict=Scores(found.verdict),
        assurance=Scores(found.assurance),
        sure_above=found.sure_above,
        report_above=found.report_above,
        report_below=found.report_below,
    )


def _looked(work: tuple[str, Sequence[Sample]]) -> list[Observed]:
    """Return how a model, as it is stored, sees texts that it has not learned from."""
    stored, samples = work
    return observed(model_of(json.loads(stored)), samples)


def read_with(model: Model, sample: Sample) -> Meaning:
    """Return what a model reads in a text, with nothing known."""
    problem = problem_of(sample, NOTHING_KNOWN)
    seen = view(problem.reading, problem.phones, NOTHING_KNOWN, model)
    return judge(seen, model) if seen is not None else Unknown()


def stored(model: Model) -> str:
    """Return the data file's contents."""
    data = {
        "sure_above": dict(model.sure_above),
        "report_above": dict(model.report_above),
        "report_below": model.report_below,
        "measure": model.measure,
        "lattice": packed(model.lattice, LEAST_OF_LATTICE),
        "tagger": packed(model.tagger, LEAST_OF_TAGGER),
        "verdict": dict(sorted(model.verdict.items())),
        "assurance": dict(sorted(model.assurance.items())),
    }
    values = {key: json.dumps(value, ensure_ascii=False, separators=(",", ":")) for key, value in data.items()}
    return "{\n" + ",\n".join(f' "{key}": {value}' for key, value in values.items()) + "\n}\n"


def _say(line: str) -> None:
    print(f"{time.process_time():6.1f} s  {line}", file=sys.stderr, flush=True)


def main() -> None:
    """Learn, calibrate and write the file."""
    model = taught(*halves_to_learn())
    target = Path(parsers.__path__[0]) / "data" / FILE
    target.write_text(stored(model), "utf-8")
    _say(f"sure above {model.sure_above}, report above {model.report_above}, none below {model.report_below}")
