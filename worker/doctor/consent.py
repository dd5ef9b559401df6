"""Who wants no notices: nothing is wrong with it, and somebody should know (L8)."""

from collections import Counter
from collections.abc import Iterator

from worker.alerts.alarm import counted
from worker.doctor.base import Advice, Ailment, Patient
from worker.readers.consent import opted_out


def look_at_consent(patient: Patient) -> Iterator[Ailment | Advice]:
    """Count, site by site, the people of roster and staff who have opted out."""
    people = opted_out(patient.runtime.engine, patient.runtime.clock())
    for site_id, count in Counter(person.site_id for person in people).items():
        yield Advice(
            f"{counted(count, 'person', 'people')} of site {site_id} (roster or staff) opted out of notices: /ops says "
            "who; what has a deadline against an agent goes to his unit's others, and START takes it back."
        )
