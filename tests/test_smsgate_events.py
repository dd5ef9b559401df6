"""What the SMSGate app posts: who wrote it, what it says, and which text it is, whichever way it comes."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sending import NOON, NUMBER
from worker.gateways.base import LARGEST_BODY, ForgedError, Handover, MalformedError
from worker.gateways.smsgate_events import (
    CLOCK_OFF_MOST,
    SimCard,
    app_version,
    carrier_time,
    check_signature,
    clock_off_s,
    message_id,
    provider_id,
    read_event,
    signature_of,
    spelled,
)
from worker.gateways.smsgate_messages import standing, status_of

KEY = "Ab3dEf9h"
SECRET = "a secret of the tests"  # noqa: S105
SENDER = "+8613900000021"
# Fields in the order in which the app writes them; signed by `openssl dgst -sha256 -hmac Ab3dEf9h`.
RAW = (
    '{"deviceId":"ffffffffceb0b1db0000018e937c815b","event":"sms:received","id":"Ey6ECgOkVVFjz3CL48B8C","payload":'
    '{"messageId":"9a3f10c2","message":"报备 李梅 139****0001","sender":"+8613900000021","recipient":null,'
    '"simNumber":1,"phoneNumber":"+8613900000021","receivedAt":"2026-11-02T12:00:00.000+08:00"},'
    '"webhookId":"LreFUt-Z3sSq0JufY9uWB"}'
).encode()
STAMP = "1793592003"
SIGNED = "901d1c404eb978c4da2281dbd52bc355180d0848db36b7fe4e5880c07d9527ea"


def event(kind: str = "sms:received", said: dict[str, Any] | None = None, **payload: Any) -> bytes:
    text = {"sender": SENDER, "message": "报备 李梅 139****0001", "receivedAt": "2026-11-02T12:00:00.000+08:00"}
    whole = {"id": "event-1", "webhookId": "w", "deviceId": "device-1", "event": kind, "payload": text | payload}
    return json.dumps(whole | (said or {})).encode()


def test_takes_what_the_phone_signed_and_reads_it() -> None:
    check_signature(KEY, RAW, STAMP, SIGNED, NOON)
    read = read_event(RAW)
    assert (read.id, read.device_id, read.event) == (
        "Ey6ECgOkVVFjz3CL48B8C",
        "ffffffffceb0b1db0000018e937c815b",
        "sms:received",
    )
    assert (read.sender, read.recipient, read.sim_number) == (SENDER, None, 1)
    assert (read.text, read.received_at, read.message_id) == ("报备 李梅 139****0001", NOON, "9a3f10c2")
    assert SENDER not in repr(read)


@pytest.mark.parametrize(
    ("key", "raw", "stamp", "signature"),
    [
        ("Ab3dEf9H", RAW, STAMP, SIGNED),
        ("", RAW, STAMP, signature_of("", RAW, STAMP)),
        (KEY, RAW + b" ", STAMP, SIGNED),
        (KEY, RAW + STAMP[:1].encode(), STAMP[1:], SIGNED),
        (KEY, RAW, "1793592004", SIGNED),
        (KEY, RAW, "", SIGNED),
        (KEY, RAW, "１７９３５９２００３", SIGNED),
        (KEY, RAW, STAMP, SIGNED.upper()),
        (KEY, RAW, STAMP, ""),
        (KEY, RAW, STAMP, "é"),
    ],
)
def test_refuses_what_this_phone_did_not_write(key: str, raw: bytes, stamp: str, signature: str) -> None:
    with pytest.raises(ForgedError):
        check_signature(key, raw, stamp, signature, NOON)


@pytest.mark.parametrize("off", [timedelta(hours=-1), timedelta(hours=26), timedelta(days=-200), -CLOCK_OFF_MOST])
def test_a_phone_with_a_wrong_clock_loses_no_text(off: timedelta) -> None:
    stamp = str(int((NOON + off).timestamp()))
    check_signature(KEY, RAW, stamp, signature_of(KEY, RAW, stamp), NOON)
    assert clock_off_s(stamp, NOON) == off.total_seconds()


@pytest.mark.parametrize("stamp", ["0", "999999999999", "1758000000", "1829000000"])
def test_what_was_signed_years_from_now_is_refused(stamp: str) -> None:
    with pytest.raises(ForgedError):
        check_signature(KEY, RAW, stamp, signature_of(KEY, RAW, stamp), NOON)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b"\xff",
        b"[" * 60_000,
        b'{"id": ' + b"9" * 5_000 + b"}",
        event(said={"id": None}),
        event(said={"id": "x" * 129}),
        event(said={"deviceId": 7}),
        event(said={"event": ""}),
        event(said={"payload": "text"}),
        event(message=None),
        json.dumps({"id": "1", "deviceId": "d", "event": "sms:received", "payload": {"message": "x"}}).encode(),
        b" " * (LARGEST_BODY + 1),
    ],
)
def test_what_is_no_event_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        read_event(raw)


def test_apps_before_1_54_name_the_sender_by_phone_number() -> None:
    raw = event(sender=None, phoneNumber=SENDER)
    assert read_event(raw).sender == SENDER


@pytest.mark.parametrize(
    ("payload", "text", "media"),
    [
        ({"message": ""}, "", 0),
        ({"message": "😀\0\ud800"}, "😀\0\ud800", 0),
        ({"simNumber": True, "recipient": 5, "receivedAt": 5, "new": {"a": [1]}}, "报备 李梅 139****0001", 0),
    ],
)
def test_a_text_of_anything_comes_through(payload: dict[str, Any], text: str, media: int) -> None:
    read = read_event(event(**payload))
    assert (read.text, read.media, read.sim_number, read.recipient) == (text, media, None, None)


def test_a_long_text_that_became_a_picture_message_is_read_by_its_words() -> None:
    read = read_event(event("mms:downloaded", body="报备 李梅", attachments=[{"partId": 1}, {"partId": 2}]))
    assert (read.is_text, read.text, read.media) == (True, "报备 李梅", 2)
    assert read_event(event("mms:downloaded", body=None, subject=None, attachments=[{}])).text == ""


@pytest.mark.parametrize(
    ("kind", "delivery"),
    [("sms:sent", "sent"), ("sms:delivered", "delivered"), ("sms:failed", "failed"), ("sms:cancelled", "failed")],
)
def test_tells_how_far_a_reply_is(kind: str, delivery: str) -> None:
    whole = {"id": "e", "deviceId": "d", "event": kind}
    payload = {"messageId": "ours-1", "phoneNumber": SENDER, "reason": "RESULT_ERROR_NO_SERVICE"}
    read = read_event(json.dumps(whole | {"payload": payload}).encode())
    assert (read.delivery, read.message_id, read.recipient, read.error) == (
        delivery,
        "ours-1",
        SENDER,
        "RESULT_ERROR_NO_SERVICE",
    )
    assert not read.is_text


@pytest.mark.parametrize("kind", ["system:ping", "sms:data-received", "mms:received", "something:new"])
def test_events_that_bring_no_text_are_read_all_the_same(kind: str) -> None:
    read = read_event(json.dumps({"id": "e", "deviceId": "d", "event": kind}).encode())
    assert (read.event, read.is_text, read.delivery) == (kind, False, None)


def test_reads_the_sims_of_a_phone_that_started() -> None:
    cards = [
        {"slotIndex": 0, "simNumber": 1, "phoneNumber": None, "carrierName": "CMCC", "iccid": "8986001"},
        {"slotIndex": 1, "phoneNumber": NUMBER},
        {"slotIndex": "2"},
        "none",
    ]
    read = read_event(event("app:started", simCards=cards))
    assert read.sim_cards == (SimCard(0, 1, None, "CMCC", "8986001"), SimCard(1, 2, NUMBER))


@pytest.mark.parametrize(
    ("stated", "believed"),
    [
        ("2026-11-02T12:10:00.000+08:00", NOON + timedelta(minutes=10)),
        ("2026-11-02T04:10:00.001Z", None),
        ("2020-01-01T00:00:00.000+00:00", datetime(2020, 1, 1, tzinfo=UTC)),
        ("2019-12-31T23:59:59.999+00:00", None),
        ("1970-01-01T08:00:00.000+08:00", None),
        ("0001-01-01T00:00:00.000+14:00", None),
        ("2026-11-02T12:00:00", None),
        ("noon", None),
        (None, None),
    ],
)
def test_a_time_that_cannot_be_is_none(stated: str | None, believed: datetime | None) -> None:
    assert carrier_time(read_event(event(receivedAt=stated)).received_at, NOON) == believed


@pytest.mark.parametrize(
    "payload",
    [
        {"said": {"id": "event-2", "deviceId": "device-2", "webhookId": "v"}},
        {"messageId": "another"},
        {"sender": "139 0000 0021"},
        {"sender": "008613900000021"},
        {"sender": None, "phoneNumber": "+86 139-0000-0021"},
        {"receivedAt": "2026-11-02T04:00:00.999Z"},
        {"recipient": NUMBER},
    ],
)
def test_a_text_is_the_same_whichever_way_it_comes(payload: dict[str, Any]) -> None:
    first, again = read_event(event()), read_event(event(**payload))
    assert provider_id(SECRET, NUMBER, again) == provider_id(SECRET, NUMBER, first)
    assert provider_id(SECRET, NUMBER, first) == message_id(SECRET, NUMBER, SENDER, NOON, first.text)


@pytest.mark.parametrize(
    "payload",
    [
        {"message": "报备 李梅 139****0002"},
        {"sender": "+8613900000022"},
        {"receivedAt": "2026-11-02T12:00:01.000+08:00"},
    ],
)
def test_another_text_is_another(payload: dict[str, Any]) -> None:
    first, other = read_event(event()), read_event(event(**payload))
    assert provider_id(SECRET, NUMBER, other) != provider_id(SECRET, NUMBER, first)
    assert provider_id(SECRET, "+8613800000099", first) != provider_id(SECRET, NUMBER, first)
    assert provider_id("another secret", NUMBER, first) != provider_id(SECRET, NUMBER, first)


@pytest.mark.parametrize("stated", ["1970-01-01T08:00:00.000+08:00", None])
def test_without_a_time_the_same_words_twice_are_two_texts_and_a_later_try_is_none(stated: str | None) -> None:
    first = read_event(event(receivedAt=stated))
    again = read_event(event(receivedAt=stated, said={"id": "event-2"}))
    assert provider_id(SECRET, NUMBER, first) != provider_id(SECRET, NUMBER, again)
    assert provider_id(SECRET, NUMBER, first) == provider_id(SECRET, NUMBER, read_event(event(receivedAt=stated)))


def test_the_id_tells_nothing_of_the_digits_that_are_not_kept() -> None:
    whole = read_event(event(message="报备 李梅 13912340001"))
    other = read_event(event(message="报备 李梅 13956780001"))
    assert provider_id(SECRET, NUMBER, whole) == provider_id(SECRET, NUMBER, other)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("13900000021", SENDER),
        ("+86 (139) 0000-0021", SENDER),
        ("１３９００００００２１", SENDER),
        ("＋８６ １３９００００００２１", SENDER),
        ("10086", "+8610086"),
        ("106980095533012345", "106980095533012345"),
        ("HUAWEI", "HUAWEI"),
        ("", ""),
        ("+", "+"),
        ("9" * 300, "9" * 300),
    ],
)
def test_a_number_is_read_however_the_phone_spells_it(written: str, number: str) -> None:
    assert spelled(written, "CN") == number


@pytest.mark.parametrize(
    ("agent", "version"),
    [
        ("me.capcom.smsgateway/1.66.1", (1, 66, 1)),
        ("me.capcom.smsgateway.insecure/1.68", (1, 68, 0)),
        ("me.capcom.smsgateway/1.52.3-beta", (1, 52, 3)),
        ("okhttp/4.10.0", None),
        ("me.capcom.smsgateway/99999.1.1", None),
        ("", None),
    ],
)
def test_the_user_agent_tells_the_version(agent: str, version: tuple[int, int, int] | None) -> None:
    assert app_version(agent) == version


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["sms:received", SENDER]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = ("sender", "phoneNumber", "message", "body", "simNumber", "recipient", "receivedAt", "attachments", "simCards")
PAYLOADS = st.dictionaries(st.sampled_from([*NAMES, "messageId", "reason", "other"]), VALUES, max_size=6)
KINDS = st.sampled_from(["sms:received", "mms:downloaded", "sms:failed", "sms:cancelled", "app:started", "new"])


@given(kind=KINDS, payload=PAYLOADS | VALUES, odd=st.booleans())
def test_whatever_a_phone_signs_is_an_event_or_is_malformed(kind: str, payload: Any, odd: bool) -> None:
    raw = json.dumps({"id": payload if odd else "e", "deviceId": "d", "event": kind, "payload": payload}).encode()
    try:
        read = read_event(raw)
    except MalformedError:
        return
    assert len(provider_id(SECRET, NUMBER, read)) == 40
    assert carrier_time(read.received_at, NOON) is None or read.received_at is not None
    said = status_of("desk", read)
    assert said is None or said.gateway == "desk"
    assert isinstance(standing("x", payload), Handover)
