"""Sending from the outbox to a misbehaving Twilio over real HTTP, and how what stays in doubt is settled."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from tests.fake_twilio import (
    ACCEPTS_AND_FAILS,
    ACCEPTS_AND_IS_SILENT,
    ACCEPTS_AND_RESETS,
    ACCOUNT,
    FORGETS_AND_FAILS,
    TOKEN,
    Behaviour,
    FakeTwilio,
    fake_twilio,
    refuses,
    wait_no_longer_than_it_takes,
)
from tests.infrastructure.waiting import eventually
from tests.sending import AGENT, MANAGER, StandingClock, add_reply, add_site, attempts_of, record_status, reply
from worker.gateways.base import Outgoing, Sent, Status
from worker.gateways.twilio import Twilio
from worker.outbox import courier as module
from worker.outbox.courier import Courier
from worker.outbox.doubts import Settler
from worker.outbox.leases import close_leases
from worker.outbox.stops import resume, stops
from worker.settings import TwilioSettings


@pytest.fixture
def clock() -> StandingClock:
    # The fake dates its messages by the real time, and look-ups compare with ours.
    clock = StandingClock()
    clock.now = clock.now.fromtimestamp(time.time(), clock.now.tzinfo)
    return clock


@pytest.fixture
def fake(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeTwilio]:
    wait_no_longer_than_it_takes(request, monkeypatch)
    with fake_twilio() as fake:
        yield fake


@pytest.fixture
def site(engine: Engine) -> int:
    return add_site(engine)


@pytest.fixture
def twilio(fake: FakeTwilio, clock: StandingClock) -> Twilio:
    settings = TwilioSettings(ACCOUNT, (TOKEN,), None, fake.url)
    return Twilio(settings, "https://reports.example.com/gateways/twilio/status", clock)


@pytest.fixture
def sender(engine: Engine, twilio: Twilio, clock: StandingClock) -> Courier:
    return Courier(engine, {"twilio": twilio}, clock)


@pytest.fixture
def settler(engine: Engine, twilio: Twilio, clock: StandingClock) -> Settler:
    return Settler(engine, {"twilio": twilio}, clock)


def state(engine: Engine, reply_id: int) -> tuple[Any, ...]:
    row = reply(engine, reply_id)
    return row.state, row.error_code


class TestDrain:
    def test_sends_everything_due_once_and_in_order_for_each_phone(
        self, engine: Engine, site: int, clock: StandingClock, fake: FakeTwilio, sender: Courier
    ) -> None:
        phones = [f"+86138000001{n:02}" for n in range(6)]
        for number in range(24):
            add_reply(engine, site, f"R{number}", clock(), recipient=phones[number % 6])
        assert sender.drain().handed_over == 24
        assert len(fake.asked) == 24
        for phone in phones:
            words = [form["Body"] for form in fake.asked if form["To"] == phone]
            assert words == sorted(words, key=lambda word: int(word[1:]))

    def test_several_senders_at_once_send_each_reply_once(
        self, engine: Engine, site: int, clock: StandingClock, fake: FakeTwilio, sender: Courier
    ) -> None:
        for number in range(30):
            add_reply(engine, site, f"R{number}", clock(), recipient=f"+86138000001{number % 10:02}")
        threads = [threading.Thread(target=sender.drain) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(form["Body"] for form in fake.asked) == sorted(f"R{number}" for number in range(30))

    def test_a_gateway_that_is_slow_for_one_does_not_hold_the_others(
        self, engine: Engine, site: int, clock: StandingClock
    ) -> None:
        slow_may_end = threading.Event()

        class Slow(_Gateway):
            def send(self, outgoing: Outgoing) -> Sent:
                if outgoing.words == "slow":
                    assert slow_may_end.wait(30)
                return super().send(outgoing)

        gateway = Slow()
        slow = add_reply(engine, site, "slow", clock())
        drain = threading.Thread(target=Courier(engine, {"twilio": gateway}, clock).drain)
        drain.start()
        eventually(lambda: reply(engine, slow).state == "sending", "the slow one is on its way")
        # Written while the drain is under way, and more than it has threads.
        later = [add_reply(engine, site, f"R{n}", clock(), recipient=f"+86138000001{n:02}") for n in range(9)]
        eventually(lambda: {reply(engine, i).state for i in later} == {"sent"}, "the others are sent")
        assert reply(engine, slow).state == "sending"
        slow_may_end.set()
        drain.join()
        assert reply(engine, slow).state == "sent"

    def test_stops_taking_on_replies_when_told_to(
        self, engine: Engine, site: int, clock: StandingClock, fake: FakeTwilio, twilio: Twilio
    ) -> None:
        one = add_reply(engine, site, now=clock())
        drained = Courier(engine, {"twilio": twilio}, clock, stopping=lambda: True).drain()
        assert (drained.more, reply(engine, one).state, fake.asked) == (True, "pending", [])

    def test_what_is_no_longer_of_use_is_not_sent(
        self, engine: Engine, site: int, clock: StandingClock, fake: FakeTwilio, sender: Courier
    ) -> None:
        one = add_reply(engine, site, now=clock())
        clock.move(hours=4)
        sender.drain()
        assert (state(engine, one), fake.asked) == (("stale", None), [])

    def test_a_mistake_of_the_adapter_is_in_doubt_and_harms_nobody_else(
        self, engine: Engine, site: int, clock: StandingClock
    ) -> None:
        class Broken(_Gateway):
            def send(self, outgoing: Outgoing) -> Sent:
                if outgoing.recipient == AGENT:
                    raise KeyError(outgoing.recipient)
                return super().send(outgoing)

        bad, good = add_reply(engine, site, "1", clock()), add_reply(engine, site, "2", clock(), recipient=MANAGER)
        Courier(engine, {"twilio": Broken()}, clock).drain()
        assert (state(engine, bad), state(engine, good)) == (("unknown", "KeyError"), ("sent", None))

    def test_a_database_that_is_away_for_a_moment_loses_no_outcome(
        self, engine: Engine, site: int, clock: StandingClock, sender: Courier, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one, record, failures = add_reply(engine, site, now=clock()), module.record_all, [1, 2]

        def failing(*arguments: Any) -> None:
            if failures:
                failures.pop()
                raise OperationalError("UPDATE", {}, Exception("away"))
            record(*arguments)

        monkeypatch.setattr(module, "record_all", failing)
        monkeypatch.setattr(module, "RECORD_PAUSE_S", 0)
        sender.drain()
        assert state(engine, one) == ("sent", None)

    def test_a_sender_held_up_after_its_lease_began_leaves_the_reply_to_whoever_closes_it(
        self, engine: Engine, site: int, clock: StandingClock, fake: FakeTwilio, sender: Courier
    ) -> None:
        one, taken = add_reply(engine, site, now=clock()), module.lease_all

        def held_up(*arguments: Any) -> Any:
            found = taken(*arguments)
            clock.move(seconds=50)
            return found

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "lease_all", held_up)
            sender.drain()
        assert (reply(engine, one).state, fake.asked) == ("sending", [])


class _Gateway(Twilio):
    """Twilio's adapter without Twilio."""

    def __init__(self) -> None:
        super().__init__(TwilioSettings(ACCOUNT, (TOKEN,), None, "http://127.0.0.1:9"), None, StandingClock())

    def send(self, outgoing: Outgoing) -> Sent:
        return Sent(f"SM{outgoing.reply_id:032x}")


