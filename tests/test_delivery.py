"""The states of a reply as a table: what is known, what is learnt, what becomes of it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.sending import NOON
from worker.gateways.base import (
    DELIVERIES,
    Handover,
    Refused,
    Retry,
    SenderStopped,
    Sent,
    Status,
    Stopped,
    Unknown,
)
from worker.outbox.delivery import Change, ReplyHistory, after_lookups, after_outcome, after_status, backoff_s
from worker.store.states import ReplyState

SENDING = ReplyHistory(ReplyState.SENDING, 1, None, None, NOON + timedelta(hours=4))
SENT = replace(SENDING, state="sent", sid="SM1", delivery="sent")
SOFT = Retry(600, "30003", "off", once=True)
HARD = Refused("30005", "unknown", "number")


def state(change: Change) -> tuple[Any, ...]:
    return change.get("state"), change.get("attempt"), change.get("error_code")


@pytest.mark.parametrize(
    ("outcome", "wanted"),
    [
        (Sent("SM1", "queued"), ("sent", None, None)),
        (Retry(1, "20429", ""), ("pending", None, "20429")),
        (HARD, ("failed", None, "30005")),
        (Unknown("ReadTimeout", ""), ("unknown", None, "ReadTimeout")),
        (Stopped("20003", ""), ("pending", 0, None)),
        (SenderStopped("21603", ""), ("pending", 0, None)),
    ],
)
def test_outcome_of_an_attempt(outcome: Handover, wanted: tuple[Any, ...]) -> None:
    assert state(after_outcome(SENDING, outcome, NOON, 0.0)) == wanted


@pytest.mark.parametrize("outcome", [Unknown("x", ""), Retry(1, "x", ""), HARD, Stopped("x", "")])
def test_a_callback_that_was_faster_knows_better_than_an_answer_that_failed(outcome: Handover) -> None:
    assert after_outcome(SENT, outcome, NOON, 0.0) == {}


def test_an_answer_after_its_callback_adds_the_sid_and_takes_nothing_back() -> None:
    delivered = replace(SENT, sid=None, delivery="delivered")
    assert after_outcome(delivered, Sent("SM1", "queued"), NOON, 0.0) == {"sid": "SM1", "delivery": "delivered"}


def test_an_answer_after_a_callback_that_told_of_failure_changes_only_the_sid() -> None:
    failed = replace(SENDING, state="failed", delivery="undelivered")
    again = replace(SENDING, state="pending", delivery="undelivered")
    assert [after_outcome(s, Sent("SM1", "queued"), NOON, 0.0) for s in (failed, again)] == [{"sid": "SM1"}] * 2


@pytest.mark.parametrize("before", ["sending", "unknown", "review", "pending"])
@pytest.mark.parametrize("word", ["queued", "sending", "sent", "delivered"])
def test_a_callback_settles_whatever_is_in_doubt(before: str, word: str) -> None:
    change = after_status(replace(SENDING, state=before), Status("t", "SM1", 7, word, attempt=1), NOON, 0.0)
    assert (change["state"], change["sid"], change["delivery"]) == ("sent", "SM1", word)


@pytest.mark.parametrize(("known", "word"), [(a, b) for i, a in enumerate(DELIVERIES) for b in DELIVERIES[: i + 1]])
def test_never_backwards_and_never_twice(known: str, word: str) -> None:
    assert after_status(replace(SENT, delivery=known), Status("t", "SM1", 7, word, attempt=1), NOON, 0.0) == {}


def test_the_last_three_words_end_it_whichever_comes_first() -> None:
    ends = DELIVERIES[3:]
    for known in ends:
        for word in ends:
            status = Status("t", "SM1", 7, word, attempt=1, failure=HARD)
            assert after_status(replace(SENT, delivery=known), status, NOON, 0.0) == {}


@pytest.mark.parametrize(
    ("failure", "soft_failures", "wanted"),
    [
        (HARD, 0, ("failed", None, "30005")),
        (None, 0, ("failed", None, "39999")),
        (SOFT, 0, ("pending", None, "30003")),
        (SOFT, 1, ("failed", None, "30003")),
        (Retry(1, "30001", "queue full"), 1, ("pending", None, "30001")),
        (Stopped("30002", ""), 0, ("pending", None, None)),
        (SenderStopped("30034", ""), 0, ("pending", None, None)),
    ],
)
def test_a_delivery_that_failed(failure: Any, soft_failures: int, wanted: tuple[Any, ...]) -> None:
    status = Status("t", "SM1", 7, "undelivered", "39999", 1, failure)
    change = after_status(replace(SENT, soft_failures=soft_failures), status, NOON, 0.0)
    assert state(change) == wanted
    assert change["delivery"] == "undelivered"


def test_a_soft_failure_is_tried_anew_after_ten_to_fifteen_minutes() -> None:
    status = Status("t", "SM1", 7, "undelivered", "30003", 1, SOFT)
    waits = [(after_status(SENT, status, NOON, c)["next_at"] - NOON).total_seconds() for c in (0.0, 1.0)]
    assert waits == [600, 900]


@pytest.mark.parametrize(
    ("before", "word", "wanted"),
    [
        ("unknown", "delivered", "sent"),
        ("review", "sent", "sent"),
        ("pending", "delivered", "sent"),
        ("sending", "delivered", None),
        ("sent", "delivered", None),
        ("unknown", "failed", None),
        ("sent", "undelivered", None),
    ],
)
def test_good_news_of_an_earlier_attempt_settles_doubt_and_bad_news_is_old(
    before: str, word: str, wanted: str | None
) -> None:
    second = replace(SENDING, state=before, attempt=2)
    status = Status("t", "SM1", 7, word, attempt=1, failure=HARD)
    assert after_status(second, status, NOON, 0.0).get("state") == wanted


@pytest.mark.parametrize(
    ("standing", "wanted"),
    [
        (replace(SENDING, state="unknown"), "pending"),
        (replace(SENDING, state="unknown", attempt=2, unknowns=1), "review"),
        (replace(SENDING, state="unknown", useful_until=NOON), "review"),
    ],
)
def test_one_resend_while_it_is_of_use_then_a_person(standing: ReplyHistory, wanted: str) -> None:
    assert after_lookups(standing, NOON)["state"] == wanted


def test_waits_grow_from_one_second_to_five_minutes() -> None:
    assert [backoff_s(attempt, 1, 0.0) for attempt in (1, 2, 3, 4)] == [1, 2, 4, 8]
    assert backoff_s(60, 1, 1.0) == 300
    assert backoff_s(1, 60, 0.0) == 60
