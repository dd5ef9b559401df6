"""The table of checks, and how they are run: beside each other, none longer than its time, whatever is away."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Thread
from typing import Final

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from worker.doctor.alarms import look_at_alarms, look_at_spool
from worker.doctor.base import Advice, Ailment, Check, Finding, Patient
from worker.doctor.configuration import look_at_settings
from worker.doctor.consent import look_at_consent
from worker.doctor.gateways import look_at_gateways, look_at_signatures, look_for_gateways_of_sites
from worker.doctor.phones import look_at_phones
from worker.doctor.places import look_at_durability, look_at_room
from worker.doctor.processes import look_for_sweeper, look_for_workers
from worker.doctor.reader import look_at_reader
from worker.doctor.stores import look_at_database, look_at_redis
from worker.log import kind_of, place_of

CHECKS: Final[tuple[Check, ...]] = (
    Check("settings", look_at_settings),
    Check("reader", look_at_reader),
    Check("database", look_at_database),
    Check("redis", look_at_redis),
    Check("gateways", look_at_gateways),
    Check("room", look_at_room),
    Check("durability", look_at_durability),
    Check("spool", look_at_spool),
    Check("workers", look_for_workers, needs=("redis",)),
    Check("sweeper", look_for_sweeper, needs=("database",)),
    Check("sites", look_for_gateways_of_sites, needs=("database",)),
    Check("phones", look_at_phones, needs=("database",)),
    Check("signatures", look_at_signatures, needs=("database", "redis")),
    Check("consent", look_at_consent, needs=("database",)),
    Check("standing", look_at_alarms, needs=("database",)),
)
DEADLINE_S: Final = 15.0


@dataclass(slots=True)
class _Run:
    """One check under way in a thread of its own, which a check that hangs keeps to itself."""

    check: Check
    patient: Patient
    found: list[Finding] = field(default_factory=list)
    thread: Thread | None = None

    def start(self) -> None:
        self.thread = Thread(target=self._look, name=self.check.name, daemon=True)
        self.thread.start()

    def _look(self) -> None:
        try:
            for found in self.check.look(self.patient):
                self._note(found)
        except (SQLAlchemyError, RedisError, OSError) as error:
            self._note(
                Ailment(f"What this looks at went away meanwhile ({kind_of(error)}): run `baobei doctor` again.")
            )
        except Exception as error:
            words = f"{kind_of(error)} at {place_of(error.__traceback__)}"
            self._note(Ailment(f"This check failed ({words}): please report that."))

    def _note(self, found: Ailment | Advice) -> None:
        weight = "advice" if isinstance(found, Advice) else "problem"
        self.found.append(Finding(self.check.name, found.sentence, weight))  # type: ignore[arg-type]

    def findings(self, until: float) -> list[Finding]:
        """Return what was found until then."""
        if self.thread is not None:
            self.thread.join(max(0.0, until - time.monotonic()))
            if self.thread.is_alive():
                sentence = "What this looks at did not answer in time: see that it is up and can be reached."
                return [*self.found, Finding(self.check.name, sentence)]
        return self.found


def examine(
    patient: Patient, checks: Sequence[Check] = CHECKS, deadline_s: float = DEADLINE_S
) -> Mapping[str, list[Finding]]:
    """Run every check; return what each found, by its name. Takes twice `deadline_s` at the most.

    A check whose needs are not met is not run and not in the result: what is missing is a finding of another's.
    """
    result = _run(patient, [check for check in checks if not check.needs], deadline_s)
    met = {name for name, found in result.items() if all(finding.weight == "advice" for finding in found)}
    ready = [check for check in checks if check.needs and met.issuperset(check.needs)]
    return result | _run(patient, ready, deadline_s)


def _run(patient: Patient, checks: Sequence[Check], deadline_s: float) -> dict[str, list[Finding]]:
    runs = [_Run(check, patient) for check in checks]
    for run in runs:
        run.start()
    until = time.monotonic() + deadline_s
    return {run.check.name: run.findings(until) for run in runs}
