"""SMSGate's API as its makers' own Python client reads it, against our requests, our reading and our fakes."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from android_sms_gateway import (
    APIClient,
    DeviceSettings,
    HealthStatus,
    InboxQueryFilter,
    Message,
    MessagesProcessingOrder,
    ProcessState,
    SettingsMessages,
    SettingsWebhooks,
    SmsReceivedPayload,
    TextMessage,
    Webhook,
    WebhookEvent,
)
from android_sms_gateway.webhooks import MmsDownloadedPayload

from tests.fake_phone import FakePhone
from tests.fake_smsgate import LOGIN, PASSWORD, FakeServer, serving
from tests.sending import AGENT, NOON, NUMBER, StandingClock, outgoing
from worker.gateways.base import Sent
from worker.gateways.phone_server import Fetched
from worker.gateways.smsgate import SmsGate
from worker.gateways.smsgate_client import SimLine, SmsgateAccount, SmsgateClient
from worker.gateways.smsgate_events import DELIVERY_OF, TEXTS, read_event
from worker.gateways.smsgate_http import SmsgateHttp
from worker.gateways.smsgate_messages import DELIVERY_OF_STATE
from worker.gateways.smsgate_setup import NEEDED, USEFUL, set_up

URL = "https://reports.example.com/gateways/desk/messages"


@pytest.fixture(params=[False, True], ids=["phone", "cloud"])
def server(request: pytest.FixtureRequest) -> Iterator[FakeServer]:
    phone = FakePhone(lambda *_: (200, b""), StandingClock())
    with serving(FakeServer([phone], cloud=request.param)) as server:
        yield server


@pytest.fixture
def published(server: FakeServer) -> Iterator[Any]:
    with APIClient(LOGIN, PASSWORD, base_url=server.url) as client:
        yield client


@pytest.fixture
def ours(server: FakeServer) -> SmsgateClient:
    account = SmsgateAccount(server.url, LOGIN, PASSWORD, "key", keeps_list=not server.cloud)
    line = SimLine(server.phones[0].device_id, 1)
    return SmsgateClient("desk", account, lambda: {NUMBER: line}, "a secret", StandingClock())


def test_our_request_is_the_one_that_it_makes(server: FakeServer, published: Any, ours: SmsgateClient) -> None:
    sent = ours.send(outgoing("报备成功 R1 😀"))
    assert isinstance(sent, Sent)
    (_, _, mine) = server.asked[-1]
    theirs = Message(
        id=f"{sent.sid}-again",
        text_message=TextMessage("报备成功 R1 😀"),
        phone_numbers=[AGENT],
        sim_number=1,
        device_id=server.phones[0].device_id,
        ttl=int(timedelta(hours=4).total_seconds()),
    )
    state = published.send(theirs, skip_phone_validation=True)
    assert server.asked[-1][2] == mine | {"id": theirs.id, "isEncrypted": False, "priority": 0}
    assert (state.id, state.state) == (theirs.id, ProcessState.Pending)


def test_it_finds_what_we_sent_as_it_stands(server: FakeServer, published: Any, ours: SmsgateClient) -> None:
    sent = ours.send(outgoing())
    assert isinstance(sent, Sent)
    server.phones[0].send(lambda message: [("Failed", "Send result: RESULT_ERROR_NO_SERVICE (…)")])
    state = published.get_state(sent.sid)
    assert (state.id, state.state, state.device_id) == (sent.sid, ProcessState.Failed, server.phones[0].device_id)
    assert [(each.phone_number, each.error) for each in state.recipients] == [
        (AGENT, "Send result: RESULT_ERROR_NO_SERVICE (…)")
    ]


def test_it_reads_what_we_set_up(server: FakeServer, published: Any) -> None:
    assert set_up(SmsgateHttp(server.url, LOGIN, PASSWORD), URL, "key") is None
    registered = published.get_webhooks()
    assert {each.event.value for each in registered} == {*NEEDED, *USEFUL}
    assert {each.url for each in registered} == {URL}
    (patched,) = [body for method, path, body in server.asked if (method, path) == ("PATCH", "/settings")]
    settings = DeviceSettings.from_dict(patched)
    assert settings.asdict() == patched
    assert settings.webhooks is not None
    assert settings.webhooks.signing_key == "key"
    assert published.get_settings().messages == SettingsMessages(processing_order=MessagesProcessingOrder.FIFO)


def test_what_it_sets_up_has_no_flaw(server: FakeServer, published: Any, ours: SmsgateClient) -> None:
    for event in (*NEEDED, *USEFUL):
        published.create_webhook(Webhook(id=event, url=URL, event=WebhookEvent(event)))
    order = SettingsMessages(processing_order=MessagesProcessingOrder.FIFO)
    published.patch_settings(DeviceSettings(messages=order, webhooks=SettingsWebhooks(signing_key="key")))
    assert list(ours.examine([NUMBER], URL)) == []
    assert published.health_check().status == HealthStatus.PASS
    if server.cloud:
        assert [device.id for device in published.list_devices()] == [server.phones[0].device_id]


def test_the_list_is_read_alike(server: FakeServer, published: Any, ours: SmsgateClient) -> None:
    if server.cloud:
        return
    for minute in range(3):
        server.phones[0].receive(AGENT, f"报备 {minute}", NOON + timedelta(minutes=minute))
    server.phones[0].real_now.move(hours=1)  # type: ignore[attr-defined]
    theirs = published.list_inbox_messages(inbox_filter=InboxQueryFilter(message_type="SMS"))
    mine = list(ours.backfill([NUMBER], NOON, NOON + timedelta(hours=1)))
    assert [(each.sender, each.content_preview, each.created_at) for each in theirs] == [
        (each.sender, each.text, each.sent_at) for each in mine
    ]


def test_events_are_read_alike(server: FakeServer) -> None:
    phone = server.phones[0]
    phone.webhooks = [{"id": "w", "url": URL, "event": "sms:received"}]
    phone.receive(AGENT, "报备 李梅 <139****0001>", NOON)
    raw = phone.queue[0].body
    theirs, mine = SmsReceivedPayload.from_dict(json.loads(raw)["payload"]), read_event(raw.encode())
    assert (mine.sender, mine.text, mine.received_at, mine.sim_number, mine.message_id, mine.recipient) == (
        theirs.sender,
        theirs.message,
        theirs.received_at,
        theirs.sim_number,
        theirs.message_id,
        theirs.recipient,
    )
    assert WebhookEvent(mine.event) == WebhookEvent.SMS_RECEIVED


def test_a_picture_is_read_alike() -> None:
    payload = {
        "messageId": "7",
        "phoneNumber": AGENT,
        "sender": AGENT,
        "attachments": [{"partId": 1, "contentType": "image/jpeg", "size": 9}],
        "receivedAt": "2026-11-02T12:00:00.000+08:00",
        "body": "报备 李梅",
    }
    said = {"id": "e", "deviceId": "d", "event": "mms:downloaded", "payload": payload}
    theirs, mine = MmsDownloadedPayload.from_dict(payload), read_event(json.dumps(said).encode())
    assert (mine.text, mine.media, mine.received_at) == (theirs.body, len(theirs.attachments), theirs.received_at)


def test_it_reads_what_a_phone_is_told_whose_server_we_are() -> None:
    gateway = SmsGate("desk", "a secret", list, StandingClock())
    told = json.loads(gateway.settings("phone").body)
    assert DeviceSettings.from_dict(told).asdict() == told
    webhooks = [Webhook.from_dict(each) for each in json.loads(gateway.webhooks(URL, "1.68.0").body)]
    assert {each.url for each in webhooks} == {URL}
    assert WebhookEvent.SMS_RECEIVED in {each.event for each in webhooks}
    handed = json.loads(gateway.handed_out([Fetched(outgoing(), 1, NOON)]).body)
    assert TextMessage.from_dict(handed[0]["textMessage"]).text == handed[0]["message"]
    assert ProcessState(handed[0]["state"]) == ProcessState.Pending


def test_its_states_and_events_are_ours() -> None:
    assert set(DELIVERY_OF_STATE) == {each.value for each in ProcessState}
    assert {*DELIVERY_OF, *TEXTS, *NEEDED, *USEFUL} <= {each.value for each in WebhookEvent}
