"""`python -m tests.mutants`: its mutants are programs, its sample is fixed, and a scenario notices one."""

import ast

import pytest

from tests.mutants.equivalents import equivalents
from tests.mutants.making import KINDS, all_mutants, of_source, sample
from tests.mutants.trying import PROJECT, asked_scenarios, copied, noticed_by

PACKAGE = "worker/rules"
SOURCE = '''
def ends(claim: Claim, now: datetime) -> bool:
    """R7: 有效至."""
    if "有" and now < claim.end and not claim.sold:
        notify(claim, code=1)
    return True
'''


def test_each_kind_makes_its_changes_and_nothing_else_moves() -> None:
    made = {(m.kind, m.was, m.becomes) for m in of_source("a.py", SOURCE)}
    assert ("comparisons", "now < claim.end", "now <= claim.end") in made
    assert ("booleans", "not claim.sold", "bool(claim.sold)") in made
    assert ("statements", "notify(claim, code=1)", "pass") in made
    assert ("arguments", "notify(claim, code=1)", "notify(claim)") in made
    assert ("constants", "1", "2") in made
    assert ("returned", "True", "not (True)") in made
    assert {kind for kind, _, _ in made} == set(KINDS)
    swapped = next(m for m in of_source("a.py", SOURCE) if m.kind == "comparisons")
    assert swapped.planted(SOURCE) == SOURCE.replace("now < claim", "now <= claim")


def test_every_mutant_is_another_program() -> None:
    for mutant in sample(list(all_mutants(PROJECT, PACKAGE)), 5, 1):
        source = (PROJECT / mutant.file).read_text("utf-8")
        assert ast.dump(ast.parse(mutant.planted(source))) != ast.dump(ast.parse(source)), mutant


def test_the_sample_stays_as_it_is_when_lines_move() -> None:
    moved = [m.key for m in sample(list(of_source("a.py", f"# A comment.\n{SOURCE}")), 1, 1)]
    assert moved == [m.key for m in sample(list(of_source("a.py", SOURCE)), 1, 1)]
    assert len(moved) == len(KINDS)


def test_what_is_said_to_change_nothing_is_there() -> None:
    assert set(equivalents()) <= {mutant.key for mutant in all_mutants(PROJECT, PACKAGE)}
    assert all(equivalents().values())


@pytest.mark.parametrize("function", ["Claim.live"])
def test_a_mutant_is_noticed_and_taken_out_again(function: str) -> None:
    mutant = next(m for m in all_mutants(PROJECT, PACKAGE) if m.function == function and m.kind == "comparisons")
    with copied() as folder:
        assert noticed_by(mutant, folder, asked_scenarios)
        assert (folder / mutant.file).read_text("utf-8") == (PROJECT / mutant.file).read_text("utf-8")
