"""The texts that the reader learns from: consistent, repeatable, of every kind, and no data file with a gap."""

from collections import Counter
from random import Random

import pytest

from tests.learning.generator import mix
from tests.learning.generator.scene import Scene
from tests.learning.generator.templates import table, table_names
from tests.learning.generator.texts import faults_of, samples


@pytest.fixture(scope="module")
def drawn():
    return list(samples(9, 500))


def test_spans_and_expectations_agree(drawn):
    assert {sample.text: faults_of(sample) for sample in drawn if faults_of(sample)} == {}


def test_the_same_seed_gives_the_same_texts(drawn):
    assert list(samples(9, 500)) == drawn
    assert [sample.text for sample in samples(10, 20)] != [sample.text for sample in drawn[:20]]


def test_a_sample_does_not_hang_on_how_many_are_asked_for(drawn):
    assert list(samples(9, 7)) == drawn[:7]


def test_shares(drawn):
    kinds = Counter(sample.expected.get("error", "report") for sample in drawn)
    assert 0.68 < kinds.pop("report") / len(drawn) < 0.82
    assert 0.14 < kinds.pop("not_a_report") / len(drawn) < 0.27
    assert set(kinds) == {"missing_name", "missing_phone", "missing_agent", "bad_phone", "full_phone_given"}


def test_only_faulty_families_have_faults(drawn):
    faulty = {name for name, _, _ in mix.FAULTY}
    for sample in drawn:
        if "error" in sample.expected:
            assert sample.family in faulty or sample.family.startswith("no report"), sample.text


@pytest.mark.parametrize("name", table_names())
def test_every_template_can_be_written(name):
    for template in table(name).lines:
        for seed in range(3):
            Scene(Random(seed)).write(template)
