"""Faults of the phone's app by its version."""

import pytest

from worker.gateways.phone_versions import FIRST_GOOD, faults_of, version_of


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        ("me.capcom.smsgateway/1.52.2", ["twice"]),
        ("1.52.3", []),
        ("v1.62.0", []),
        ("1.63.0", ["no_date"]),
        ("1.64", ["no_date"]),
        ("1.65.0", ["no_date", "twice"]),
        ("1.65.1", ["no_date"]),
        ("me.capcom.smsgateway/1.65.2", ["same_words_lost"]),
        ("1.66.0", ["same_words_lost", "two_times"]),
        ("me.capcom.smsgateway/1.66.1", ["same_words_lost", "two_times"]),
        (FIRST_GOOD, []),
        ("me.capcom.smsgateway/1.68.0", []),
        ("2.0.0", []),
        ("okhttp/4.9", []),
        ("", []),
    ],
)
def test_a_version_has_the_faults_that_its_source_shows(said: str, codes: list[str]) -> None:
    assert [fault.code for fault in faults_of(said)] == codes


def test_only_what_loses_texts_is_said_to() -> None:
    assert [fault.loses for fault in faults_of("1.66.1")] == [True, False]
    assert version_of("SMSGate") is None
