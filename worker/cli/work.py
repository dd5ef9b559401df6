"""`baobei work decide|send` and `baobei sweep`: the processes behind the webhook."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from threading import Event

from parsers.weights import model
from worker.bell.bell import DECIDE, SEND
from worker.cli.base import settings
from worker.log import set_up_logging
from worker.processes.listener import listen
from worker.processes.sweeper import Sweeper
from worker.runtime import Runtime, open_runtime

DECIDES_AFTER, SENDS_AFTER = 10, 5
"""By how much these stand back for the webhook where processors are short: a text that is in line waits without harm,
but a gateway that gets no answer sends it again. Sending goes first of the two, or a burst would pile up there."""
AUTOGROUP = Path("/proc/self/autogroup")
AUTOGROUP_TRIES, AUTOGROUP_PAUSE_S = 40, 0.05


def decide() -> None:
    """Decide what is in line, whenever the bell rings."""
    _stand_back(DECIDES_AFTER)
    # Now, and not when the first text comes: to read the weights takes half a second.
    model()
    listen(_runtime(), DECIDE)


def send() -> None:
    """Send the replies that are due, whenever the bell rings."""
    _stand_back(SENDS_AFTER)
    listen(_runtime(), SEND)


def sweep() -> None:
    """See to whatever waits, every few seconds; do the work when the bell is gone."""
    runtime, stop = _runtime(), Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    Sweeper(runtime, stop).run()
    runtime.close()


def _stand_back(niceness: int) -> None:
    # Where a container forbids it, or the system has no such thing, all go at the same pace.
    with suppress(OSError, AttributeError):
        os.nice(niceness)
        # Linux mostly weighs sessions against each other, and a process but within its own (sched(7), autogroup).
        if os.getsid(0) == os.getpid():
            _weigh_session(niceness)


def _weigh_session(niceness: int) -> None:
    for _ in range(AUTOGROUP_TRIES):
        # All on the machine together may do that once in a tenth of a second, but for root; else nothing is written.
        with AUTOGROUP.open("wb", buffering=0) as autogroup:
            if autogroup.write(b"%d" % niceness):
                return
        time.sleep(AUTOGROUP_PAUSE_S)


def _runtime() -> Runtime:
    given = settings()
    set_up_logging(given.log_level)
    return open_runtime(given)
