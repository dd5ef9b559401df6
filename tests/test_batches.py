"""Many replies in one transaction, on both databases: news of them leaves the very rows that it leaves one by one; what
cannot be recorded harms no other; and a death beside a commit loses and repeats nothing."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from threading import Barrier
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, select

from tests.crashes.journey import CrashedError, Death
from tests.fake_twilio import ACCOUNT, TOKEN, fake_twilio
from tests.sending import NOON, StandingClock, add_reply, add_site, lease, reply
from worker.crash_points import watching
from worker.gateways.base import Handover, Outgoing, Refused, Retry, SenderStopped, Sent, Status, Stopped, Unknown
from worker.gateways.twilio import Twilio
from worker.outbox import courier as courier_module
from worker.outbox.callbacks import record_statuses
from worker.outbox.courier import Courier
from worker.outbox.doubts import Settler
from worker.outbox.leases import Lease, close_leases, lease_all
from worker.outbox.outcomes import Answer, record_all
from worker.settings import TwilioSettings
from worker.store.schema import attempts, gateway_stops, metadata, opt_outs, replies

FEW = settings().max_examples // 2
PHONES = [f"+86138000001{n:02}" for n in range(4)]
SIDS = st.sampled_from([f"SM{n}" for n in range(3)])
FAILURES = st.sampled_from(
    [
        Retry(600, "30003", "off", once=True),
        Refused("30006", "", "number"),
        Refused("21610", "", "number", opted_out=True),
        SenderStopped("30034", ""),
        SenderStopped("21606", "", recipients=2),
        Stopped("30002", ""),
        None,
    ]
)
OUTCOMES = st.one_of(
    st.builds(Sent, SIDS, st.sampled_from([None, "queued", "sent"])),
    st.builds(Unknown, st.just("ReadTimeout"), st.just("")),
    FAILURES.filter(bool),
)
GOOD = st.builds(
    Status, st.just("twilio"), SIDS, st.none(), st.sampled_from(["queued", "sending", "sent", "delivered"])
)
BAD = st.builds(
    Status,
    st.just("twilio"),
    SIDS,
    st.none(),
    st.sampled_from(["undelivered", "failed"]),
    st.just("1"),
    failure=FAILURES,
)
# Which reply it is about (0: its id is not given; 9: no reply of ours), and which attempt.
WORDS = st.tuples(GOOD | GOOD | BAD, st.integers(0, len(PHONES)) | st.just(9), st.sampled_from([None, 1, 1, 2]))
ANSWERS = st.tuples(st.integers(0, len(PHONES) - 1), OUTCOMES)


@pytest.fixture(autouse=True)
def _no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("callbacks", "outcomes"):
        monkeypatch.setattr(f"worker.outbox.{module}.chance", lambda: 0.5)


class Outbox:
    """An outbox of a few leased replies, each to a phone of its own."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.clock = engine, StandingClock()
        site = add_site(engine)
        self.ids = [add_reply(engine, site, f"R{n}", recipient=phone) for n, phone in enumerate(PHONES)]
        self.leases = [self.lease(n) for n in range(len(PHONES))]

    def lease(self, n: int) -> Lease:
        """Lease a reply that is due."""
        leased = lease(self.engine, self.ids[n], self.clock())
        assert leased is not None
        return leased

    def answers(self, answers: list[tuple[int, Handover]]) -> list[Answer]:
        """Return these as answers to the leases."""
        return [(self.leases[n], outcome) for n, outcome in answers]

    def statuses(self, words: list[tuple[Status, int, int | None]]) -> list[Status]:
        """Return these as words on the replies."""
        ids = {0: None, 9: 10**9} | dict(enumerate(self.ids, start=1))
        return [
            Status(w.gateway, w.sid, ids[n], w.delivery, w.error_code, attempt if n else None, w.failure)
            for w, n, attempt in words
        ]

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return everything that sending changes, ids counted from the first."""
        base = {"id": self.ids[0], "reply_id": self.ids[0]}
        shown: dict[str, list[tuple[Any, ...]]] = {}
        with self.engine.connect() as connection:
            for table in (replies, attempts, gateway_stops, opt_outs):
                found = connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
                left_out = {"site_id"}
                shown[table.name] = [
                    tuple(
                        value - base.get(name, 0) if name in base else value
                        for name, value in row.items()
                        if name not in left_out
                    )
                    for row in found
                ]
        return shown

    def clear(self) -> None:
        """Leave the tables empty."""
        with self.engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(delete(table))


def left_by(engine: Engine, play: Callable[[Outbox], object]) -> tuple[object, dict[str, list[tuple[Any, ...]]]]:
    """Return what a play on a fresh outbox returns, and the rows that it leaves."""
    outbox = Outbox(engine)
    try:
        return play(outbox), outbox.rows()
    finally:
        outbox.clear()


@settings(max_examples=FEW, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ANSWERS, max_size=3), st.lists(WORDS, min_size=2, max_size=12))
def test_words_of_gateways(engine: Engine, before: list[Any], words: list[Any]) -> None:
    def begin(outbox: Outbox) -> list[Status]:
        record_all(engine, outbox.answers(before), NOON)
        return outbox.statuses(words)

    together = left_by(engine, lambda outbox: record_statuses(engine, begin(outbox), NOON))
    singly = left_by(engine, lambda outbox: [record_statuses(engine, [s], NOON)[0] for s in begin(outbox)])
    assert together == singly


@settings(max_examples=FEW, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(WORDS, max_size=3), st.lists(ANSWERS, min_size=2, max_size=6))
def test_answers_of_gateways(engine: Engine, before: list[Any], answers: list[Any]) -> None:
    def begin(outbox: Outbox) -> list[Answer]:
        record_statuses(engine, outbox.statuses(before), NOON)
        return outbox.answers(answers)

    together = left_by(engine, lambda outbox: record_all(engine, begin(outbox), NOON))
    singly = left_by(engine, lambda outbox: [record_all(engine, [one], NOON) for one in begin(outbox)] and None)
    assert together == singly


def test_of_several_to_one_phone_the_first_is_leased_and_once(engine: Engine) -> None:
    site, other = add_site(engine), add_site(engine, number="+8613800000099")
    ids = [add_reply(engine, site, f"R{n}", recipient=PHONES[n % 3]) for n in range(9)]
    elsewhere = add_reply(engine, other, recipient=PHONES[0])
    first = lease_all(engine, [*reversed(ids), elsewhere, *ids], NOON)
    assert [leased.outgoing.reply_id for leased in first] == [*ids[:3], elsewhere]
    assert lease_all(engine, ids, NOON) == []
    record_all(engine, [(leased, Sent(f"SM{leased.key[0]}")) for leased in first], NOON)
    assert [leased.outgoing.reply_id for leased in lease_all(engine, ids, NOON)] == ids[3:6]


def test_one_that_cannot_be_recorded_harms_no_other(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    site = add_site(engine)
    ids = [add_reply(engine, site, f"R{n}", recipient=phone) for n, phone in enumerate(PHONES)]
    all_at_once = Barrier(len(ids))

    class Odd(Twilio):
        def __init__(self) -> None:
            """Nothing is needed."""

        def send(self, outgoing: Outgoing) -> Handover:
            all_at_once.wait(30)
            return Sent(f"SM{outgoing.reply_id}", "no word of ours" if outgoing.reply_id == ids[1] else None)

    monkeypatch.setattr(courier_module, "RECORD_PAUSE_S", 0)
    assert Courier(engine, {"twilio": Odd()}, StandingClock()).drain().handed_over == len(ids)
    assert [reply(engine, one).state for one in ids] == ["sent", "sending", "sent", "sent"]


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("step", ["lease.commit", "post", "outcome.commit"])
def test_a_death_with_several_leased_loses_and_repeats_nothing(engine: Engine, step: str, side: str) -> None:
    clock, site = StandingClock(), add_site(engine)
    ids = [add_reply(engine, site, f"R{n} 报备成功", ref=f"R{n}", recipient=PHONES[n % 3]) for n in range(7)]
    with fake_twilio() as fake:
        fake.now = clock
        twilio = Twilio(TwilioSettings(ACCOUNT, (TOKEN,), None, fake.url), None, clock)
        courier = Courier(engine, {"twilio": twilio}, clock)
        with watching(Death(f"{step}.{side}")), suppress(CrashedError):
            courier.drain()
        assert {reply(engine, one).state for one in ids} != {"sent"}
        # Whoever comes after it goes on with what the dead one has not taken.
        courier.drain()
        for minutes in (1.1, 5, 5):
            clock.move(minutes=minutes)
            close_leases(engine, clock())
            Settler(engine, {"twilio": twilio}, clock).settle()
            courier.drain()
        sent = Counter(message["body"] for message in fake.messages)
        assert sent == Counter(f"R{n} 报备成功" for n in range(7))
    assert {reply(engine, one).state for one in ids} == {"sent"}
