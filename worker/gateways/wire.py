"""HTTP that knows whether a request was written: the difference between "surely not sent" and "perhaps sent".

DNS, connecting and the TLS handshake come before the first byte of the request; whatever fails then has sent nothing.
From the first byte on only an answer can tell. Connections are kept between requests, but not for long: one that idled
behind a firewall swallows the next request, which would then be in doubt for minutes.
"""

import http.client
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from requests import Response, Session
from requests.adapters import HTTPAdapter
from requests.exceptions import RequestException
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

LONGEST_IDLE_S: Final = 15.0

_thread = threading.local()


class NotWrittenError(Exception):
    """Nothing of the request left this machine."""


class NoAnswerError(Exception):
    """The request was written, at least in part, and no whole answer came."""


class _Noting(http.client.HTTPConnection):
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


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
        return manager


class Wire:
    """A client for one server, safe to use from several threads; every thread has connections of its own."""

    def __init__(self, timeout_s: float) -> None:
        """`timeout_s` bounds connecting, and each wait for more of the answer."""
        self._timeout_s = timeout_s
        self._kept = threading.local()

    def send(
        self,
        method: str,
        url: str,
        *,
        params: Any = None,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> Response:
        """Make one request, without retries or redirects, and return its whole answer, whatever its status.

        Raises NotWrittenError or NoAnswerError, neither of which carries the request.
        """
        session = self._session()
        _thread.written = False
        try:
            return session.request(
                method,
                url,
                params=params,
                data=data,
                headers=headers,
                auth=auth,
                timeout=self._timeout_s,
                allow_redirects=False,
            )
        except (RequestException, OSError, ValueError) as error:
            self._forget()
            words = type(error).__name__
            raise (NoAnswerError(words) if _thread.written else NotWrittenError(words)) from None
        finally:
            self._kept.used = time.monotonic()

    def _session(self) -> Session:
        session: Session | None = getattr(self._kept, "session", None)
        if session is not None and time.monotonic() - self._kept.used < LONGEST_IDLE_S:
            return session
        self._forget()
        self._kept.session = session = Session()
        # Whatever a netrc file says of the host is not ours.
        session.auth = lambda request: request
        session.mount("http://", _Adapter(max_retries=0))
        session.mount("https://", _Adapter(max_retries=0))
        return session

    def _forget(self) -> None:
        session: Session | None = getattr(self._kept, "session", None)
        if session is not None:
            session.close()
        self._kept.session = None
