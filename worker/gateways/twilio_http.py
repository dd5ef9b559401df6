"""The way out of Twilio's client library: our base address, our wire, our clock, and what an answer means."""

from contextlib import suppress
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit, urlunsplit

from twilio.http import HttpClient
from twilio.http.response import Response

from worker.clock import Clock
from worker.gateways.base import Handover
from worker.gateways.twilio_codes import refusal_of
from worker.gateways.wire import Wire


class NotCreatedError(Exception):
    """Twilio's answer was not a success; its words are the HTTP status."""

    def __init__(self, status: int, outcome: Handover) -> None:
        super().__init__(f"HTTP {status}")
        self.outcome = outcome


class TwilioHttp(HttpClient):  # type: ignore[misc]
    """The client library's way out: our base address, our wire, and no log lines, which would hold words."""

    def __init__(self, api_url: str, timeout_s: float, now: Clock) -> None:
        super().__init__(logger=None, is_async=False, timeout=timeout_s)
        self._api_url = api_url
        self._now = now
        self._wire = Wire(timeout_s)
        self.clock_off_s: float | None = None
        """How far the last answer's Date was ahead of our clock; its resolution is a second."""

    def request(
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """Return a success. Raises NotWrittenError, NoAnswerError, or NotCreatedError for any other status."""
        url = address_of(uri, self._api_url)
        answer = self._wire.send(method, url, params=params, data=data, headers=headers, auth=auth)
        self.clock_off_s = None
        with suppress(ValueError, TypeError):
            self.clock_off_s = (parsedate_to_datetime(answer.headers.get("Date", "")) - self._now()).total_seconds()
        if not 200 <= answer.status < 300:
            retry_after = answer.headers.get("Retry-After", "")
            refusal = refusal_of(answer.status, answer.text, retry_after, self._now())
            raise NotCreatedError(answer.status, refusal)
        return Response(answer.status, answer.text, answer.headers)


def address_of(uri: str, api_url: str) -> str:
    """Return where to ask for `uri` when `api_url` stands for Twilio's own address.

    The library asks several hosts, `api.twilio.com`, `messaging.twilio.com`: of a regional edge like
    `api.dublin.ie1.twilio.com` the first word is replaced likewise; any other address stands for all of them.
    """
    asked, base = urlsplit(uri), urlsplit(api_url)
    service, _, _ = asked.netloc.partition(".")
    first, dot, rest = base.netloc.partition(".")
    host = f"{service}{dot}{rest}" if first == "api" else base.netloc
    return urlunsplit((base.scheme, host, base.path + asked.path, asked.query, ""))
