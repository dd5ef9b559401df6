"""A phone whose private server we are, over real HTTP: it registers, texts come in, replies go out, things go wrong."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import Engine, select

from tests.fake_phone import FakePhone, over_http
from tests.infrastructure.serving import served
from tests.sending import AGENT, MANAGER, StandingClock, add_reply, outgoing
from worker.decide.set_up import open_site
from worker.gateways.smsgate import SmsGate
from worker.phones.approvals import approve, phones_of
from worker.phones.gateways import add_gateway, address_of
from worker.runtime import Runtime
from worker.store.revisions import migrate
from worker.store.schema import inbox, replies, unrouted
from worker.store.states import PhoneState

REPORT: Final = "报备 李梅 139****0001"
OTHER: Final = "+8613900000012"


@dataclass
class Office:
    """An installation that is served, with a site for each test, and a phone."""

    runtime: Runtime
    clock: StandingClock
    token: str
    site_id: int = 0
    number: str = ""

    @property
    def engine(self) -> Engine:
        return self.runtime.engine

    def phone(self, version: tuple[int, int, int] = (1, 68, 0)) -> FakePhone:
        return FakePhone(over_http, self.clock, version)

    def let_in(self, phone: FakePhone) -> None:
        approve(self.engine, "desk", phone.device_id, {1: self.site_id}, None, self.clock())

    def ready(self, version: tuple[int, int, int] = (1, 68, 0)) -> FakePhone:
        phone = self.phone(version)
        assert phone.register(address_of(self.runtime.settings, "desk"), self.token) == 201
        self.let_in(phone)
        assert phone.configure() == (200, 200)
        return phone

    def texts(self) -> list[Any]:
        query = select(inbox).where(inbox.c.site_id == self.site_id, inbox.c.kind == "text").order_by(inbox.c.seq)
        with self.engine.connect() as connection:
            return list(connection.execute(query))

    def reply(self, words: str, **fields: Any) -> int:
        return add_reply(self.engine, self.site_id, words, self.clock(), **fields)

    def standing(self) -> list[tuple[str, str | None, str | None]]:
        query = select(replies).where(replies.c.site_id == self.site_id).order_by(replies.c.id)
        with self.engine.connect() as connection:
            return [(row.state, row.delivery, row.error_code) for row in connection.execute(query)]

    def pass_time(self, pause: timedelta) -> None:
        self.clock.now += pause


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, redis_server_url: str) -> Iterator[Office]:
    folder: Path = tmp_path_factory.mktemp("office")
    url = f"sqlite:///{folder}/db.sqlite"
    migrate(url)
    clock = StandingClock(datetime.now(UTC).replace(microsecond=0))
    given = {"DATABASE_URL": url, "BAOBEI_VAR": str(folder / "var"), "REDIS_URL": redis_server_url, "SANDBOX": "off"}
    with served(given, clock) as runtime:
        yield Office(runtime, clock, add_gateway(runtime.engine, "desk", [], None, clock()))


@pytest.fixture
def office(installation: Office) -> Office:
    installation.site_id += 1
    installation.number = f"+86138000002{installation.site_id:02d}"
    name = f"site {installation.site_id}"
    site = open_site(installation.engine, name, installation.number, {"manager": [MANAGER]}, "desk")
    installation.site_id = site.id
    return installation


def test_a_phone_waits_for_a_person_and_so_do_its_texts(office: Office) -> None:
    phone = office.phone()
    assert phone.register(address_of(office.runtime.settings, "desk"), "another token") == 401
    assert phone.register(address_of(office.runtime.settings, "desk"), office.token) == 201
    assert phone.configure() == (200, 200)
    assert phone.order == "FIFO"
    phone.receive("139 0000 0011", REPORT)
    phone.post()
    phone.pull()
    assert ([status for status, _ in phone.posted], phone.messages, office.texts()) == ([503], {}, [])
    (waiting,) = [each for each in phones_of(office.engine) if each.state == PhoneState.WAITING]
    assert waiting.id == phone.device_id
    office.let_in(phone)
    phone.post_all(office.pass_time)
    (text,) = office.texts()
    assert (text.sender, text.text, text.gateway) == (AGENT, REPORT, "desk")
    assert text.sent_at < office.clock()


def test_a_text_that_is_posted_many_ways_is_one(office: Office) -> None:
    phone = office.ready((1, 52, 2))
    phone.receive(AGENT, REPORT)
    phone.post()
    assert [status for status, _ in phone.posted] == [200, 200]
    # Installed anew: another device, which has nothing of its own any more but what Android kept.
    fresh = office.ready()
    fresh.inbox = phone.inbox
    fresh.export(office.clock() - timedelta(days=1), office.clock())
    fresh.post()
    assert fresh.posted[-1][0] == 200
    assert len(office.texts()) == 1


def test_no_way_of_a_phones_clock_loses_or_moves_a_text(office: Office) -> None:
    for number, off in enumerate((timedelta(days=-300), timedelta(hours=9), timedelta())):
        phone = office.ready()
        phone.clock_off = off
        phone.receive(AGENT, f"{REPORT} {number}", office.clock() - timedelta(minutes=1))
        phone.post_all(office.pass_time)
    assert [text.sent_at for text in office.texts()] == [office.clock() - timedelta(minutes=1)] * 3


def test_who_signs_with_another_phones_key_or_is_ended_is_refused(office: Office) -> None:
    phone, stranger = office.ready(), office.phone()
    stranger.webhooks, stranger.device_id = phone.webhooks, phone.device_id
    stranger.receive(AGENT, REPORT)
    stranger.post()
    assert [status for status, _ in stranger.posted] == [403]
    another = office.ready()
    phone.receive(AGENT, REPORT)
    phone.post()
    assert [status for status, _ in phone.posted] == [403]
    assert phone.pull() == 401
    # What it kept is signed anew by the app that registered again, under its former device's id.
    phone.key = another.key
    phone.post_all(office.pass_time)
    assert len(office.texts()) == 1


def test_a_sim_of_no_site_is_kept_apart(office: Office) -> None:
    phone = office.ready()
    phone.receive(AGENT, REPORT, sim=2)
    phone.post()
    assert office.texts() == []
    with office.engine.connect() as connection:
        kept = connection.execute(select(unrouted.c.recipient)).scalars().all()
    assert f"{phone.device_id} SIM 2" in kept


def test_replies_go_out_in_order_once_and_are_settled_by_their_ids(office: Office) -> None:
    phone = office.ready()
    for number in range(3):
        office.reply(f"报备成功 R{number}", recipient=AGENT if number else OTHER)
    assert phone.pull() == 200
    # The answer was lost, so it asks again: what it knows it does not send twice.
    assert phone.pull() == 200
    assert len(phone.messages) == 3
    phone.send()
    assert [words for _, words, _ in phone.on_air] == [f"报备成功 R{number}" for number in range(3)]
    assert phone.pull() == 200
    assert set(phone.report()) == {204}
    assert office.standing() == [("sent", "delivered", None)] * 3
    assert phone.pull() == 200
    phone.send()
    assert len(phone.on_air) == 3


def test_a_newest_first_phone_sends_in_our_order_once_it_has_our_settings(office: Office) -> None:
    phone = office.ready()
    phone.order = "LIFO"
    for number in range(3):
        office.reply(f"报备成功 R{number}")
    phone.pull()
    phone.configure()
    phone.send()
    assert [words for _, words, _ in phone.on_air] == [f"报备成功 R{number}" for number in range(3)]


def test_a_delivery_may_be_taken_back_and_a_failure_may_be_soft(office: Office) -> None:
    phone = office.ready()
    for number in range(3):
        office.reply(f"报备成功 R{number}")
    phone.pull()
    ways = {
        "报备成功 R0": (("Sent", None), ("Delivered", None), ("Failed", "Delivery result from SC +86138: 70")),
        "报备成功 R1": (("Failed", "Send result: RESULT_ERROR_NO_SERVICE (…)"),),
        "报备成功 R2": (("Failed", "sendSMS: Invalid phone number"),),
    }
    phone.send(lambda message: ways[message.text], most=1)
    phone.report()
    phone.send(lambda message: ways[message.text])
    phone.report()
    phone.becomes(phone.messages[next(iter(phone.messages))], "Failed", "Delivery result from SC +86138: 70")
    phone.report()
    states = office.standing()
    assert states[0] == ("failed", "failed", "NUMBER_UNREACHABLE")
    assert (states[1][0], states[1][2]) == ("pending", "RESULT_ERROR_NO_SERVICE")
    assert states[2] == ("failed", "failed", "NUMBER_INVALID")


def test_a_phone_whose_clock_is_hours_ahead_sends_at_the_second_attempt(office: Office) -> None:
    phone = office.ready()
    phone.clock_off = timedelta(hours=9)
    office.reply("报备成功 R1")
    phone.pull()
    phone.send()
    phone.report()
    assert office.standing() == [("pending", "failed", "TTL_EXPIRED")]
    office.pass_time(timedelta(seconds=3))
    phone.pull()
    phone.send()
    phone.report()
    assert [words for _, words, _ in phone.on_air] == ["报备成功 R1"]
    assert office.standing() == [("sent", "delivered", None)]


def test_a_phone_that_knows_an_older_databases_replies_sends_those_of_a_new_one(office: Office) -> None:
    old = office.runtime.gateways["desk"]
    assert isinstance(old, SmsGate)
    then, now = (outgoing(useful_until=office.clock() + timedelta(days=days)) for days in (-30, 0))
    assert old.message_id(then) != old.message_id(now)
    assert old.message_id(now) == old.message_id(replace(now, words="with its code"))


def test_the_next_phone_takes_over_what_a_broken_one_had(office: Office) -> None:
    phone = office.ready()
    office.reply("报备成功 R1")
    phone.pull()
    other = office.ready()
    # So long the broken one may still say what it has sent.
    office.clock.move(minutes=6)
    other.pull()
    other.send()
    other.report()
    assert [words for _, words, _ in other.on_air] == ["报备成功 R1"]
    assert office.standing() == [("sent", "delivered", None)]
    assert phone.pull() == 401
