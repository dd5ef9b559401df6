"""Faults of the phone's app by its version."""

import pytest

from worker.gateways.phone_versions import EVENTS, FIRST_GOOD, events_of, faults_of, posts_once, version_of


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        ("me.capcom.smsgateway/1.52.2", ["no_look", "twice", "no_start"]),
        ("1.52.3", ["no_look", "no_start"]),
        ("v1.62.0", ["no_look", "no_start"]),
        ("1.63.0", ["no_look", "no_date", "no_start"]),
        ("1.64", ["no_look", "no_date", "no_start"]),
        ("1.65.0", ["no_look", "no_date", "twice", "no_start"]),
        ("1.65.1", ["no_look", "no_date", "no_start"]),
        ("me.capcom.smsgateway/1.65.2", ["same_words_lost", "no_start"]),
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


def test_a_version_is_asked_for_nothing_that_it_does_not_know() -> None:
    assert version_of("SMSGate") is None
    assert events_of("") == ("sms:received", "system:ping")
    assert "app:started" not in events_of("1.65.3")
    assert events_of("1.66.0") == tuple(EVENTS)
    assert [posts_once(said) for said in ("", "1.65.1", "1.65.2")] == [False, False, True]
