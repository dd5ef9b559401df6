"""What stands now: the alarms that also go to ALERT_URL."""

from collections.abc import Iterator

from worker.doctor.base import Advice, Patient, Problem
from worker.readers.alarms import alarms


def look_at_alarms(patient: Patient) -> Iterator[Problem | Advice]:
    """Yield each alarm as a problem."""
    for alarm in alarms(patient.runtime.engine, patient.runtime.clock()):
        yield Problem(alarm.sentence)
