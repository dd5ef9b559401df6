"""What stands now: the alarms that also go to ALERT_URL."""

from collections.abc import Iterator

from worker.alerts.alarms import alarms
from worker.alerts.spool import spool_alarms
from worker.doctor.base import Advice, Ailment, Patient


def look_at_alarms(patient: Patient) -> Iterator[Ailment | Advice]:
    """Yield each alarm as a problem."""
    for alarm in alarms(patient.runtime.engine, patient.runtime.clock()):
        yield Ailment(alarm.sentence)


def look_at_spool(patient: Patient) -> Iterator[Ailment | Advice]:
    """Yield each alarm of the spool as a problem; it needs no database."""
    for alarm in spool_alarms(patient.runtime.spool, patient.runtime.clock()):
        yield Ailment(alarm.sentence)
