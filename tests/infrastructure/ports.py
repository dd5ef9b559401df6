"""Ports of this machine on which nobody listens."""

import os
import socket
from itertools import cycle

# Below those that the system gives away by itself, so that nobody is given one between our look and our listening;
# each process begins elsewhere.
FIRST, LAST = 12_000, 32_000
_PORTS = cycle(range(FIRST, LAST))
for _ in range(os.getpid() % 199 * 100):
    next(_PORTS)


def free_port() -> int:
    """Return a port of the loopback address that is free now."""
    while True:
        port = next(_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