class TestOutcomes:
    @pytest.mark.parametrize(
        ("behaviour", "wanted"),
        [
            (Behaviour(), ("sent", None)),
            (refuses(20429, 429), ("pending", "20429")),
            (refuses(21211), ("failed", "21211")),
            (refuses(21610), ("failed", "21610")),
            (refuses(21617), ("failed", "21617")),
            (refuses(21612), ("failed", "21612")),
            (refuses(21606), ("failed", "21606")),
            (refuses(20003, 401), ("pending", None)),
            (refuses(21603), ("pending", None)),
            (ACCEPTS_AND_FAILS, ("unknown", "20500")),
            (ACCEPTS_AND_IS_SILENT, ("unknown", "ReadTimeout")),
            (ACCEPTS_AND_RESETS, ("unknown", "ConnectionError")),
        ],
    )
    def test_each_row_of_the_table(
        self,
        engine: Engine,
        site: int,
        clock: StandingClock,
        fake: FakeTwilio,
        sender: Courier,
        behaviour: Behaviour,
        wanted: tuple[Any, ...],
    ) -> None:
        fake.behave(behaviour)
        one = add_reply(engine, site, now=clock())
        sender.drain()
        assert state(engine, one) == wanted
        assert len(fake.asked) == 1

    def test_twilio_away_is_tried_again_until_it_is_back(
        self, engine: Engine, site: int, clock: StandingClock, fake: FakeTwilio, sender: Courier, twilio: Twilio
    ) -> None:
        away = Twilio(TwilioSettings(ACCOUNT, (TOKEN,), None, "http://127.0.0.1:9"), None, clock)
        one = add_reply(engine, site, now=clock())
        for _ in range(3):
            Courier(engine, {"twilio": away}, clock).drain()
            clock.now = reply(engine, one).next_at
        sender.drain()
        assert state(engine, one) == ("sent", None)
        assert [a.outcome for a in attempts_of(engine, one)] == ["retry", "retry", "retry", "sent"]

    def test_a_wrong_token_keeps_everything_pending_until_resumed(
        self, engine: Engine, site: int, clock: StandingClock, fake: FakeTwilio, sender: Courier
    ) -> None:
        wrong = Twilio(TwilioSettings(ACCOUNT, (TOKEN[1:],), None, fake.url), None, clock)
        ids = [add_reply(engine, site, f"R{n}", clock(), recipient=f"+86138000001{n:02}") for n in range(9)]
        Courier(engine, {"twilio": wrong}, clock).drain()
        sender.drain()
        assert {(reply(engine, i).state, reply(engine, i).attempt) for i in ids} == {("pending", 0)}
        assert ([s.code for s in stops(engine)], fake.asked) == (["20003"], [])
        resume(engine, "twilio")
        assert sender.drain().handed_over == 9

    def test_an_api_key_signs_in_for_our_account(
        self, engine: Engine, site: int, clock: StandingClock, fake: FakeTwilio
    ) -> None:
        fake.credentials = ("SK" + "0" * 32, "secret of the key")
        keyed = TwilioSettings(ACCOUNT, (TOKEN,), None, fake.url, fake.credentials)
        one = add_reply(engine, site, now=clock())
        Courier(engine, {"twilio": Twilio(keyed, None, clock)}, clock).drain()
        assert state(engine, one) == ("sent", None)

    def test_a_callback_may_come_before_the_answer(
        self, engine: Engine, site: int, clock: StandingClock, fake: FakeTwilio, sender: Courier
    ) -> None:
        one = add_reply(engine, site, now=clock())

        def call_back(message: dict[str, Any]) -> None:
            for delivery in ("sent", "queued", "sent"):
                record_status(engine, Status("twilio", message["sid"], one, delivery, attempt=1), clock())

        fake.behave(Behaviour(before=call_back))
        sender.drain()
        row = reply(engine, one)
        assert (row.state, row.delivery, row.sid) == ("sent", "sent", fake.messages[0]["sid"])


