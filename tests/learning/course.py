"""`python -m tests.learning`: everything that the reader has learned, from the corpora and the generator, in one file.

generate → lattice (perceptron) → second view (tagger) → verdict (logistic) → thresholds → parsers/data/reader.json
The same command gives the same file, byte for byte (fixed seeds, sorted, no order of hashes).
"""

import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from random import Random

import parsers
from parsers.assembly import assemble, parts_of
from parsers.edges import NOTHING_KNOWN, Known
from parsers.lattice import Scorer, search
from parsers.message import Parsed
from parsers.reader import judge, view
from parsers.verdict import features_of
from parsers.weights import FILE, OUTCOMES, Model, model_of, packed
from tests.learning import rosters
from tests.learning.calibration import Seen, margins_of, verdicts_of
from tests.learning.deciding import train_verdict
from tests.learning.perceptron import Learner, Problem, gold_path, problem_of, train
from tests.learning.samples import CORPUS, Sample, corpus, generated, written
from tests.learning.tagging import gold_tags, train_tagger

GENERATED, FRESH = 6_000, 4_000
EPOCHS = (2, 5)
WEIGHT_OF_ROWS = 4.0
LEAST_OF_LATTICE, LEAST_OF_TAGGER = 4, 9
"""Features of less weight change no reading; the file is half as large without them."""
LEARNED = ("written1.tsv", "written2.tsv")
MUST_HOLD = ("reports", "variants", "variants") * 2
"""What is promised to be right counts several times."""
AGAINST_IT = ("glue-001", "glue-002")
"""Rows that say the contrary of one that is promised (is 正盛 behind the number an agent or a unit? H11)."""
CALIBRATED_ON = "calibration.tsv"
NO_THRESHOLDS = {"agree-listed": 0, "agree-free": 0, "differ-listed": 0, "differ-free": 0, "number": 0}


def rows_to_learn() -> list[Sample]:
    """Return every labelled row that is learned from; those with two honest readings are none."""
    names = ("reports", "reports2", "reports3", "variants")
    rows = [s for name in (*names, *MUST_HOLD) for s in corpus(name)]
    rows += [s for name in LEARNED for s in written(CORPUS / name)]
    return [s for s in rows if not s.optional and s.row not in AGAINST_IT]


def learn(rows: Sequence[Sample], count: int = GENERATED, fresh: int = FRESH, seed: int = 1) -> Model:
    """Return a model without thresholds."""
    random = Random(seed)
    made = list(generated(seed, count))
    learner = Learner()
    generated_problems = _problems(made, random)
    train(generated_problems, learner, EPOCHS[0], random.shuffle, report=_say)
    row_problems = _problems([s for s in rows if _is_reading(s)], random)
    mixed = [*row_problems, *generated_problems[: len(row_problems)]]
    train(mixed, learner, EPOCHS[1], random.shuffle, report=_say)
    scorer = Scorer(learner.averaged())
    texts = []
    for problem in (*row_problems, *generated_problems):
        gold = gold_path(problem, scorer)
        if gold is not None:
            texts.append(gold_tags(problem, gold, problem.known))
    tagger = train_tagger(texts, 4, random.shuffle, report=_say)
    verdict = _verdict(rows, list(generated(seed + 1, fresh)), scorer, random)
    return Model(scorer.weights, tagger, verdict, NO_THRESHOLDS, dict.fromkeys(OUTCOMES, 0), 0)


def _problems(samples: Sequence[Sample], random: Random) -> list[Problem]:
    return [problem_of(s, known) for s, known in zip(samples, rosters.knowns_for(samples, random), strict=True)]


def _is_reading(sample: Sample) -> bool:
    return sample.expected.get("error") not in ("not_a_report", "unreadable")


def _verdict(rows: Sequence[Sample], made: Sequence[Sample], scorer: Scorer, random: Random) -> dict[str, int]:
    texts = []
    for samples, weight in ((rows, WEIGHT_OF_ROWS), (rows, WEIGHT_OF_ROWS), (made, 1.0)):
        for problem in _problems(samples, random):
            found = search(problem.pieces, problem.edges, scorer)
            if problem.pieces and found:
                path = found[0].path()
                parsed = assemble(parts_of(path, problem.pieces), problem.reading)
                features = frozenset(features_of(path, parsed, problem.reading))
                texts.append((features, problem.sample.expected.get("error") != "not_a_report", weight))
    return train_verdict(texts, 10, random.shuffle)


def seen_by(model: Model, rows: Sequence[Sample], listed: bool) -> list[Seen]:
    """Return what a model finds in texts; `listed`: the site knows all their agents and units."""
    people, units = rosters.whole_roster(rows)
    out = []
    for sample in rows:
        known = Known(people, units, rosters.sender_of(sample)) if listed else NOTHING_KNOWN
        problem = problem_of(sample, known)
        seen = view(problem.reading, problem.phones, known, model, thorough=True)
        if seen is not None:
            out.append(Seen(sample, seen))
    return out


def read_with(model: Model, sample: Sample) -> Parsed:
    """Return what a model reads in a text, with nothing known."""
    problem = problem_of(sample, NOTHING_KNOWN)
    seen = view(problem.reading, problem.phones, NOTHING_KNOWN, model)
    return judge(seen, model) if seen is not None else Parsed("unknown", "not_a_report")


def calibrated(model: Model, rows: Sequence[Sample]) -> Model:
    """Return the model with the thresholds that these texts, which it did not learn from, call for."""
    free, listed = seen_by(model, rows, listed=False), seen_by(model, rows, listed=True)
    above, below = verdicts_of([*free, *listed])
    return Model(model.lattice, model.tagger, model.verdict, margins_of([*free, *listed]), above, below)


def stored(model: Model) -> str:
    """Return the data file's contents."""
    data = {
        "margins": dict(model.margins),
        "report_above": dict(model.report_above),
        "report_below": model.report_below,
        "lattice": packed(model.lattice, LEAST_OF_LATTICE),
        "tagger": packed(model.tagger, LEAST_OF_TAGGER),
        "verdict": dict(sorted(model.verdict.items())),
    }
    values = {key: json.dumps(value, ensure_ascii=False, separators=(",", ":")) for key, value in data.items()}
    return "{\n" + ",\n".join(f' "{key}": {value}' for key, value in values.items()) + "\n}\n"


def _say(line: str) -> None:
    print(f"{time.process_time():6.1f} s  {line}", file=sys.stderr, flush=True)


def learned_and_calibrated() -> Model:
    """Return the model of all rows, with the thresholds of its twin that has not seen the rows it is calibrated on."""
    held = [s for s in written(CORPUS / CALIBRATED_ON) if not s.optional]
    rows = rows_to_learn()
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        twin, whole = pool.map(learned, [rows, [*rows, *held]])
    thresholds = calibrated(model_of(json.loads(twin)), held)
    model = model_of(json.loads(whole))
    return replace(
        model,
        margins=thresholds.margins,
        report_above=thresholds.report_above,
        report_below=thresholds.report_below,
    )


def learned(rows: Sequence[Sample]) -> str:
    """Return what is learned from the rows, as it is stored: what one process hands to another."""
    return stored(learn(rows))


def main() -> None:
    """Learn, calibrate and write the file."""
    model = learned_and_calibrated()
    target = Path(parsers.__path__[0]) / "data" / FILE
    target.write_text(stored(model), "utf-8")
    _say(f"{target.name}: {dict(model.margins)}, report above {model.report_above}, none below {model.report_below}")
