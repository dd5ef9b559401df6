"""The outbox on both databases: claims, order, what callbacks change, stops and people who opted out."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, event, insert, select, text

from tests.infrastructure.databases import Databases
from tests.sending import (
    AGENT,
    MANAGER,
    NOON,
    NUMBER,
    StandingClock,
    add_reply,
    add_site,
    attempts_of,
    lease,
    record_status,
    reply,
)
from worker.alerts.alarms import alarms
from worker.gateways.base import (
    Handover,
    Refused,
    Retry,
    SenderStopped,
    Sent,
    Status,
    Stopped,
    Unknown,
)
from worker.outbox.due import AT_ONCE
from worker.outbox.leases import Lease, candidates, close_leases, retire
from worker.outbox.outcomes import record
from worker.outbox.stops import resume, stops
from worker.store.database import open_engine
from worker.store.schema import opt_outs, replies

TWILIO = ["twilio"]
SOFT = Retry(600, "30003", "off", once=True)


@pytest.fixture
def site(engine: Engine) -> int:
    return add_site(engine)


def claimed(engine: Engine, reply_id: int, clock: StandingClock) -> Lease:
    found = lease(engine, reply_id, clock())
    assert found is not None
    return found


def hand_over(engine: Engine, reply_id: int, outcome: Handover, clock: StandingClock) -> None:
    record(engine, claimed(engine, reply_id, clock), outcome, clock())


class TestClaim:
    def test_is_committed_and_noted_before_the_gateway_is_asked(
        self, engine: Engine, site: int, clock: StandingClock
    ) -> None:
        one = add_reply(engine, site)
        outgoing = claimed(engine, one, clock).outgoing
        assert (outgoing.sender_number, outgoing.recipient, outgoing.words) == (NUMBER, AGENT, "报备成功 R1")
        assert (reply(engine, one).state, reply(engine, one).attempt) == ("sending", 1)
        assert [(a.number, a.outcome) for a in attempts_of(engine, one)] == [(1, None)]

    def test_is_one_senders_alone(self, engine: Engine, site: int, clock: StandingClock) -> None:
        ids = [add_reply(engine, site, f"R{n}", recipient=f"+86138000001{n:02}") for n in range(8)]
        with ThreadPoolExecutor(8) as pool:
            got = list(pool.map(lambda id_: lease(engine, id_, clock()), ids * 4))
        assert sorted(c.outgoing.reply_id for c in got if c) == ids

    def test_leaves_what_is_not_due_useless_or_of_another_gateway(
        self, engine: Engine, site: int, clock: StandingClock
    ) -> None:
        other = add_site(engine, "smsgate", "+8613800000099")
        add_reply(engine, site, "later", next_at=clock.now.replace(hour=5))
        add_reply(engine, site, "useless", useful_until=clock.now)
        add_reply(engine, other, "elsewhere")
        add_reply(engine, site, "sent", state="sent")
        assert candidates(engine, TWILIO, clock()) == []


class TestOrder:
    def test_only_the_first_to_each_phone_may_go(self, engine: Engine, site: int, clock: StandingClock) -> None:
        first, _, other = (
            add_reply(engine, site, w, recipient=r) for w, r in [("1", AGENT), ("2", AGENT), ("3", MANAGER)]
        )
        assert list(candidates(engine, TWILIO, clock())) == [first, other]

    def test_a_later_one_waits_while_an_earlier_one_is_due_or_on_its_way(
        self, engine: Engine, site: int, clock: StandingClock
    ) -> None:
        first, second = add_reply(engine, site, "1"), add_reply(engine, site, "2")
        assert lease(engine, second, clock()) is None
        taken = claimed(engine, first, clock)
        assert lease(engine, second, clock()) is None
        record(engine, taken, Sent("SM1"), clock())
        assert lease(engine, second, clock()) is not None

    @pytest.mark.parametrize("outcome", [Retry(60, "20429", ""), Unknown("x", ""), Refused("21211", "", "number")])
    def test_one_that_is_backed_off_in_doubt_or_failed_lets_the_later_pass(
        self, engine: Engine, site: int, clock: StandingClock, outcome: Handover
    ) -> None:
        first, second = add_reply(engine, site, "1"), add_reply(engine, site, "2")
        hand_over(engine, first, outcome, clock)
        assert list(candidates(engine, TWILIO, clock())) == [second]

    def test_a_dead_senders_lease_holds_the_later_ones_no_longer_than_it_lasts(
        self, engine: Engine, site: int, clock: StandingClock
    ) -> None:
        first, second = add_reply(engine, site, "1"), add_reply(engine, site, "2")
        claimed(engine, first, clock)
        clock.move(seconds=61)
        assert list(candidates(engine, TWILIO, clock())) == [second]

    def test_a_lease_whose_sender_may_be_dead_holds_the_later_ones_ten_seconds_and_no_longer(
        self, engine: Engine, site: int, clock: StandingClock
    ) -> None:
        first, second = add_reply(engine, site, "1"), add_reply(engine, site, "2")
        claimed(engine, first, clock)
        clock.move(seconds=9)
        assert list(candidates(engine, TWILIO, clock())) == []
        assert lease(engine, second, clock()) is None
        clock.move(seconds=1)
        assert list(candidates(engine, TWILIO, clock())) == [second]
        assert lease(engine, second, clock()) is not None

    def test_who_waits_behind_many_to_one_phone_is_found(self, engine: Engine, site: int, clock: StandingClock) -> None:
        first = add_reply(engine, site)
        with engine.begin() as connection:
            row = dict(connection.execute(select(replies)).mappings().one())
            more = [row | {"id": first + n, "cause": f"d:test:{n}"} for n in range(1, AT_ONCE + 9)]
            connection.execute(insert(replies), more)
        behind = add_reply(engine, site, id=first + AT_ONCE + 9, recipient=MANAGER)
        claimed(engine, first, clock)
        assert list(candidates(engine, TWILIO, clock())) == [behind]

    def test_the_same_phone_at_another_site_does_not_wait(
        self, engine: Engine, site: int, clock: StandingClock
    ) -> None:
        other = add_site(engine, number="+8613800000099")
        ids = [add_reply(engine, s) for s in (site, other)]
        assert list(candidates(engine, TWILIO, clock())) == ids


class TestRecord:
    def test_sent(self, engine: Engine, site: int, clock: StandingClock) -> None:
        one = add_reply(engine, site)
        hand_over(engine, one, Sent("SM1", "queued"), clock)
        row = reply(engine, one)
        assert (row.state, row.sid, row.delivery, row.sent_at, row.lease_until) == ("sent", "SM1", "queued", NOON, None)
        assert [(a.outcome, a.sid) for a in attempts_of(engine, one)] == [("sent", "SM1")]

    def test_each_retry_waits_longer(self, engine: Engine, site: int, clock: StandingClock) -> None:
        one = add_reply(engine, site)
        waits = []
        for _ in range(4):
            hand_over(engine, one, Retry(1, "20429", ""), clock)
            waits.append((reply(engine, one).next_at - clock.now).total_seconds())
            clock.now = reply(engine, one).next_at
        assert all(low <= wait <= 1.5 * low for low, wait in zip((1, 2, 4, 8), waits, strict=True))

    def test_an_outcome_that_comes_after_the_lease_is_taken(
        self, engine: Engine, site: int, clock: StandingClock
    ) -> None:
        one = add_reply(engine, site)
        late = claimed(engine, one, clock)
        clock.move(seconds=61)
        assert close_leases(engine, clock()) == 1
        assert (reply(engine, one).state, attempts_of(engine, one)[0].outcome) == ("unknown", "unknown")
        record(engine, late, Sent("SM1"), clock())
        assert (reply(engine, one).state, attempts_of(engine, one)[0].outcome) == ("sent", "sent")

    def test_an_outcome_of_an_earlier_attempt_changes_the_ledger_only(
        self, engine: Engine, site: int, clock: StandingClock
    ) -> None:
        one = add_reply(engine, site)
        early = claimed(engine, one, clock)
        with engine.begin() as connection:
            connection.execute(text("UPDATE replies SET state = 'pending'"))
        claimed(engine, one, clock)
        record(engine, early, Unknown("x", ""), clock())
        assert reply(engine, one).state == "sending"
        assert [a.outcome for a in attempts_of(engine, one)] == ["unknown", None]

    def test_live_leases_stay(self, engine: Engine, site: int, clock: StandingClock) -> None:
        one = add_reply(engine, site)
        claimed(engine, one, clock)
        clock.move(seconds=59)
        assert close_leases(engine, clock()) == 0


def word(delivery: str, **fields: object) -> Status:
    given = {"gateway": "twilio", "sid": "SM1", "reply_id": None, "delivery": delivery} | fields
    return Status(**given)  # type: ignore[arg-type]


class TestCallbacks:
    def test_before_the_answer_twice_and_out_of_order(self, engine: Engine, site: int, clock: StandingClock) -> None:
        one = add_reply(engine, site)
        taken = claimed(engine, one, clock)
        for delivery in ("sent", "queued", "sent"):
            assert record_status(engine, word(delivery, reply_id=one, attempt=1), clock())
        record(engine, taken, Sent("SM1", "queued"), clock())
        for delivery in ("delivered", "sending", "undelivered", "delivered"):
            assert record_status(engine, word(delivery, reply_id=one, attempt=1), clock())
        row = reply(engine, one)
        assert (row.state, row.sid, row.delivery) == ("sent", "SM1", "delivered")

    @pytest.mark.parametrize("found_by", ["sid", "reply", "reply and attempt"])
    def test_is_found_by_sid_or_by_our_own_id(
        self, engine: Engine, site: int, clock: StandingClock, found_by: str
    ) -> None:
        one = add_reply(engine, site)
        hand_over(engine, one, Sent("SM1"), clock)
        ids = {"sid": {}, "reply": {"reply_id": one}, "reply and attempt": {"reply_id": one, "attempt": 1}}
        assert record_status(engine, word("delivered", **ids[found_by]), clock())
        assert reply(engine, one).delivery == "delivered"

    def test_of_another_databases_reply_with_the_same_id_is_none_of_ours(
        self, engine: Engine, site: int, clock: StandingClock
    ) -> None:
        one = add_reply(engine, site)
        hand_over(engine, one, Sent("SM1", "sent"), clock)
        ours = {"reply_id": one, "attempt": 1}
        assert not record_status(engine, word("failed", sid="SM9", site_id=site + 1, **ours), clock())
        assert reply(engine, one).delivery == "sent"
        assert record_status(engine, word("delivered", site_id=site, **ours), clock())
        assert reply(engine, one).delivery == "delivered"

    def test_settles_an_unknown_outcome(self, engine: Engine, site: int, clock: StandingClock) -> None:
        one = add_reply(engine, site)
        hand_over(engine, one, Unknown("ReadTimeout", ""), clock)
        record_status(engine, word("sent", reply_id=one, attempt=1), clock())
        assert (reply(engine, one).state, reply(engine, one).error_code) == ("sent", None)

    @pytest.mark.parametrize("wrong", [{"sid": "SM9"}, {"reply_id": 999}, {"reply_id": 999, "attempt": 1}])
    def test_about_nothing_of_ours_changes_nothing(
        self, engine: Engine, site: int, clock: StandingClock, wrong: dict[str, object]
    ) -> None:
        one = add_reply(engine, site)
        hand_over(engine, one, Sent("SM1"), clock)
        assert not record_status(engine, word("delivered", **wrong), clock())
        assert reply(engine, one).delivery is None

    def test_a_soft_failure_gets_one_new_attempt(self, engine: Engine, site: int, clock: StandingClock) -> None:
        one = add_reply(engine, site)
        for number in (1, 2):
            hand_over(engine, one, Sent(f"SM{number}"), clock)
            soft = word("undelivered", sid=f"SM{number}", error_code="30003", failure=SOFT)
            for _ in range(2):
                record_status(engine, soft, clock())
            clock.move(minutes=16)
        assert (reply(engine, one).state, reply(engine, one).error_code) == ("failed", "30003")
        assert len(attempts_of(engine, one)) == 2

    def test_an_unregistered_number_told_by_callback_stops_the_number(
        self, engine: Engine, site: int, clock: StandingClock
    ) -> None:
        one = add_reply(engine, site)
        hand_over(engine, one, Sent("SM1"), clock)
        record_status(engine, word("undelivered", error_code="30034", failure=SenderStopped("30034", "")), clock())
        assert [(s.gateway, s.number, s.code) for s in stops(engine)] == [("twilio", NUMBER, "30034")]
        assert reply(engine, one).state == "pending"


class TestStops:
    def test_our_accounts_fault_stops_the_gateway_and_burns_no_attempt(
        self, engine: Engine, site: int, clock: StandingClock
    ) -> None:
        ids = [add_reply(engine, site, f"R{n}", recipient=f"+86138000001{n:02}") for n in range(3)]
        hand_over(engine, ids[0], Stopped("20003", "no"), clock)
        assert [(reply(engine, i).state, reply(engine, i).attempt) for i in ids] == [("pending", 0)] * 3
        assert attempts_of(engine, ids[0]) == []
        assert [(s.gateway, s.number, s.code) for s in stops(engine)] == [("twilio", "", "20003")]
        assert candidates(engine, TWILIO, clock()) == []

    def test_resumes_by_command_with_everything_that_waited(
        self, engine: Engine, site: int, clock: StandingClock
    ) -> None:
        one = add_reply(engine, site)
        hand_over(engine, one, Stopped("20003", ""), clock)
        assert (resume(engine, "smsgate"), resume(engine, "twilio"), resume(engine, "twilio")) == (0, 1, 0)
        assert list(candidates(engine, TWILIO, clock())) == [one]

    def test_two_senders_may_find_out_at_once(self, engine: Engine, site: int, clock: StandingClock) -> None:
        taken = [claimed(engine, add_reply(engine, site, w, recipient=w), clock) for w in (AGENT, MANAGER)]
        for one in taken:
            record(engine, one, Stopped("20003", ""), clock())
        assert len(stops(engine)) == 1

    def test_our_numbers_fault_stops_that_number_alone(self, engine: Engine, site: int, clock: StandingClock) -> None:
        other = add_site(engine, number="+8613800000099")
        here, there = add_reply(engine, site), add_reply(engine, other)
        hand_over(engine, here, SenderStopped("21603", ""), clock)
        assert list(candidates(engine, TWILIO, clock())) == [there]
        assert reply(engine, here).state == "pending"

    def test_21606_is_the_recipients_fault_until_five_say_it(
        self, engine: Engine, site: int, clock: StandingClock
    ) -> None:
        why = SenderStopped("21606", "", recipients=5)
        ids = [add_reply(engine, site, f"R{n}", recipient=f"+86138000001{n:02}") for n in range(5)]
        for one in ids[:4]:
            hand_over(engine, one, why, clock)
        assert {reply(engine, i).state for i in ids[:4]} == {"failed"}
        assert stops(engine) == []
        hand_over(engine, ids[4], why, clock)
        assert {reply(engine, i).state for i in ids} == {"pending"}
        assert [s.number for s in stops(engine)] == [NUMBER]

    @pytest.mark.parametrize("spared_by", ["a success", "one recipient", "time"])
    def test_21606_stops_nothing(self, engine: Engine, site: int, clock: StandingClock, spared_by: str) -> None:
        why = SenderStopped("21606", "", recipients=5)
        if spared_by == "a success":
            hand_over(engine, add_reply(engine, site, "well", recipient=MANAGER), Sent("SM1"), clock)
        for n in range(6):
            recipient = AGENT if spared_by == "one recipient" else f"+86138000001{n:02}"
            hand_over(engine, add_reply(engine, site, f"R{n}", recipient=recipient), why, clock)
            clock.move(minutes=4 if spared_by == "time" else 0)
        assert stops(engine) == []

    def test_one_recipients_error_stops_nobody_else(self, engine: Engine, site: int, clock: StandingClock) -> None:
        foreign = add_reply(engine, site, "1", recipient="+15005550009")
        other = add_reply(engine, site, "2")
        hand_over(engine, foreign, Refused("21408", "", "pair"), clock)
        assert reply(engine, foreign).state == "failed"
        assert list(candidates(engine, TWILIO, clock())) == [other]


class TestRetire:
    def test_what_is_no_longer_of_use_is_recorded_and_not_sent(
        self, engine: Engine, site: int, clock: StandingClock
    ) -> None:
        one = add_reply(engine, site)
        clock.move(hours=4)
        assert retire(engine, clock()) == 1
        assert (reply(engine, one).state, retire(engine, clock())) == ("stale", 0)

    def test_not_while_its_gateway_is_stopped(self, engine: Engine, site: int, clock: StandingClock) -> None:
        one = add_reply(engine, site)
        hand_over(engine, one, Stopped("20003", ""), clock)
        clock.move(hours=5)
        retire(engine, clock())
        assert reply(engine, one).state == "pending"

    def test_who_opted_out_gets_no_notices_until_a_reply_reaches_him_again(
        self, engine: Engine, site: int, clock: StandingClock
    ) -> None:
        hand_over(engine, add_reply(engine, site, "1"), Refused("21610", "", "number", opted_out=True), clock)
        hand_over(engine, add_reply(engine, site, "1", cause="again"), Refused("21610", "", "number", True), clock)
        notice, answer = add_reply(engine, site, "2", role="notice"), add_reply(engine, site, "3")
        assert retire(engine, clock()) == 1
        assert (reply(engine, notice).state, reply(engine, answer).state) == ("failed", "pending")
        hand_over(engine, answer, Sent("SM1"), clock)
        later = add_reply(engine, site, "4", role="notice")
        assert retire(engine, clock()) == 0
        assert reply(engine, later).state == "pending"

    def test_somebody_else_opted_out(self, engine: Engine, site: int, clock: StandingClock) -> None:
        with engine.begin() as connection:
            connection.execute(insert(opt_outs).values(site_id=site, phone=MANAGER, since=NOON, code="21610"))
        add_reply(engine, site, role="notice")
        assert retire(engine, clock()) == 0


@pytest.mark.parametrize(
    ("ask", "wanted"),
    [
        (lambda engine: candidates(engine, TWILIO, NOON), [("earlier", "ix_replies_to_send")]),
        (lambda engine: candidates(engine, TWILIO, NOON), [("before", "ix_replies_words_refused")]),
        (lambda engine: retire(engine, NOON), [("before", "ix_replies_words_refused")]),
        (lambda engine: alarms(engine, NOON), [("replies", "ix_replies_failed"), ("replies", "ix_replies_unsent")]),
    ],
)
def test_a_long_history_is_not_read(
    sqlite_databases: Databases, ask: Callable[[Engine], object], wanted: list[tuple[str, str]]
) -> None:
    """PostgreSQL plans by statistics, which an empty table has not; SQLite shows that the partial index fits."""
    engine = open_engine(sqlite_databases.create())
    seen: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _k, statement, *_: seen.append(statement))
    ask(engine)
    with engine.connect() as connection:
        explained = [f"EXPLAIN QUERY PLAN {s.replace('?', '1')}" for s in seen if s.startswith("SELECT")]
        plan = [row.detail for statement in explained for row in connection.execute(text(statement))]
    engine.dispose()
    for table, index in wanted:
        assert any(f"{table} USING" in line and index in line for line in plan), plan
    assert not [
        line for line in plan if line.startswith(("SCAN replies", "SCAN attempts", "SCAN inbox", "SCAN before"))
    ]
