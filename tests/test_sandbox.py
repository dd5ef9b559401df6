"""The sandbox as a gateway: signed like a real one, and always able to deliver."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest

from tests.sending import AGENT, NOON, NUMBER, StandingClock, outgoing
from worker.gateways.base import Doubt, ForgedError, Inbound, MalformedError, Sent
from worker.gateways.sandbox import SIGNATURE, TIMESTAMP, Sandbox, signed

SECRET = "a secret of the tests"  # noqa: S105
URL = "http://127.0.0.1:8000/gateways/sandbox/messages"
TEXT = {"From": AGENT, "To": NUMBER, "Body": "报备 张三 138****5678 李四", "MessageSid": "m-1"}


@pytest.fixture
def sandbox(clock: StandingClock) -> Sandbox:
    return Sandbox(SECRET, clock)


def test_takes_what_was_signed_and_reads_it(sandbox: Sandbox) -> None:
    headers, raw = signed(SECRET, TEXT | {"SentAt": "2026-11-02T12:00:00+08:00"}, NOON)
    sandbox.verify(headers, raw, URL)
    assert sandbox.parse("messages", raw, URL) == [Inbound("sandbox", "m-1", AGENT, NUMBER, TEXT["Body"], sent_at=NOON)]


def test_a_text_of_anything_comes_through(sandbox: Sandbox) -> None:
    for body in ("", "\0", "😀\n\u200b", "a&b=c+d%20"):
        headers, raw = signed(SECRET, TEXT | {"Body": body}, NOON)
        sandbox.verify(headers, raw, URL)
        (text,) = sandbox.parse("messages", raw, URL)
        assert isinstance(text, Inbound)
        assert text.text == body


def test_half_a_character_is_kept_for_the_line_to_mend(sandbox: Sandbox) -> None:
    raw = urlencode(TEXT).encode().replace(b"Body=", b"Body=%ED%A0%80")
    (text,) = sandbox.parse("messages", raw, URL)
    assert isinstance(text, Inbound)
    assert "\ud800" in text.text


@pytest.mark.parametrize("seconds", [-301, 301])
def test_refuses_what_was_signed_too_long_ago_or_ahead(sandbox: Sandbox, seconds: int) -> None:
    headers, raw = signed(SECRET, TEXT, NOON + timedelta(seconds=seconds))
    with pytest.raises(ForgedError):
        sandbox.verify(headers, raw, URL)


@pytest.mark.parametrize("seconds", [-300, 300])
def test_takes_five_minutes_of_difference(sandbox: Sandbox, seconds: int) -> None:
    headers, raw = signed(SECRET, TEXT, NOON + timedelta(seconds=seconds))
    sandbox.verify(headers, raw, URL)


@pytest.mark.parametrize(
    "change",
    [
        {SIGNATURE: ""},
        {SIGNATURE: "0" * 64},
        {SIGNATURE: "签名"},
        {TIMESTAMP: ""},
        {TIMESTAMP: "soon"},
        {TIMESTAMP: "1"},
        {TIMESTAMP: "²"},
        {TIMESTAMP: str(int(NOON.timestamp()) + 1)},
    ],
)
def test_refuses_what_was_not_signed_so(sandbox: Sandbox, change: dict[str, str]) -> None:
    headers, raw = signed(SECRET, TEXT, NOON)
    with pytest.raises(ForgedError):
        sandbox.verify(headers | change, raw, URL)


def test_refuses_another_body_and_another_secret(sandbox: Sandbox) -> None:
    headers, raw = signed(SECRET, TEXT, NOON)
    with pytest.raises(ForgedError):
        sandbox.verify(headers, raw + b"&Extra=1", URL)
    with pytest.raises(ForgedError):
        sandbox.verify(signed(SECRET[1:], TEXT, NOON)[0], raw, URL)


def test_refuses_what_is_no_form(sandbox: Sandbox) -> None:
    headers, raw = signed(SECRET, TEXT, NOON)
    with pytest.raises(MalformedError) as caught:
        sandbox.verify(headers | {"Content-Type": "application/json"}, raw, URL)
    assert caught.value.status == 415


@pytest.mark.parametrize(
    "wrong",
    [
        {"From": ""},
        {"From": "a" * 12},
        {"To": "+0"},
        {"MessageSid": ""},
        {"MessageSid": "a" * 65},
        {"MessageSid": "a b"},
        {"SentAt": "yesterday"},
        {"SentAt": "2026-11-02T12:00:00"},
    ],
)
def test_refuses_what_cannot_be_kept(sandbox: Sandbox, wrong: dict[str, str]) -> None:
    _, raw = signed(SECRET, TEXT | wrong, NOON)
    with pytest.raises(MalformedError):
        sandbox.parse("messages", raw, URL)


def test_refuses_a_repeated_field_and_statuses(sandbox: Sandbox) -> None:
    _, raw = signed(SECRET, TEXT, NOON)
    with pytest.raises(MalformedError):
        sandbox.parse("messages", raw + b"&Body=again", URL)
    with pytest.raises(MalformedError):
        sandbox.parse("status", raw, URL)


def test_delivers_at_once_and_loses_nothing(sandbox: Sandbox) -> None:
    sent = sandbox.send(outgoing())
    assert sent == Sent("sandbox-7-1", "delivered")
    assert sandbox.lookup(Doubt(outgoing(), NOON)) == sent
    assert list(sandbox.backfill([NUMBER], NOON, NOON)) == []
