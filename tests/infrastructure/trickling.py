"""Connections whose sender takes his time."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

HEAD = b"POST /gateways/sandbox/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n" + b"x" * 500


@contextmanager
def trickling(port: int, count: int) -> Iterator[list[socket.socket]]:
    """Hold so many connections open, half of them in a request's head and half in its body, a byte a second each."""
    connections, stop = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)], Event()
    # Every other one has sent its head at once.
    left = [memoryview(HEAD[-500:] if index % 2 else HEAD) for index in range(count)]
    for connection in connections[1::2]:
        connection.sendall(HEAD[:-500])

    def trickle() -> None:
        while not stop.is_set():
            for index, connection in enumerate(connections):
                try:
                    connection.sendall(left[index][:1])
                except OSError:
                    # It was closed on us: a patient attacker comes again.
                    connections[index] = socket.create_connection(("127.0.0.1", port))
                left[index] = left[index][1:]
            stop.wait(1)

    thread = Thread(target=trickle)
    thread.start()
    try:
        yield connections
    finally:
        stop.set()
        thread.join()
        for connection in connections:
            connection.close()
