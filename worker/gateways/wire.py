"""HTTP that knows whether a request was written: the difference between "surely not sent" and "perhaps sent".

DNS, connecting and the TLS handshake come before the first byte of the request; whatever fails then has sent nothing.
From the first byte on only an answer can tell. Connections are kept between requests, but not for long: one that idled
behind a firewall swallows the next request, which would then be in doubt for minutes.

It is urllib3 under its own name: what requests adds to that (cookies, redirects, looking at the environment again for
each request) costs more than everything else about sending a reply. How it finds its way out is requests' all the same:
the variables for proxies and for certificates that other programs of this machine go by.
"""

import http.client
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from requests.utils import (
    DEFAULT_CA_BUNDLE_PATH,
    get_auth_from_url,
    get_environ_proxies,
    prepend_scheme_if_needed,
    select_proxy,
    urldefragauth,
)
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, ProxyManager, Retry, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)
from urllib3.util import create_urllib3_context, make_headers

LONGEST_IDLE_S: Final = 15.0
KEPT: Final = 32
"""So many connections to a server are kept: one for each thread that sends."""
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
ONCE: Final = Retry(False)
KNOWN_AS: Final[Mapping[type[Exception], str]] = {
    ReadTimeoutError: "ReadTimeout",
    ConnectTimeoutError: "ConnectTimeout",
    NewConnectionError: "ConnectionError",
    NameResolutionError: "ConnectionError",
    ProtocolError: "ConnectionError",
    http.client.IncompleteRead: "ChunkedEncodingError",
}
"""The codes of attempts and alarms for these errors, which are older than this way of asking."""

_ENGLISH: Final[Mapping[str, str]] = {
    "ReadTimeout": "no answer came in time",
    "ConnectTimeout": "it could not be reached in time",
    "ConnectionError": "it could not be reached, or ended the connection",
    "ChunkedEncodingError": "the answer was cut short",
    "SSLError": "its certificate is not trusted",
    "ProxyError": "the proxy could not be reached",
}
_CHINESE: Final[Mapping[str, str]] = {
    "ReadTimeout": "没有及时答复",
    "ConnectTimeout": "未能及时连上",
    "ConnectionError": "连不上，或连接被中断",
    "ChunkedEncodingError": "答复不完整",
    "SSLError": "对方证书不可信",
    "ProxyError": "连不上代理",
}

_thread = threading.local()


class NotWrittenError(Exception):
    """Nothing of the request left this machine."""


class NoAnswerError(Exception):
    """The request was written, at least in part, and no whole answer came."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A whole answer; names of headers are of any case."""

    status: int
    text: str
    headers: Mapping[str, str]


class _Noting(http.client.HTTPConnection):
    rested_at = 0.0

    def connect(self) -> None:
        try:
            super().connect()
        finally:
            # What was said to a proxy on the way is nothing of the request.
            _thread.written = False

    def send(self, data: Any) -> None:
        # Connecting here rather than inside, so that its failure is not taken for one of writing.
        if self.sock is None:
            self.connect()
        _thread.written = True
        super().send(data)


class _Connection(_Noting, HTTPConnection):
    pass


class _TlsConnection(_Noting, HTTPSConnection):
    pass


class _Resting(HTTPConnectionPool):
    def _get_conn(self, timeout: float | None = None) -> Any:
        connection: Any = super()._get_conn(timeout)
        if time.monotonic() - connection.rested_at >= LONGEST_IDLE_S:
            connection.close()
        return connection

    def _put_conn(self, conn: Any) -> None:
        if conn is not None:
            conn.rested_at = time.monotonic()
        super()._put_conn(conn)


class _Pool(_Resting):
    ConnectionCls = _Connection


class _TlsPool(_Resting, HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class Wire:
    """A client for a few servers, safe to use from several threads, which share its connections."""

    def __init__(self, timeout_s: float) -> None:
        """`timeout_s` bounds connecting, and each wait for more of the answer."""
        self._timeout = Timeout(connect=timeout_s, read=timeout_s)
        self._managers: dict[tuple[str, str], PoolManager] = {}
        self._lock = threading.Lock()

    def send(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> HttpAnswer:
        """Make one request, without retries or redirects, and return its whole answer, whatever its status.

        `data` is a form, or a body as it is. Raises NotWrittenError or NoAnswerError, neither of which carries the
        request.
        """
        _thread.written = False
        address = urldefragauth(url)
        if params:
            address += ("&" if "?" in url else "?") + _form(params)
        try:
            form = None if data is None or isinstance(data, bytes) else _form(data).encode()
            proof = make_headers(basic_auth=":".join(auth)) if auth else {}
            answer = self._manager(url).urlopen(
                method,
                address,
                body=data if form is None else form,
                headers=({} if form is None else FORM) | dict(headers or {}) | proof,
                redirect=False,
                retries=ONCE,
                timeout=self._timeout,
            )
            return HttpAnswer(answer.status, answer.data.decode("utf-8", "replace"), answer.headers)
        except (HTTPError, OSError, ValueError) as error:
            words = KNOWN_AS.get(type(_inner(error)), type(error).__name__)
            raise (NoAnswerError(words) if _thread.written else NotWrittenError(words)) from None

    def _manager(self, url: str) -> PoolManager:
        scheme, host = urlsplit(url)[:2]
        with self._lock:
            if (scheme, host) not in self._managers:
                self._managers[scheme, host] = _manager_for(url)
            return self._managers[scheme, host]


def explained(code: str, language: str) -> str:
    """Return what the code of an error of the network means in a language, "" for one that is none."""
    return (_CHINESE if language == "zh" else _ENGLISH).get(code, "")


def _manager_for(url: str) -> PoolManager:
    """Return what keeps the connections by which `url` is reached: through a proxy, if the environment says so."""
    context = create_urllib3_context()
    trusted = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or DEFAULT_CA_BUNDLE_PATH
    proxy = select_proxy(url, get_environ_proxies(url))
    if proxy is not None or urlsplit(url).scheme == "https":
        # Read once and not again for each connection, which would take longer than a handshake.
        context.load_verify_locations(**{"capath" if os.path.isdir(trusted) else "cafile": trusted})
    kept: dict[str, Any] = {"maxsize": KEPT, "ssl_context": context}
    if proxy is None:
        manager = PoolManager(**kept)
    else:
        proxy = prepend_scheme_if_needed(proxy, "http")
        name, password = get_auth_from_url(proxy)
        proof = make_headers(proxy_basic_auth=f"{name}:{password}") if name else None
        manager = ProxyManager(proxy, proxy_headers=proof, proxy_ssl_context=context, **kept)
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
    return manager


def _form(fields: Mapping[str, Any]) -> str:
    return urlencode({name: value for name, value in fields.items() if value is not None}, doseq=True)


def _inner(error: Exception) -> Exception:
    """Return what a broken connection says of an answer that was cut short."""
    short = [each for each in error.args if isinstance(each, http.client.IncompleteRead)]
    return short[0] if isinstance(error, ProtocolError) and short else error
