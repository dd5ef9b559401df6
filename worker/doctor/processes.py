"""The processes behind the webhook: does anybody decide, send and sweep."""

from collections.abc import Iterator
from typing import Final

from worker.bell.heartbeats import SWEEPER, is_silent, last_beat
from worker.clock import utc_now
from worker.doctor.base import Advice, Ailment, Patient
from worker.readers.health import queue_faults
from worker.store.database import reading

ABSENT: Final = {
    "no_decide_worker": "No `baobei work decide` listens, so that texts wait for the sweeper: start it.",
    "no_send_worker": "No `baobei work send` listens, so that replies wait for the sweeper: start it.",
}


def look_for_workers(patient: Patient) -> Iterator[Ailment | Advice]:
    """Look for workers at each queue."""
    for fault in queue_faults(patient.runtime):
        if fault in ABSENT:
            yield Ailment(ABSENT[fault])


def look_for_sweeper(patient: Patient) -> Iterator[Ailment | Advice]:
    """Look for the sweeper's last sign of life."""
    with reading(patient.runtime.engine).connect() as connection:
        last = last_beat(connection, SWEEPER)
    if is_silent(last, utc_now()):
        since = f"since {last:%Y-%m-%d %H:%M} UTC" if last else "ever"
        yield Ailment(
            f"The sweeper has given no sign of life {since}, so that nobody sends notices, settles doubts or alerts: "
            "start `baobei sweep`."
        )
