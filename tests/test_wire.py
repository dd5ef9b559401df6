"""How a request gets out: through a proxy of the environment or past it, on connections that are kept and shared."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from worker.gateways.wire import NoAnswerError, NotWrittenError, Wire

WHOLE = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"


class Peer:
    """A server, or a proxy, that notes the heads of requests and answers each with the same bytes."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.heads: list[list[str]] = []
        self.connections = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines, suppress(OSError):
            while line := lines.readline():
                head = [line.decode().strip()]
                while field := lines.readline().decode().strip():
                    head.append(field)
                length = next((int(f.partition(":")[2]) for f in head if f.lower().startswith("content-length")), 0)
                lines.read(length)
                self.heads.append(head)
                connection.sendall(self.answer)

    def close(self) -> None:
        """Accept nobody any more."""
        self._listening.close()


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer(WHOLE)
    yield peer
    peer.close()


@pytest.fixture
def wire() -> Wire:
    return Wire(2.0)


def test_goes_through_the_proxy_of_the_environment_and_signs_in_there(
    peer: Peer, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://name:secret%21@{peer.address}")
    answer = wire.send("POST", "http://api.example.invalid/messages?a=1", params={"b": "2"}, data={"Body": "报备 +1"})
    assert (answer.status, answer.text) == (201, "{}")
    first, *fields = peer.heads[0]
    assert first == "POST http://api.example.invalid/messages?a=1&b=2 HTTP/1.1"
    assert "proxy-authorization: Basic bmFtZTpzZWNyZXQh" in fields


def test_goes_past_it_where_the_environment_says_so(peer: Peer, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert wire.send("GET", f"http://{peer.address}/").status == 201


def test_a_proxy_that_makes_no_way_has_got_nothing_of_the_request(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    peer = Peer(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
    monkeypatch.setenv("https_proxy", f"http://{peer.address}")
    with pytest.raises(NotWrittenError):
        wire.send("POST", "https://api.example.invalid/messages", data={"Body": "报备"})
    assert [head[0].split()[0] for head in peer.heads] == ["CONNECT"]
    peer.close()


def test_certificates_that_the_environment_names_and_that_are_not_there_send_nothing(
    wire: Wire, monkeypatch: pytest.MonkeyPatch, peer: Peer
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/certificates.pem")
    with pytest.raises(NotWrittenError):
        wire.send("POST", f"https://{peer.address}/", data={})
    assert peer.heads == []


def test_threads_that_come_after_one_another_share_a_connection(peer: Peer, wire: Wire) -> None:
    for _ in range(3):
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(wire.send, "GET", f"http://{peer.address}/").result().status == 201
    assert peer.connections == 1


def test_a_connection_that_broke_in_an_answer_is_not_used_again(wire: Wire) -> None:
    peer = Peer(b"nonsense\r\n\r\n")
    for _ in range(2):
        with pytest.raises(NoAnswerError):
            wire.send("GET", f"http://{peer.address}/")
    assert peer.connections == 2
    peer.close()
