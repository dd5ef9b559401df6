"""Runs one of the program's processes with its patience cut short: `python -m tests.infrastructure.hasty web`, or the
arguments of `baobei`. What takes minutes, so that Twilio has time to say what became of a message, takes seconds here;
the proportions stay. With a supervisor (`up`), what dies is started again after a second at the most; HASTY_PROCFILE
is the folder of the Procfile that it follows.
"""

import os
import sys
from datetime import timedelta
from pathlib import Path

import webhook.__main__
from worker.bell import bell
from worker.cli import up
from worker.cli.main import main
from worker.gateways import twilio
from worker.outbox import courier, delivery, doubts, leases
from worker.processes import sweeper
from worker.up import supervisor

LOOKUPS_AT = (timedelta(seconds=4), timedelta(seconds=10))
LEASE = timedelta(seconds=4)


def hasten() -> None:
    """Cut every wait short."""
    twilio.TIMEOUT_S = 2.0
    courier.LATEST_START = timedelta(seconds=1.5)
    courier.RECORD_PAUSE_S = 0.5
    leases.LEASE = LEASE
    doubts.LOOKUPS_AT = LOOKUPS_AT
    doubts.AWAY_FOR = timedelta(seconds=2)
    delivery.LONGEST_WAIT_S = 4.0  # type: ignore[misc]
    sweeper.EVERY_S, sweeper.STUCK_S, sweeper.SEND_FOR_S = 0.5, 1.5, 2.0
    sweeper.UPKEEP_EVERY_S = 0.5
    bell.WAITING_S = 2
    supervisor.LONGEST_BACKOFF = 1.0
    if folder := os.environ.get("HASTY_PROCFILE"):
        up.procfile_folders = lambda: [Path(folder)]


if __name__ == "__main__":
    hasten()
    if sys.argv[1:] == ["web"]:
        webhook.__main__.main()
    else:
        main()
