"""A phone with the app talks to us as to its server: it registers, waits, brings texts, fetches and settles replies."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, select

from tests.fake_phone import FakePhone, Message, Sms
from tests.infrastructure.serving import AGENT, SECRET, SITE_NUMBER, client_of, database_away, open_line, texts
from tests.sending import StandingClock, add_reply, attempts_of, reply
from worker.alerts.alarms import alarms
from worker.backup.backup import back_up
from worker.backup.restore import restore
from worker.clock import utc_now
from worker.doctor.base import Advice, Ailment, Patient
from worker.doctor.phones import look_at_phones
from worker.gateways.phone_server import PhoneWord
from worker.gateways.phone_versions import faults_of
from worker.line.canaries import ask_due, set_way
from worker.outbox.courier import Courier
from worker.outbox.leases import close_leases, retire
from worker.outbox.pace import pace_of
from worker.outbox.stops import stops
from worker.phones.approvals import HEARD_LATE, approve, end, phones_of
from worker.phones.entry import MOST_WAITING, TooManyWaitError, register
from worker.phones.gateways import add_gateway, new_token
from worker.phones.news import waiting_for
from worker.runtime import Runtime, open_runtime
from worker.settings import load_settings
from worker.store.database import open_engine
from worker.store.schema import inbox, unrouted

PUBLIC = {"PUBLIC_URL": "https://reports.example.com", "SANDBOX": "off", "SECRET_KEY": SECRET}
OTHER_NUMBER = "+8613800000009"


@dataclass
class Office:
    """An installation with a gateway of phones that carries two sites; its clock stands until it is moved."""

    runtime: Runtime
    client: FlaskClient
    clock: StandingClock
    sites: tuple[int, int]
    token: str
    address: str = "/gateways/desk/phone"

    @property
    def engine(self) -> Engine:
        return self.runtime.engine

    def phone(self) -> FakePhone:
        """Return a phone that knows address and token, and has done nothing yet."""
        return FakePhone(self.carry, self.clock)

    def carry(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes]:
        """Carry a request of a phone to us."""
        asked = urlsplit(url)
        answer = self.client.open(asked.path, method=method, query_string=asked.query, headers=headers, data=body)
        return answer.status_code, answer.data

    def registered(self) -> FakePhone:
        """Return a phone that has registered, and set itself up."""
        phone = self.phone()
        assert phone.register(self.address, self.token) == 201
        assert phone.configure() == (200, 200)
        return phone

    def approved(self, *sims: int) -> FakePhone:
        """Return a phone that is let in, its SIMs from 1 having the numbers of these of the two sites."""
        phone = self.registered()
        self.let_in(phone, *(sims or (0,)))
        return phone

    def let_in(self, phone: FakePhone, *sims: int) -> list[str]:
        return approve(
            self.engine,
            "desk",
            phone.device_id,
            {sim: self.sites[site] for sim, site in enumerate(sims, start=1)},
            None,
            self.clock(),
        )

    def reply(self, words: str, site: int = 0, **fields: object) -> int:
        return add_reply(self.engine, self.sites[site], words, self.clock(), **fields)

    def state(self, reply_id: int) -> tuple[str, str | None]:
        row = reply(self.engine, reply_id)
        return row.state, row.delivery


@pytest.fixture
def office(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Office]:
    office = opened(tmp_path, database_url, redis_url)
    yield office
    office.runtime.close()


def opened(folder: Path, database_url: str, redis_url: str, **more: str) -> Office:
    given = {"BAOBEI_VAR": str(folder), "DATABASE_URL": database_url, "REDIS_URL": redis_url} | more
    clock = StandingClock(utc_now())
    runtime = open_runtime(load_settings(given | PUBLIC), clock)
    sites = open_line(runtime.engine, gateway="desk"), open_line(runtime.engine, "岸", OTHER_NUMBER, "desk")
    token = add_gateway(runtime.engine, "desk", sites, None, clock())
    return Office(runtime, client_of(runtime), clock, sites, token)


def in_line(office: Office) -> list[tuple[int, str, str]]:
    query = select(inbox.c.site_id, inbox.c.sender, inbox.c.text).where(inbox.c.kind == "text").order_by(inbox.c.seq)
    with office.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def test_a_phone_is_set_up_by_what_is_typed_alone_and_its_texts_wait_for_its_approval(office: Office) -> None:
    phone = office.registered()
    assert {hook["url"] for hook in phone.webhooks} == {"https://reports.example.com/gateways/desk/messages"}
    assert (phone.order, len(phone.key)) == ("FIFO", 64)
    waiting = office.reply("报备成功 R1")
    sent = office.clock()
    phone.receive("138 0013 8000", "报备 张三 138****5678")
    phone.post()
    assert phone.posted[0][0] == 503
    assert phone.pull() == 200
    assert (phone.messages, texts(office.engine), office.state(waiting)[0]) == ({}, 0, "pending")
    office.let_in(phone, 0)
    phone.post_all(lambda by: office.clock.move(seconds=by.total_seconds()))
    (row,) = in_line(office)
    assert row == (office.sites[0], "+8613800138000", "报备 张三 138****5678")
    with office.engine.connect() as connection:
        at = connection.execute(select(inbox.c.sent_at).where(inbox.c.kind == "text")).scalar_one()
    assert at == sent.replace(microsecond=0)
    phone.pull()
    assert [message.text for message in phone.messages.values()] == ["报备成功 R1"]


def test_one_text_is_one_whichever_device_posts_it_and_however_often(office: Office) -> None:
    phone = office.approved()
    phone.receive(AGENT, "报备 张三 138****5678")
    kept = phone.queue[0]
    phone.post()
    phone.queue.append(kept)
    phone.post()
    phone.inbox, before = [], phone.inbox
    phone.install()
    phone.register(office.address, office.token)
    phone.configure()
    office.let_in(phone, 0)
    for sms in before:
        phone.receive(sms.sender, sms.text, sms.at)
    phone.queue.append(kept)
    phone.post()
    assert {status for status, _ in phone.posted} == {200}
    assert len(in_line(office)) == 1


def test_what_came_while_the_app_was_dead_comes_when_it_is_asked_for_and_nothing_twice(office: Office) -> None:
    phone = office.approved()
    phone.receive(AGENT, "before")
    phone.post()
    phone.inbox.append(Sms(AGENT, "while it was dead", office.clock().replace(microsecond=0)))
    office.clock.move(hours=5)
    phone.export(office.clock() - timedelta(days=7), office.clock())
    phone.version = (1, 64, 0)
    phone.export(office.clock() - timedelta(days=7), office.clock())
    phone.post()
    assert len(phone.posted) == 4
    assert [text for _, _, text in in_line(office)] == ["before", "while it was dead"]


@pytest.mark.parametrize("version", [(1, 54, 0), (1, 65, 1), (1, 66, 0), (1, 68, 0)])
def test_every_version_of_the_app_posts_what_comes_in(office: Office, version: tuple[int, int, int]) -> None:
    phone = office.phone()
    phone.version = version
    phone.register(office.address, office.token)
    phone.configure()
    office.let_in(phone, 0)
    phone.receive(AGENT, "报备 张三 138****5678")
    phone.post()
    assert len(in_line(office)) == 1
    (seen,) = phones_of(office.engine)
    assert bool(faults_of(seen.app)) == (version < (1, 66, 2))


def test_a_phone_in_place_of_another_looks_for_what_came_since_that_was_heard_of(office: Office) -> None:
    def looks_since(phone: FakePhone) -> datetime | None:
        return waiting_for(office.engine, [phone.device_id], office.clock())[phone.device_id].ours_from

    first_at = office.clock()
    first = office.approved(0)
    office.clock.move(hours=9)
    # By night its app is dead; in the morning somebody installs it anew, and ends the former one.
    end(office.engine, first.device_id, None, office.clock())
    second = office.registered()
    assert looks_since(second) is None
    office.let_in(second, 0)
    approved_at = office.clock()
    assert looks_since(second) == first_at - HEARD_LATE
    office.clock.move(hours=6)
    office.let_in(second, 0)
    assert looks_since(second) == first_at - HEARD_LATE
    assert phones_of(office.engine)[0].approved_at == approved_at
    # A site that had no phone before is another matter.
    third = office.approved(1)
    assert looks_since(third) == office.clock()


def test_a_text_of_a_known_phone_waits_in_the_spool_while_the_database_is_away(office: Office, tmp_path: Path) -> None:
    phone, stranger = office.approved(), office.registered()
    phone.ping()
    phone.post()
    stranger.receive(AGENT, "not yet")
    phone.receive(AGENT, "报备 张三 138****5678")
    with database_away(office.runtime, tmp_path):
        phone.post()
        stranger.post()
    assert [status for status, _ in phone.posted + stranger.posted] == [200, 200, 503]
    spool = office.runtime.spool
    assert [spool.read(name).inbound.text for name in spool.waiting()] == ["报备 张三 138****5678"]


def test_each_sim_is_a_site_and_what_came_to_another_is_kept_apart(office: Office) -> None:
    phone = office.approved(0, 1)
    phone.number = SITE_NUMBER
    for sim in (1, 2, 3, None):
        phone.receive(AGENT, f"text to {sim}", sim=sim)
    phone.post()
    assert {status for status, _ in phone.posted} == {200}
    assert [(site, text) for site, _, text in in_line(office)] == list(
        zip(office.sites, ("text to 1", "text to 2"), strict=True)
    )
    with office.engine.connect() as connection:
        apart = connection.execute(select(unrouted.c.recipient, unrouted.c.text).order_by(unrouted.c.id)).all()
    assert [tuple(row) for row in apart] == [
        (f"{phone.device_id} SIM 3", "text to 3"),
        (f"{phone.device_id} SIM ?", "text to None"),
    ]


def test_signs_of_life_and_events_that_nobody_wants_are_taken(office: Office) -> None:
    phone = office.approved()
    phone.webhooks.append(phone.webhooks[0] | {"event": "sms:sent", "id": "x"})
    office.clock.move(minutes=5)
    phone.ping()
    phone.sims = [phone.sims[0] | {"iccid": "8986002"}]
    phone.start()
    phone.becomes(Message("old", "x", [AGENT], phone.now), "Sent")
    phone.post()
    assert [status for status, _ in phone.posted] == [200, 200, 200]
    (seen,) = phones_of(office.engine)
    assert (seen.app, seen.seen_at, seen.sims[0].iccid, seen.changed) == ("1.68.0", office.clock(), "****6002", (1,))


def test_replies_are_fetched_in_order_given_again_until_settled_and_sent_once(office: Office) -> None:
    phone = office.approved(0, 1)
    ids = [office.reply(f"R{n}", site=n % 2, ref=f"R{n}") for n in range(4)]
    later = office.reply("later", next_at=office.clock() + timedelta(hours=1))
    assert Courier(office.engine, office.runtime.gateways, office.clock).drain().handed_over == 0
    for _ in range(3):
        phone.pull()
    assert {office.state(one)[0] for one in ids} == {"sending"}
    assert office.state(later)[0] == "pending"
    assert [len(attempts_of(office.engine, one)) for one in ids] == [1, 1, 1, 1]
    phone.send(lambda message: (("Sent", None),), most=3)
    assert phone.on_air == [(AGENT, "R0", 1), (AGENT, "R1", 2), (AGENT, "R2", 1)]
    assert set(phone.report()) == {204}
    assert [office.state(one) for one in ids] == [("sent", "sent")] * 3 + [("sending", None)]
    phone.pull()
    phone.send()
    phone.report()
    assert office.state(ids[3]) == ("sent", "delivered")
    assert len(phone.on_air) == 4


def test_a_phone_that_dies_leaves_its_replies_to_the_next_and_nothing_goes_out_too_late(office: Office) -> None:
    dead = office.approved()
    one = office.reply("R1")
    dead.pull()
    office.clock.move(minutes=30)
    assert close_leases(office.engine, office.clock()) == 0
    phone = office.registered()
    assert office.let_in(phone, 0) == [dead.device_id]
    two = office.reply("R2")
    phone.pull()
    assert [message.text for message in phone.messages.values()] == ["R1", "R2"]
    assert dead.pull() == dead.update() == 401
    office.clock.move(hours=5)
    phone.send()
    assert phone.on_air == []
    phone.pull()
    close_leases(office.engine, office.clock())
    retire(office.engine, office.clock())
    assert (office.state(one)[0], office.state(two)[0]) == ("stale", "stale")


@pytest.mark.parametrize("hours", [9, -9])
def test_until_when_a_reply_is_of_use_holds_by_the_phones_own_clock(office: Office, hours: int) -> None:
    phone = office.approved()
    phone.clock_off = timedelta(hours=hours)
    phone.ping()
    phone.post()
    for words, waits in (("in time", timedelta(hours=3)), ("too late", timedelta(hours=5))):
        office.reply(words)
        phone.pull()
        office.clock.now += waits
        phone.send()
    assert [words for _, words, _ in phone.on_air] == ["in time"]


def test_an_old_word_of_a_phone_tells_nothing_of_its_clock_and_an_odd_one_nothing_at_all(office: Office) -> None:
    phone = office.approved()
    office.reply("old")
    phone.clock_off = timedelta(hours=9)
    phone.pull()
    phone.send(lambda message: (("Sent", None),))
    phone.report()
    phone.clock_off = timedelta()
    phone.ping()
    phone.post()
    office.clock.move(minutes=1)
    # It says again what it said with its wrong clock; then what no clock can show.
    (old,) = phone.messages.values()
    phone.becomes(old, "Sent")
    old.states["Sent"] = office.clock() + timedelta(hours=9)
    assert phone.report() == [204]
    office.reply("new")
    phone.pull()
    new = next(each for each in phone.messages.values() if each.text == "new")
    assert new.valid_until is not None
    assert new.valid_until <= office.clock() + timedelta(hours=4)
    phone.becomes(new, "Processed")
    new.states["Processed"] = datetime(9999, 12, 31, 15, 59, tzinfo=UTC)
    assert phone.report() == [204]
    assert phone.pull() == 200


def test_what_a_phone_has_shown_to_have_it_is_given_again_seldom_and_another_phone_in_minutes(office: Office) -> None:
    phone = office.approved()
    for number in range(30):
        office.reply(f"R{number}")
    asked: list[str] = []
    phone.http = lambda *request: (asked.append(request[1]), office.carry(*request))[1]
    phone.pull()
    phone.pull()
    phone.report()
    asked.clear()
    for number in range(5):
        office.reply(f"S{number}")
        phone.pull()
        phone.report()
    assert len(asked) == 5 + 4, "five fetches, and a word on each of the new ones but the last"
    office.clock.move(minutes=10)
    phone.pull()
    assert len(phone.unreported) == 35
    other = office.registered()
    office.let_in(other, 0)
    other.pull()
    assert len(other.messages) == 0, "the former one has some time to say what it has sent"
    office.clock.move(minutes=6)
    other.pull()
    assert len(other.messages) == 35


def test_a_fetch_that_finds_nothing_writes_nothing_but_what_it_leases(office: Office) -> None:
    phone, begun = office.approved(), Counter[bool]()
    phone.pull()
    event.listen(
        office.engine, "begin", lambda connection: begun.update([connection.get_execution_options().get("reading")])
    )
    phone.pull()
    assert begun == {True: 3, None: 1}, "who asks, what ends, what it is to try out; and its leases"


def test_what_a_phone_says_late_counts_all_the_same(office: Office) -> None:
    phone = office.approved()
    one = office.reply("R1")
    phone.pull()
    phone.send()
    office.clock.move(hours=5)
    close_leases(office.engine, office.clock())
    assert office.state(one)[0] == "stale"
    phone.report()
    assert office.state(one) == ("sent", "delivered")


def test_a_part_that_fails_after_the_delivery_of_another_makes_the_whole_fail(office: Office) -> None:
    phone = office.approved()
    one = office.reply("R1")
    phone.pull()
    phone.send()
    phone.report()
    (message,) = phone.messages.values()
    phone.becomes(message, "Failed", "Delivery result from SC +8613800100500: 70")
    phone.report()
    assert office.state(one) == ("failed", "failed")
    phone.becomes(message, "Delivered")
    phone.report()
    assert office.state(one) == ("failed", "failed")


def test_a_failure_that_may_pass_is_another_message_later_and_one_of_the_sim_stops_its_number(office: Office) -> None:
    phone = office.approved()
    one = office.reply("R1")
    phone.pull()
    phone.send(lambda message: (("Failed", "Send result: RESULT_ERROR_NO_SERVICE (Failed because …)"),))
    phone.report()
    assert office.state(one)[0] == "pending"
    office.clock.move(minutes=10)
    phone.pull()
    assert len(phone.messages) == 2
    phone.send(lambda message: (("Failed", "sendSMS: SIM 1 not found"),))
    phone.report()
    assert [(stop.gateway, stop.number, stop.code) for stop in stops(office.engine)] == [
        ("desk", SITE_NUMBER, "NO_SIM")
    ]
    phone.pull()
    assert len(phone.messages) == 2


def test_a_restored_database_hands_out_what_the_phone_has_had_and_nothing_goes_out_twice(
    office: Office, tmp_path: Path
) -> None:
    phone = office.approved()
    had, waits = office.reply("had"), office.reply("waits", next_at=office.clock() + timedelta(minutes=1))
    phone.pull()
    back_up(office.engine, tmp_path / "backup", office.clock())
    kept = (tmp_path / "backup").read_bytes()
    assert phone.device_id.encode() in kept
    assert [secret for secret in (phone.key, str(phone.token), office.token) if secret.encode() in kept] == []
    office.clock.move(minutes=2)
    phone.pull()
    phone.send()
    url = f"sqlite:///{tmp_path}/restored.sqlite"
    before, office.runtime.engine = office.runtime.engine, open_engine(url)
    restore(office.engine, url, tmp_path / "backup", office.clock())
    assert (office.state(had)[0], office.state(waits)[0]) == ("sending", "pending")
    phone.pull()
    phone.send()
    phone.report()
    assert [words for _, words, _ in phone.on_air] == ["had", "waits"]
    assert office.state(had) == office.state(waits) == ("sent", "delivered")
    before.dispose()


def test_each_number_keeps_its_pace_and_hears_of_the_next_when_it_may_send(
    tmp_path: Path, database_url: str, redis_url: str
) -> None:
    office = opened(tmp_path, database_url, redis_url, SEND_PER_SECOND="0.1")
    phone = office.approved(0, 1)
    for number in range(4):
        office.reply(f"R{number}", site=number % 2)
    for _ in range(2):
        phone.pull()
    assert [message.text for message in phone.messages.values()] == ["R0", "R1"]
    pace = pace_of(0.1)
    assert waiting_for(office.engine, [phone.device_id], office.clock(), pace)[phone.device_id].newest is None
    office.clock.move(seconds=10)
    assert waiting_for(office.engine, [phone.device_id], office.clock(), pace)[phone.device_id].newest is not None
    phone.pull()
    assert len(phone.messages) == 4
    office.runtime.close()


# Who is no phone of ours.


def test_what_a_phone_says_of_itself_can_be_kept_and_shown(office: Office) -> None:
    odd = {"phoneNumber": "\ud800\x00", "carrierName": "移动\ud800\x00" + "x" * 1_000, "iccid": "*****"}
    said = {"name": "\ud800x" * 200, "simCards": [{"slotIndex": slot % 3, **odd} for slot in range(20)]}
    headers = {"Authorization": f"Bearer {office.token}"}
    assert office.carry("POST", f"{office.address}/device", headers, json.dumps(said).encode())[0] == 201
    (seen,) = phones_of(office.engine)
    assert seen.name == "x" * 80
    assert [(card.slot, card.number, card.iccid) for card in seen.sims] == [(slot, None, None) for slot in range(3)]
    assert {card.carrier for card in seen.sims} == {"移动" + "x" * 38}


def test_nobody_comes_in_by_a_wrong_token_and_tries_are_slowed_down(office: Office) -> None:
    assert [office.phone().register(office.address, "wrong") for _ in range(10)] == [401] * 8 + [429] * 2
    assert phones_of(office.engine) == []
    assert office.phone().register("/gateways/nobody/phone", office.token) == 404
    # From many networks nobody keeps a phone out that has the token, not even one that tried with a wrong one.
    for network in range(30):
        asked = {"REMOTE_ADDR": f"198.51.{network}.7"}
        for _ in range(8):
            made = office.client.post(f"{office.address}/device", json={}, environ_base=asked)
            assert made.status_code == 401
    assert office.phone().register(office.address, office.token) == 201


def test_no_more_wait_than_may_also_when_they_ask_at_once(office: Office) -> None:
    def ask(number: int) -> bool:
        with suppress(TooManyWaitError):
            return bool(register(office.engine, "desk", office.token, PhoneWord(str(number), ()), "", office.clock()))
        return False

    with ThreadPoolExecutor(12) as threads:
        assert sum(threads.map(ask, range(12))) == MOST_WAITING


def test_a_stolen_token_lets_in_nobody_by_itself_and_a_new_one_ends_it(office: Office) -> None:
    thief = office.registered()
    office.reply("R1")
    thief.receive(AGENT, "报备 张三 138****5678")
    thief.post()
    assert (thief.posted[0][0], thief.pull(), thief.messages) == (503, 200, {})
    for _ in range(MOST_WAITING - 1):
        assert office.phone().register(office.address, office.token) == 201
    assert office.phone().register(office.address, office.token) == 429
    new_token(office.engine, "desk", None, office.clock())
    end(office.engine, thief.device_id, None, office.clock())
    assert office.phone().register(office.address, office.token) == 401
    thief.post_all(lambda by: office.clock.move(seconds=by.total_seconds()))
    assert {status for status, _ in thief.posted[1:]} == {403}
    assert texts(office.engine) == 0


def test_a_token_that_is_used_from_two_networks_in_turn_is_an_alarm_and_one_change_is_none(office: Office) -> None:
    phone = office.approved()

    def pulled_from(*addresses: str) -> list[str]:
        for address in addresses:
            office.clock.move(minutes=3)
            asked = {"environ_base": {"REMOTE_ADDR": address}, "headers": {"Authorization": f"Bearer {phone.token}"}}
            assert office.client.get(f"{office.address}/message", **asked).status_code == 200
        found = alarms(office.engine, office.clock())
        return [each.code for each in found if each.code == "phone_elsewhere"]

    assert pulled_from("198.51.100.7", "198.51.100.7", "203.0.113.9", "203.0.113.9") == []
    office.clock.move(hours=2)
    assert pulled_from("198.51.100.7") == [], "it is at home again"
    assert pulled_from("203.0.113.9", "198.51.100.7") == ["phone_elsewhere"]
    office.clock.move(hours=2)
    assert pulled_from("198.51.100.7") == []


def test_a_phone_has_no_say_in_what_is_anothers(office: Office) -> None:
    mine, other = office.approved(0), office.approved(1)
    one = office.reply("R1")
    mine.pull()
    (message,) = mine.messages.values()
    other.take(Message(message.id, "x", [AGENT], other.now, of_server=True))
    forged = message.id[:-1] + ("0" if message.id[-1] != "0" else "1")
    mine.take(Message(forged, "x", [AGENT], mine.now, of_server=True))
    for phone in (other, mine):
        phone.unreported = [name for name in phone.messages if phone is other or name == forged]
        for name in phone.unreported:
            phone.messages[name].state = "Delivered"
        assert set(phone.report()) == {204}
    assert office.state(one)[0] == "sending"
    other.pull()
    assert [*other.messages] == [message.id]
    other.device_id = mine.device_id
    other.receive(AGENT, "report of nobody", sim=1)
    other.post()
    assert [site for site, _, _ in in_line(office)] == [office.sites[1]]


def test_what_is_not_signed_by_a_phone_or_not_as_it_speaks_leaves_no_trace(office: Office) -> None:
    phone = office.approved()
    key = phone.key
    phone.key = "another"
    phone.receive(AGENT, "报备 张三 138****5678")
    phone.post()
    assert phone.posted[0][0] == 403
    phone.key = key
    for method, path, body in (
        ("POST", "/device", b"[1]"),
        ("PATCH", "/device", b"\xff"),
        ("PATCH", "/message", b"{}"),
        ("PATCH", "/message", b"[" * 60_000),
    ):
        headers = {"Authorization": f"Bearer {phone.token if method == 'PATCH' else office.token}"}
        assert office.carry(method, office.address + path, headers, body)[0] == 400
    odd = b'[{"id":1},{"id":"1.1.1.000000000000","state":"Sent"},3,{"id":"x","state":[],"recipients":7}]'
    assert office.carry("PATCH", f"{office.address}/message", {"Authorization": f"Bearer {phone.token}"}, odd)[0] == 204
    assert office.carry("PATCH", f"{office.address}/message", {}, b"x" * 70_000)[0] in (401, 413)
    assert office.carry("GET", f"{office.address}/user/code", {}, None)[0] == 404
    assert texts(office.engine) == 0


def test_a_canary_goes_out_among_replies_comes_back_into_no_line_and_is_missed(office: Office) -> None:
    phone = office.approved(0, 1)
    set_way(office.engine, "desk", 60, OTHER_NUMBER, None, office.clock())
    assert sorted(ask_due(office.engine, office.clock())) == sorted(office.sites)
    assert waiting_for(office.engine, [phone.device_id], office.clock())[phone.device_id].newest == 0
    office.reply("报备成功 R1")
    phone.pull()
    phone.pull()
    assert waiting_for(office.engine, [phone.device_id], office.clock())[phone.device_id].newest is None
    phone.send(lambda message: (("Failed", "RESULT_ERROR_NO_SERVICE"),) if message.sim == 2 else (("Sent", None),))
    assert set(phone.report()) == {204}
    tried = {sim: (to, words) for to, words, sim in phone.on_air if words.startswith("canary")}
    assert [to for to, _ in tried.values()] == [OTHER_NUMBER, OTHER_NUMBER]
    phone.receive(SITE_NUMBER, tried[1][1], sim=2)
    phone.post()
    assert {status for status, _ in phone.posted} == {200}
    assert texts(office.engine) == 0
    office.clock.move(minutes=11)
    (missed,) = [alarm for alarm in alarms(office.engine, office.clock()) if alarm.code == "canary_lost"]
    assert missed.scope == f"site:{office.sites[1]}"
    assert "could not be sent" in missed.sentence
    assert phone.pull() == 200
    phone.send()
    assert len(phone.on_air) == 3, "the reply and both canaries: what is too old is handed out no more"


def test_the_doctor_finds_a_site_without_a_phone_and_phones_that_nobody_tries_out(office: Office) -> None:
    patient = Patient(office.runtime.settings, office.runtime, {})
    office.approved(0)
    found = list(look_at_phones(patient))
    assert [type(each) for each in found] == [Ailment, Advice]
    assert "desk is approved for site 岸" in found[0].sentence
    assert "baobei gateway canary desk" in found[1].sentence
    office.approved(1)
    set_way(office.engine, "desk", 60, "", None, office.clock())
    assert list(look_at_phones(patient)) == []
