"""The texts that the benchmark sends: each a report of a client of its own, from one of many agents, signed as Twilio
signs (https://www.twilio.com/docs/usage/webhooks/webhooks-security). Number i always is the same text.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from tests import twilio_message

ACCOUNT = twilio_message.ACCOUNT
TOKEN = "token-of-the-fake"  # noqa: S105 - the fake's own
NUMBER, MANAGER = "+8613800000000", "+8613800000001"
AGENTS, UNITS = 500, 40
MESSAGES, STATUS = "/gateways/twilio/messages", "/gateways/twilio/status"
_PREFIXES = (
    *range(130, 140),
    *(150, 151, 152, 153, 155, 156, 157, 158, 159),
    *range(180, 190),
    176,
    177,
    178,
    198,
    199,
)
MOST = 10_000 * len(_PREFIXES)
"""So many clients can be told apart by their masked numbers."""
_SURNAMES, _GIVEN = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗", "伟芳娜静丽强磊军洋勇艳杰娟涛明超敏"


def agent(i: int) -> str:
    """Return the phone of the agent who sends text i; it takes `AGENTS` texts until he is due again."""
    return f"+86139{i % AGENTS:08d}"


def mask(i: int) -> str:
    """Return the masked number of the client in text i, by which its answer is known."""
    return f"{_PREFIXES[i // 10_000 % len(_PREFIXES)]}****{i % 10_000:04d}"


def words(i: int) -> str:
    """Return text i."""
    return f"报备 {_SURNAMES[i % len(_SURNAMES)]}{_GIVEN[i // 20 % len(_GIVEN)]} {mask(i)}"


def roster() -> list[dict[str, str]]:
    """Return who may report, as set-up takes it."""
    names = [f"{_SURNAMES[i % 20]}{_GIVEN[i // 20 % 17]}{_GIVEN[i // 340]}" for i in range(AGENTS)]
    return [{"name": name, "phone": agent(i), "unit": f"第{i % UNITS + 1}分销"} for i, name in enumerate(names)]


def fields(i: int) -> dict[str, str]:
    """Return what Twilio posts of text i."""
    return {
        "MessageSid": f"SM{i:032x}",
        "AccountSid": ACCOUNT,
        "From": agent(i),
        "To": NUMBER,
        "Body": words(i),
        "NumMedia": "0",
    }


def signed(url: str, form: Mapping[str, str]) -> tuple[dict[str, str], bytes]:
    """Return headers and body of a form that Twilio posts to `url`."""
    said = url + "".join(f"{name}{form[name]}" for name in sorted(form))
    digest = hmac.new(TOKEN.encode(), said.encode(), hashlib.sha1).digest()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": base64.b64encode(digest).decode(),
    }
    return headers, urlencode(form).encode()


def yardstick_ms() -> float:
    """Return the milliseconds of CPU that signing and reading a hundred forms takes here and now."""
    began = time.process_time()
    for i in range(1_000):
        parse_qsl(signed(NUMBER, fields(i))[1].decode())
    return 100 * (time.process_time() - began)


def request(url: str, form: Mapping[str, str]) -> bytes:
    """Return a form posted to `url` as it goes over the wire, the connection kept."""
    host, _, path = url.removeprefix("http://").partition("/")
    headers, body = signed(url, form)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /{path} HTTP/1.1\r\nHost: {host}\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body
