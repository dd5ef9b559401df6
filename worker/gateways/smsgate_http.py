"""Requests to an SMSGate server, the app's own on the phone or a cloud's, and what its refusals mean.

Answers are JSON; a refusal is `{"message": …}` with its HTTP status (server: internal/sms-gateway/handlers; app:
modules/localserver). A status alone may also be a proxy's before it, which knows nothing of what became of a message.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from worker.gateways.base import GatewayAwayError, Handover, Refused, Retry, Stopped, Unknown
from worker.gateways.wire import NoAnswerError, NotWrittenError, Wire

TIMEOUT_S: Final = 7.0
QUEUE_LIMITS: Final = "queue limits exceeded"
OF_DEVICES: Final = ("device",)
OF_NUMBERS: Final = ("phone",)


@dataclass(frozen=True, slots=True)
class ServerAnswer:
    """A whole answer; `said` is None where it is no JSON."""

    status: int
    said: Any
    headers: Mapping[str, str]

    @property
    def words(self) -> str | None:
        """What the server says of a refusal; None where it was none of its own."""
        message = self.said.get("message") if isinstance(self.said, dict) else None
        return message if isinstance(message, str) else None


class SmsgateHttp:
    """A client of one account at one server."""

    def __init__(self, base_url: str, login: str, password: str) -> None:
        """`base_url` is what stands before `/messages`: `http://192.168.1.7:8080`, `https://api.…/3rdparty/v1`."""
        self._base = base_url.rstrip("/")
        token = base64.b64encode(f"{login}:{password}".encode()).decode("ascii")
        self._headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}
        self._wire = Wire(TIMEOUT_S)

    def request(self, method: str, path: str, body: Any = None, **params: str) -> ServerAnswer:
        """Make one request. Raises NotWrittenError or NoAnswerError."""
        data = None if body is None else json.dumps(body).encode()
        answer = self._wire.send(method, self._base + path, params=params, data=data, headers=self._headers)
        try:
            said = json.loads(answer.text)
        except (ValueError, RecursionError):
            said = None
        return ServerAnswer(answer.status, said, answer.headers)

    def ask(self, path: str, **params: str) -> ServerAnswer:
        """Get something. Raises GatewayAwayError where no answer comes."""
        try:
            return self.request("GET", path, **params)
        except (NotWrittenError, NoAnswerError) as error:
            raise GatewayAwayError(str(error)) from None


REFUSALS: Final[Mapping[str, Callable[[str], Handover]]] = {
    "LOGIN_REFUSED": lambda code: Stopped(code, "the server refuses our login"),
    "DEVICE_UNKNOWN": lambda code: Stopped(code, "the server does not know the phone that is to send it"),
    "ADDRESS_WRONG": lambda code: Stopped(code, "there is no SMSGate at this address"),
    "QUEUE_FULL": lambda code: Stopped(code, "the server's queue is full: the phone does not fetch its messages"),
    "TOO_FAST": lambda code: Retry(30, code, "the server wants fewer requests"),
    "NUMBER_REFUSED": lambda code: Refused(code, "the server does not take the number", "number"),
    "MESSAGE_REFUSED": lambda code: Refused(code, "the server does not take the message", "pair"),
    "NO_LINE": lambda code: Retry(60, code, "none of the phones has our number"),
    "SERVER_FAILED": lambda code: Unknown(code, "the server failed"),
    "NO_SENSE": lambda code: Unknown(code, "the server's answer made no sense"),
}
"""Code → what it means that the server answered so."""

_IN_CHINESE: Final[Mapping[str, str]] = {
    "LOGIN_REFUSED": "服务器拒绝登录",
    "DEVICE_UNKNOWN": "服务器不认识要发送的手机",
    "ADDRESS_WRONG": "这个地址没有SMSGate",
    "QUEUE_FULL": "服务器队列已满：手机没有来取短信",
    "TOO_FAST": "服务器要求放慢请求",
    "NUMBER_REFUSED": "服务器不接受这个号码",
    "MESSAGE_REFUSED": "服务器不接受这条短信",
    "NO_LINE": "没有手机用这个号码",
    "SERVER_FAILED": "服务器出错",
    "NO_SENSE": "服务器的答复无法理解",
}


def refusal_of(answer: ServerAnswer) -> Handover:
    """Return what it means for a message that the server did not answer with success."""
    code = _code_of(answer)
    return REFUSALS[code](code)


def _code_of(answer: ServerAnswer) -> str:
    words = answer.words
    if answer.status in (401, 403):
        return "LOGIN_REFUSED"
    if answer.status == 429:
        return "TOO_FAST"
    if answer.status == 503 and words is not None and QUEUE_LIMITS in words:
        return "QUEUE_FULL"
    if answer.status >= 500:
        return "SERVER_FAILED"
    if answer.status < 400 or words is None:
        return "ADDRESS_WRONG" if answer.status in (301, 302, 303, 307, 308, 404, 405) else "NO_SENSE"
    if any(word in words.lower() for word in OF_DEVICES):
        return "DEVICE_UNKNOWN"
    return "NUMBER_REFUSED" if any(word in words.lower() for word in OF_NUMBERS) else "MESSAGE_REFUSED"


def explained(code: str, language: str) -> str:
    """Return what a code of a server means in a language, else in English; "" for one that is not its own."""
    outcome = REFUSALS[code](code) if code in REFUSALS else None
    words = getattr(outcome, "words", "")
    return _IN_CHINESE.get(code, words) if language == "zh" else words