class TestSettling:
    @pytest.mark.parametrize("behaviour", [ACCEPTS_AND_FAILS, ACCEPTS_AND_IS_SILENT, ACCEPTS_AND_RESETS])
    def test_what_twilio_took_after_all_is_found_and_not_sent_again(
        self,
        engine: Engine,
        site: int,
        clock: StandingClock,
        fake: FakeTwilio,
        sender: Courier,
        settler: Settler,
        behaviour: Behaviour,
    ) -> None:
        fake.behave(behaviour)
        one = add_reply(engine, site, now=clock())
        sender.drain()
        clock.move(seconds=59)
        assert settler.settle() == 0
        clock.move(seconds=1)
        assert settler.settle() == 1
        assert (state(engine, one), reply(engine, one).sid) == (("sent", None), fake.messages[0]["sid"])
        assert len(fake.asked) == 1

    def test_what_never_arrived_is_sent_once_more_after_two_look_ups_and_then_left_to_a_person(
        self, engine: Engine, site: int, clock: StandingClock, fake: FakeTwilio, sender: Courier, settler: Settler
    ) -> None:
        fake.behave(FORGETS_AND_FAILS, FORGETS_AND_FAILS)
        one = add_reply(engine, site, now=clock())
        states = []
        for _ in range(2):
            sender.drain()
            for seconds in (60, 239, 1):
                clock.move(seconds=seconds)
                settler.settle()
                states.append(reply(engine, one).state)
        sender.drain()
        assert states == ["unknown", "unknown", "pending", "unknown", "unknown", "review"]
        assert len(fake.asked) == 2
        assert [(a.outcome, a.lookups) for a in attempts_of(engine, one)] == [("unknown", 2), ("unknown", 2)]

    @pytest.mark.parametrize("prefix", ["Sent from your Twilio trial account - ", "【翡翠湾】\n"])
    def test_what_the_gateway_keeps_with_words_of_its_own_before_ours_is_not_sent_again(
        self,
        engine: Engine,
        site: int,
        clock: StandingClock,
        fake: FakeTwilio,
        sender: Courier,
        settler: Settler,
        prefix: str,
    ) -> None:
        fake.behave(ACCEPTS_AND_FAILS)
        one = add_reply(engine, site, now=clock())
        sender.drain()
        fake.messages[0]["body"] = prefix + fake.messages[0]["body"]
        for seconds in (60, 240):
            clock.move(seconds=seconds)
            settler.settle()
        sender.drain()
        assert (state(engine, one), len(fake.asked)) == (("sent", None), 1)

    def test_what_may_be_there_in_other_words_is_left_to_a_person_and_not_sent_again(
        self, engine: Engine, site: int, clock: StandingClock, fake: FakeTwilio, sender: Courier, settler: Settler
    ) -> None:
        fake.behave(ACCEPTS_AND_FAILS)
        one = add_reply(engine, site, "报备：姓名 电话前3后4 业务员", clock(), ref="")
        sender.drain()
        fake.messages[0]["body"] = "报备: 姓名 电话前3后4 业务"
        for seconds in (60, 240):
            clock.move(seconds=seconds)
            settler.settle()
        sender.drain()
        assert (reply(engine, one).state, len(fake.asked)) == ("review", 1)

    def test_two_in_doubt_about_one_client_are_each_found_by_their_own_words(
        self, engine: Engine, site: int, clock: StandingClock, fake: FakeTwilio, sender: Courier, settler: Settler
    ) -> None:
        fake.behave(FORGETS_AND_FAILS, ACCEPTS_AND_FAILS)
        lost = add_reply(engine, site, "报备成功 R1", clock())
        found = add_reply(engine, site, "已登记跟进 R1", clock(), cause="m:2")
        Courier(engine, sender.gateways, clock, threads=1).drain()
        for seconds in (60, 240):
            clock.move(seconds=seconds)
            settler.settle()
        sender.drain()
        bodies = [form["Body"] for form in fake.asked]
        assert bodies == ["报备成功 R1", "已登记跟进 R1", "报备成功 R1"]
        assert [reply(engine, one).state for one in (lost, found)] == ["sent", "sent"]

    def test_the_resend_may_succeed(
        self, engine: Engine, site: int, clock: StandingClock, fake: FakeTwilio, sender: Courier, settler: Settler
    ) -> None:
        fake.behave(FORGETS_AND_FAILS)
        one = add_reply(engine, site, now=clock())
        sender.drain()
        for seconds in (60, 240):
            clock.move(seconds=seconds)
            settler.settle()
        sender.drain()
        assert (state(engine, one), len(fake.messages)) == (("sent", None), 1)

    def test_two_sweepers_that_look_at_once_have_looked_once(
        self, engine: Engine, site: int, clock: StandingClock, fake: FakeTwilio, sender: Courier, settler: Settler
    ) -> None:
        fake.behave(FORGETS_AND_FAILS)
        one = add_reply(engine, site, now=clock())
        sender.drain()
        clock.move(seconds=60)
        both = [threading.Thread(target=settler.settle), threading.Thread(target=settler.settle)]
        fake.list_gate = threading.Event()
        for each in both:
            each.start()
        eventually(lambda: len(fake.lists_asked) == 2, "both look")
        fake.list_gate.set()
        for each in both:
            each.join()
        assert [(a.outcome, a.lookups) for a in attempts_of(engine, one)] == [("unknown", 1)]
        clock.move(minutes=4)
        settler.settle()
        assert reply(engine, one).state == "pending"

    def test_a_callback_between_the_look_ups_prevents_the_resend(
        self, engine: Engine, site: int, clock: StandingClock, fake: FakeTwilio, sender: Courier, settler: Settler
    ) -> None:
        fake.behave(FORGETS_AND_FAILS)
        one = add_reply(engine, site, now=clock())
        sender.drain()
        clock.move(seconds=60)
        settler.settle()
        record_status(engine, Status("twilio", "SM" + "b" * 32, one, "delivered", attempt=1), clock())
        clock.move(minutes=5)
        assert (settler.settle(), sender.drain().handed_over) == (0, 0)
        assert state(engine, one) == ("sent", None)

    def test_equal_words_to_one_phone_are_not_taken_for_each_other(
        self, engine: Engine, site: int, clock: StandingClock, fake: FakeTwilio, sender: Courier, settler: Settler
    ) -> None:
        fake.behave(FORGETS_AND_FAILS)
        lost = add_reply(engine, site, "帮助", clock(), ref="")
        found = add_reply(engine, site, "帮助", clock(), ref="", cause="m:2")
        sender.drain()
        assert (reply(engine, lost).state, reply(engine, found).state) == ("unknown", "sent")
        clock.move(seconds=60)
        settler.settle()
        assert reply(engine, lost).state == "unknown"

    def test_equal_words_of_another_site_are_not_taken_for_ours(
        self, engine: Engine, site: int, clock: StandingClock, fake: FakeTwilio, sender: Courier, settler: Settler
    ) -> None:
        fake.behave(FORGETS_AND_FAILS, ACCEPTS_AND_FAILS)
        lost = add_reply(engine, site, "帮助", clock(), ref="")
        found = add_reply(engine, add_site(engine, number="+8613800000100"), "帮助", clock(), ref="")
        Courier(engine, sender.gateways, clock, threads=1).drain()
        clock.move(seconds=60)
        settler.settle()
        assert (reply(engine, lost).state, reply(engine, found).state) == ("unknown", "sent")

    def test_an_equal_one_that_is_being_sent_meanwhile_is_waited_for(
        self, engine: Engine, site: int, clock: StandingClock, fake: FakeTwilio, sender: Courier, settler: Settler
    ) -> None:
        fake.behave(FORGETS_AND_FAILS)
        lost = add_reply(engine, site, "帮助", clock(), ref="")
        sender.drain()
        clock.move(seconds=60)
        other = add_reply(engine, site, "帮助", clock(), ref="", cause="m:2")
        fake.behave(Behaviour(before=lambda _: self._look_up(settler)))
        sender.drain()
        assert (reply(engine, lost).state, attempts_of(engine, lost)[0].lookups) == ("unknown", 0)
        settler.settle()
        assert (reply(engine, lost).state, attempts_of(engine, lost)[0].lookups) == ("unknown", 1)
        assert reply(engine, other).state == "sent"

    def test_a_callback_puts_right_what_a_look_up_took_for_another_of_equal_words(
        self, engine: Engine, site: int, clock: StandingClock, fake: FakeTwilio, sender: Courier, settler: Settler
    ) -> None:
        fake.behave(FORGETS_AND_FAILS, ACCEPTS_AND_FAILS)
        lost = add_reply(engine, site, "帮助", clock(), ref="")
        found = add_reply(engine, site, "帮助", clock(), ref="", cause="m:2")
        Courier(engine, sender.gateways, clock, threads=1).drain()
        clock.move(seconds=60)
        settler.settle()
        assert (reply(engine, lost).state, reply(engine, found).state) == ("sent", "unknown")
        word = Status("twilio", fake.messages[0]["sid"], found, "delivered", attempt=1)
        record_status(engine, word, clock())
        assert (reply(engine, lost).state, reply(engine, found).state) == ("unknown", "sent")
        for seconds in (1, 240):
            clock.move(seconds=seconds)
            settler.settle()
        sender.drain()
        assert (reply(engine, lost).state, len(fake.messages)) == ("sent", 2)

    @staticmethod
    def _look_up(settler: Settler) -> None:
        assert settler.settle() == 0

    def test_a_dead_senders_reply_is_looked_up_like_any_other(
        self, engine: Engine, site: int, clock: StandingClock, fake: FakeTwilio, sender: Courier, settler: Settler
    ) -> None:
        one = add_reply(engine, site, now=clock())

        def die(*_: object) -> None:
            """A killed process records nothing."""

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "record_all", die)
            sender.drain()
        assert reply(engine, one).state == "sending"
        clock.move(seconds=61)
        assert close_leases(engine, clock()) == 1
        settler.settle()
        assert (state(engine, one), len(fake.asked)) == (("sent", None), 1)

    def test_a_list_that_cannot_be_read_counts_as_no_look_up_and_is_left_alone_for_a_while(
        self, engine: Engine, site: int, clock: StandingClock, fake: FakeTwilio, sender: Courier, settler: Settler
    ) -> None:
        fake.behave(ACCEPTS_AND_FAILS, ACCEPTS_AND_FAILS)
        ids = [add_reply(engine, site, w, clock(), recipient=w) for w in (AGENT, MANAGER)]
        sender.drain()
        clock.move(minutes=6)
        fake.list_status = 500
        assert (settler.settle(), settler.settle(), len(fake.lists_asked)) == (0, 0, 1)
        fake.list_status = 200
        clock.move(seconds=30)
        assert settler.settle() == 2
        assert {reply(engine, i).state for i in ids} == {"sent"}

    def test_what_became_useless_meanwhile_is_left_to_a_person(
        self, engine: Engine, site: int, clock: StandingClock, fake: FakeTwilio, sender: Courier, settler: Settler
    ) -> None:
        fake.behave(FORGETS_AND_FAILS)
        one = add_reply(engine, site, now=clock())
        sender.drain()
        clock.move(hours=4)
        for _ in range(2):
            settler.settle()
        assert reply(engine, one).state == "review"
