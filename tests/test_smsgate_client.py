"""Phones behind a server that somebody runs: the adapter, asked and answered by fakes over real HTTP."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.fake_phone import FakePhone, Message, Ways
from tests.fake_smsgate import LOGIN, PASSWORD, FakeServer, serving
from tests.sending import AGENT, NOON, NUMBER, StandingClock, outgoing
from worker.gateways.base import (
    Doubt,
    ForgedError,
    GatewayAwayError,
    Handover,
    Inbound,
    Ping,
    Refused,
    Retry,
    SenderStopped,
    Sent,
    Status,
    Stopped,
    Unknown,
)
from worker.gateways.smsgate_client import SimLine, SmsgateAccount, SmsgateClient
from worker.gateways.smsgate_events import REPEATED_WITHIN
from worker.gateways.smsgate_http import SmsgateHttp
from worker.gateways.smsgate_setup import devices_of, keeps_list, set_up

SECRET, KEY = "a secret of the tests", "a key of the tests"
URL = "https://reports.example.com/gateways/desk/messages"
OTHER_NUMBER = "+8613800000099"


class Desk:
    """A phone, a server before it, and our adapter of that."""

    def __init__(self, server: FakeServer, clock: StandingClock) -> None:
        self.server, self.clock, self.phone = server, clock, server.phones[0]
        self.received: list[Inbound | Status | Ping] = []
        self.answers: list[int] = []
        self.phone.http = self._webhook
        self.lines, self.look_ups = {NUMBER: SimLine(self.phone.device_id, 1)}, 0
        self.http = SmsgateHttp(server.url, LOGIN, PASSWORD)
        self.gateway = self.adapter(keeps_list=not server.cloud)
        assert set_up(self.http, URL, KEY) is None

    def adapter(self, **account: Any) -> SmsgateClient:
        given = {"base_url": self.server.url, "login": LOGIN, "password": PASSWORD, "signing_key": KEY}
        return SmsgateClient("desk", SmsgateAccount(**(given | account)), self._looked_up, SECRET, self.clock)

    def _looked_up(self) -> dict[str, SimLine]:
        self.look_ups += 1
        return self.lines

    def _webhook(self, method: str, url: str, headers: Any, body: bytes | None) -> tuple[int, bytes]:
        assert (method, url) == ("POST", URL)
        assert body is not None
        if self.answers:
            return self.answers.pop(0), b""
        self.received += self.gateway.verify(headers, body, url).parse("messages", body, url)
        return self.gateway.ack(ok=True).status, b""

    def texts(self) -> list[Inbound]:
        self.phone.post()
        return [each for each in self.received if isinstance(each, Inbound)]

    def statuses(self) -> list[Status]:
        self.phone.post()
        return [each for each in self.received if isinstance(each, Status)]


@pytest.fixture(scope="module", params=[False, True], ids=["phone", "cloud"])
def served(request: pytest.FixtureRequest) -> Iterator[FakeServer]:
    with serving(FakeServer([], cloud=request.param)) as server:
        yield server


@pytest.fixture
def desk(served: FakeServer, clock: StandingClock) -> Desk:
    fresh = FakeServer([FakePhone(lambda *_: (0, b""), clock)], served.cloud, served.url)
    vars(served).update(vars(fresh))
    return Desk(served, clock)


# Inbound.


def test_what_the_phone_receives_is_a_text_to_our_number(desk: Desk) -> None:
    desk.phone.receive("13900000011", "报备 李梅 <139****0001> & 'x'")
    (text,) = desk.texts()
    assert (text.gateway, text.sender, text.recipient) == ("desk", AGENT, NUMBER)
    assert (text.text, text.sent_at, text.repeats_within) == ("报备 李梅 <139****0001> & 'x'", NOON, REPEATED_WITHIN)


def test_a_text_is_posted_until_it_is_taken_and_is_the_same_each_time(desk: Desk) -> None:
    desk.answers = [503] * 15
    desk.phone.receive(AGENT, "报备 李梅 139****0001")
    started = desk.clock()
    desk.phone.post_all(lambda pause: desk.clock.move(seconds=pause.total_seconds()))
    assert len(desk.phone.posted) == 16
    assert timedelta(hours=45) < desk.clock() - started < timedelta(hours=46)
    (text,) = desk.texts()
    assert text.sent_at == NOON


@pytest.mark.parametrize("version", [(1, 52, 2), (1, 65, 0), (1, 66, 1), (1, 68, 0)])
def test_versions_that_post_a_text_twice_bring_one_or_two_that_are_seen_to_be_one(
    desk: Desk, version: tuple[int, int, int]
) -> None:
    desk.phone.version = version
    desk.phone.clock_off = timedelta(seconds=90)
    desk.phone.receive(AGENT, "报备 李梅 139****0001")
    texts = desk.texts()
    moments = [text.sent_at for text in texts if text.sent_at]
    assert len({text.provider_id for text in texts}) == (2 if version == (1, 66, 1) else 1)
    assert max(moments) - min(moments) <= texts[0].repeats_within


def test_a_reinstall_brings_no_text_anew(desk: Desk) -> None:
    desk.phone.receive(AGENT, "报备 李梅 139****0001")
    desk.texts()
    desk.phone.install()
    desk.lines = {NUMBER: SimLine(desk.phone.device_id, 1)}
    assert set_up(desk.http, URL, KEY) is None
    desk.phone.export(NOON - timedelta(days=1), NOON)
    texts = desk.texts()
    assert (len(texts), len({text.provider_id for text in texts})) == (2, 1)


@pytest.mark.parametrize("off", [timedelta(days=-300), timedelta(hours=9)])
def test_a_phone_with_a_wrong_clock_brings_its_texts_at_the_carriers_time(desk: Desk, off: timedelta) -> None:
    desk.phone.clock_off = off
    desk.phone.receive(AGENT, "报备 李梅 139****0001")
    assert [text.sent_at for text in desk.texts()] == [NOON]


@pytest.mark.parametrize("at", [NOON + timedelta(hours=1), NOON.replace(year=1970)])
def test_a_carriers_clock_that_cannot_be_is_none(desk: Desk, at: Any) -> None:
    desk.phone.receive(AGENT, "报备 李梅 139****0001", at)
    assert [text.sent_at for text in desk.texts()] == [None]


def test_the_sim_tells_whose_text_it_is(desk: Desk) -> None:
    desk.lines = {NUMBER: SimLine(desk.phone.device_id, 1), OTHER_NUMBER: SimLine(desk.phone.device_id, 2)}
    for sim in (1, 2, 3, None):
        desk.phone.receive(AGENT, f"报备 {sim}", sim=sim)
    to = [text.recipient for text in desk.texts()]
    assert to == [NUMBER, OTHER_NUMBER, f"SIM 3 of {desk.phone.device_id}", f"SIM ? of {desk.phone.device_id}"]
    desk.lines = {NUMBER: SimLine(desk.phone.device_id)}
    desk.phone.receive(AGENT, "报备 李梅", sim=None)
    assert desk.texts()[-1].recipient == NUMBER


def test_another_phones_signature_is_refused(desk: Desk) -> None:
    desk.phone.key = "a key of another phone"
    desk.phone.receive(AGENT, "报备 李梅 139****0001")
    with pytest.raises(ForgedError):
        desk.phone.post()


def test_signs_of_life_and_what_we_have_no_use_for_are_taken(desk: Desk) -> None:
    desk.phone.ping()
    desk.phone.start()
    desk.phone.webhooks.append({"id": "x", "url": URL, "event": "sms:data-received"})
    desk.phone._emit("sms:data-received", {"messageId": "1", "sender": AGENT, "data": "AA=="})
    desk.phone.send_one(Message("not ours", "x", [AGENT], NOON))
    desk.phone.post()
    assert {status for status, _ in desk.phone.posted} == {200}
    device, lives = desk.phone.device_id, [each for each in desk.received if isinstance(each, Ping)]
    assert lives == desk.received
    assert [(each.phone, each.app, each.sims and each.sims[0].iccid) for each in lives] == [
        (device, "1.68.0", None),
        (device, "1.68.0", "8986001"),
        *[(device, "1.68.0", None)] * 3,
    ]


# Outbound.


def ways(*states: tuple[str, str | None]) -> Any:
    return lambda message: states


def test_a_reply_goes_out_by_the_named_phone_and_sim_in_order(desk: Desk) -> None:
    for number in range(3):
        assert isinstance(desk.gateway.send(outgoing(f"报备成功 R{number}", reply_id=number)), Sent)
        desk.clock.move(seconds=1)
    desk.phone.send()
    assert desk.phone.on_air == [(AGENT, f"报备成功 R{number}", 1) for number in range(3)]
    body = next(said for _, path, said in desk.server.asked if path == "/messages")
    assert (body["deviceId"], body["ttl"], body["withDeliveryReport"]) == (desk.phone.device_id, 14400, True)
    assert len(body["id"]) <= 36


def test_what_becomes_of_a_reply_is_told_by_site_reply_and_attempt(desk: Desk) -> None:
    sent = desk.gateway.send(outgoing(attempt=2))
    desk.phone.send(ways(("Sent", None), ("Delivered", None), ("Failed", "Delivery result from SC +86138: 70")))
    statuses = desk.statuses()
    assert {(s.sid, s.site_id, s.reply_id, s.attempt) for s in statuses} == {(getattr(sent, "sid", None), 3, 7, 2)}
    assert [(s.delivery, s.error_code) for s in statuses] == [
        ("sent", None),
        ("delivered", None),
        ("failed", "NUMBER_UNREACHABLE"),
    ]
    assert isinstance(statuses[-1].failure, Refused)


def test_the_same_attempt_is_one_message_and_the_next_is_another(desk: Desk) -> None:
    first, again = desk.gateway.send(outgoing()), desk.gateway.send(outgoing())
    assert isinstance(first, Sent)
    assert isinstance(again, Sent)
    assert again.sid == first.sid
    desk.gateway.send(outgoing(attempt=2))
    # The numbers of another installation, or of one that was set up anew, begin again.
    desk.gateway.send(outgoing(useful_until=NOON + timedelta(hours=5)))
    assert len(desk.phone.messages) == 3


def test_a_reply_of_no_use_any_more_is_dropped_by_the_phone(desk: Desk) -> None:
    desk.gateway.send(outgoing(useful_until=NOON + timedelta(minutes=5)))
    desk.clock.move(minutes=6)
    desk.phone.send()
    assert desk.phone.on_air == []
    assert [status.error_code for status in desk.statuses()] == ["TTL_EXPIRED"]


@pytest.mark.parametrize(
    ("status", "said", "outcome", "code"),
    [
        (401, {"message": "Unauthorized"}, Stopped, "LOGIN_REFUSED"),
        (403, {"message": "Forbidden"}, Stopped, "LOGIN_REFUSED"),
        (400, {"message": "Invalid device ID"}, Stopped, "DEVICE_UNKNOWN"),
        (400, {"message": "failed to use phone in row 1: invalid"}, Refused, "NUMBER_REFUSED"),
        (400, {"message": "Text message is empty"}, Refused, "MESSAGE_REFUSED"),
        (404, b"<html>", Stopped, "ADDRESS_WRONG"),
        (302, b"", Stopped, "ADDRESS_WRONG"),
        (429, {"message": "slow down"}, Retry, "TOO_FAST"),
        (503, {"message": "queue limits exceeded: too many"}, Stopped, "QUEUE_FULL"),
        (503, b"<html>", Unknown, "SERVER_FAILED"),
        (500, {"message": "failed to handle request"}, Unknown, "SERVER_FAILED"),
        (400, b"<html>", Unknown, "NO_SENSE"),
        (202, b"[]", Unknown, "NO_SENSE"),
        (202, {"state": "new"}, Unknown, "NO_SENSE"),
        (202, {"state": "Pending"}, Sent, None),
    ],
)
def test_each_answer_means_something(desk: Desk, status: int, said: Any, outcome: type, code: str | None) -> None:
    desk.server.refuse_next.append((status, said))
    handover: Handover = desk.gateway.send(outgoing())
    assert isinstance(handover, outcome)
    assert getattr(handover, "code", None) == code


def test_a_number_without_a_phone_waits(desk: Desk) -> None:
    desk.lines = {}
    assert isinstance(desk.gateway.send(outgoing()), Retry)


def test_a_server_that_is_away_or_silent(desk: Desk) -> None:
    nobody = desk.adapter(base_url="http://127.0.0.1:9")
    assert isinstance(nobody.send(outgoing()), Retry)
    with pytest.raises(GatewayAwayError):
        nobody.lookup(Doubt(outgoing(), NOON))
    desk.server.answers = False
    assert isinstance(desk.gateway.send(outgoing()), Unknown)
    desk.server.answers = True
    found = desk.gateway.lookup(Doubt(outgoing(), NOON))
    assert isinstance(found, Sent)


@pytest.mark.parametrize(
    ("states", "outcome"),
    [
        ((("Sent", None),), Sent),
        ((("Failed", "Send result: RESULT_ERROR_NO_SERVICE (…)"),), Retry),
        ((("Failed", "Can't send message: SIM 1 not found"),), SenderStopped),
        ((("Cancelled", None),), Refused),
    ],
)
def test_a_look_up_goes_by_the_id_whatever_the_words(desk: Desk, states: Ways, outcome: type) -> None:
    assert desk.gateway.lookup(Doubt(outgoing(), NOON)) is None
    desk.gateway.send(outgoing("您的验证码 123456"))
    desk.phone.send(ways(*states))
    assert isinstance(desk.gateway.lookup(Doubt(outgoing("您的验证码 ······"), NOON)), outcome)
    assert desk.gateway.lookup(Doubt(outgoing(attempt=2), NOON)) is None


# The list.


def test_the_phones_own_list_has_what_was_never_posted(desk: Desk) -> None:
    assert keeps_list(desk.http) is not desk.server.cloud
    if desk.server.cloud:
        with pytest.raises(GatewayAwayError):
            list(desk.gateway.backfill([NUMBER], NOON, NOON + timedelta(hours=1)))
        return
    for minute in range(5):
        at = NOON + timedelta(minutes=minute)
        desk.phone.receive(AGENT, f"报备 {minute} 13912345678", at, power_lost=minute == 3)
    desk.phone.receive(AGENT, "to another SIM", NOON, sim=2)
    desk.clock.move(minutes=30)
    posted = {text.provider_id for text in desk.texts()}
    listed = list(desk.gateway.backfill([NUMBER], NOON + timedelta(minutes=1), NOON + timedelta(minutes=5)))
    assert [text.text[:4] for text in listed] == ["报备 4", "报备 3", "报备 2", "报备 1"]
    assert [text.text[:4] for text in listed if text.provider_id not in posted] == ["报备 3"]
    assert list(desk.gateway.backfill([OTHER_NUMBER], NOON, NOON + timedelta(hours=1))) == []


@pytest.mark.parametrize("served", [False], ids=["phone"], indirect=True)
def test_a_long_list_comes_page_by_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.gateways.smsgate_client.PAGE", 3)
    for second in range(7):
        desk.phone.receive(AGENT, f"报备 {second}", NOON + timedelta(seconds=second))
    listed = list(desk.gateway.backfill([NUMBER], NOON, NOON + timedelta(minutes=1)))
    assert [text.text for text in listed] == [f"报备 {second}" for second in reversed(range(7))]
    assert desk.look_ups == 1
    desk.server.refuse_next.append((500, {"message": "Failed to count"}))
    with pytest.raises(GatewayAwayError):
        list(desk.gateway.backfill([NUMBER], NOON, NOON + timedelta(minutes=1)))


# How it is set up.


def flaws(desk: Desk, *numbers: str) -> list[str]:
    return [flaw.sentence for flaw in desk.gateway.examine(numbers or (NUMBER,), URL)]


def test_what_was_set_up_has_no_flaw(desk: Desk) -> None:
    assert flaws(desk) == []
    assert [device.id for device in devices_of(desk.http)] == [desk.phone.device_id]
    assert desk.phone.order == "FIFO"


def test_each_flaw_is_told(desk: Desk) -> None:
    desk.server.webhooks = {}
    desk.server.settings = {"messages": {"processing_order": "LIFO"}}
    desk.phone.version = (1, 66, 1)
    desk.phone.install()
    told = " ".join(flaws(desk, NUMBER, OTHER_NUMBER))
    for word in ("sms:received", "sms:failed", "FIFO", desk.phone.device_id, OTHER_NUMBER):
        assert word in told
    assert ("1.66.1" in told) is not desk.server.cloud


def test_a_wrong_password_is_told_and_a_server_that_is_away_is_away(desk: Desk) -> None:
    told = [flaw.sentence for flaw in desk.adapter(password="another").examine((NUMBER,), URL)]  # noqa: S106
    assert len(told) == 1
    assert "login" in told[0]
    with pytest.raises(GatewayAwayError):
        list(desk.adapter(base_url="http://127.0.0.1:9").examine((NUMBER,), URL))


def test_nothing_secret_is_shown(desk: Desk) -> None:
    account = SmsgateAccount("http://x", LOGIN, PASSWORD, KEY)
    assert PASSWORD not in repr(replace(account))
    assert KEY not in json.dumps(desk.server.settings)
