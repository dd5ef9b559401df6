"""How a process gets its courier."""

from collections.abc import Callable

from worker.outbox.courier import Courier
from worker.outbox.pace import pace_of
from worker.runtime import Runtime


def courier_of(runtime: Runtime, stopping: Callable[[], bool] = lambda: False) -> Courier:
    """Return the courier of a process."""
    pace = pace_of(runtime.settings.send_per_second)
    return Courier(runtime.engine, runtime.gateways, runtime.clock, stopping, pace=pace)
