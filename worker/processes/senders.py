"""How a process gets its sender."""

from collections.abc import Callable

from worker.outbox.pace import pace_of
from worker.outbox.sender import Sender
from worker.runtime import Runtime


def sender_of(runtime: Runtime, stopping: Callable[[], bool] = lambda: False) -> Sender:
    """Return the sender of a process."""
    pace = pace_of(runtime.settings.send_per_second)
    return Sender(runtime.engine, runtime.gateways, runtime.clock, stopping, pace=pace)
