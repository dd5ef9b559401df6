"""`baobei work decide|send` and `baobei sweep`: the processes behind the webhook."""

import signal
from threading import Event

from parsers.weights import model
from worker.bell.bell import DECIDE, SEND
from worker.cli.base import settings
from worker.log import set_up_logging
from worker.processes.listener import listen
from worker.processes.sweeper import Sweeper
from worker.runtime import Runtime, open_runtime


def decide() -> None:
    """Decide what is in line, whenever the bell rings."""
    # Now, and not when the first text comes: to read the weights takes half a second.
    model()
    listen(_runtime(), DECIDE)


def send() -> None:
    """Send the replies that are due, whenever the bell rings."""
    listen(_runtime(), SEND)


def sweep() -> None:
    """See to whatever waits, every two seconds; do the work when the bell is gone."""
    runtime, stop = _runtime(), Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    Sweeper(runtime, stop).run()
    runtime.close()


def _runtime() -> Runtime:
    given = settings()
    set_up_logging(given.log_level)
    return open_runtime(given)
