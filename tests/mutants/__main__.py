"""`python -m tests.mutants worker/rules`: which small changes of the source does no test notice?

Prints each mutant as it is tried, then the survivors and the score: what was noticed, of a fixed sample, in percent.
Exits with 1 where the score is below `LEAST`.
"""

import argparse
import re
import sys

from tests.mutants.equivalents import equivalents
from tests.mutants.making import Mutant, all_mutants, sample
from tests.mutants.trying import PROJECT, Ask, asked, asked_scenarios, copied, noticed_by

LEAST = 95
OF_EACH_KIND = 13
SEED = 10


def main(words: list[str]) -> int:
    """Return 0 where enough mutants of the sample were noticed."""
    options = _options(words)
    reasons = equivalents()
    drawn = sample(list(all_mutants(PROJECT, options.package)), options.each, options.seed)
    part, parts = (int(number) for number in options.part.split("/"))
    chosen = [m for m in drawn if re.search(options.only, m.key)][part - 1 :: parts]
    counted = [m for m in chosen if m.key not in reasons]
    survivors = [] if options.list else _survivors(counted, asked_scenarios if options.scenarios else asked)
    for mutant in chosen if options.list else survivors:
        print(f"\n{_described(mutant)}\n    {mutant.key}")
    if options.list:
        return 0
    score = 100 * (len(counted) - len(survivors)) / max(len(counted), 1)
    print(f"\n{len(counted) - len(survivors)} of {len(counted)} mutants were noticed: {score:.1f} %", end="")
    print(f" ({len(chosen) - len(counted)} more change nothing, see equivalent.toml)")
    return int(score < LEAST)


def _options(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("package", help="a folder of modules: worker/rules")
    parser.add_argument("--each", type=int, default=OF_EACH_KIND, help="how many mutants of each kind (%(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="another seed is another sample (%(default)s)")
    parser.add_argument("--part", default="1/1", help="2/5: every fifth mutant of the sample, from the second")
    parser.add_argument(
        "--only", default="", help="only mutants whose name this pattern is found in: a file, a function"
    )
    parser.add_argument("--scenarios", action="store_true", help="ask the scenario files alone, which is quicker")
    parser.add_argument("--list", action="store_true", help="print the sample and try nothing")
    return parser.parse_args(words)


def _survivors(mutants: list[Mutant], ask: Ask) -> list[Mutant]:
    """Try each and say how it went; what no test notices survives."""
    survivors = []
    with copied() as folder:
        if name := ask("", folder):
            raise SystemExit(f"The tests do not hold without any mutant: {name}")
        for number, mutant in enumerate(mutants, 1):
            name = noticed_by(mutant, folder, ask)
            survivors += [] if name else [mutant]
            outcome = f"noticed by {name}" if name else "SURVIVED"
            print(f"{number:3}/{len(mutants)} {_place(mutant)} {outcome}", flush=True)
    return survivors


def _place(mutant: Mutant) -> str:
    return f"{mutant.file}:{mutant.line} {mutant.function} ({mutant.kind})"


def _described(mutant: Mutant) -> str:
    return f"{_place(mutant)}\n  - {mutant.was}\n  + {mutant.becomes}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
