"""What a person does about replies, gateways and jobs that are stuck. Each act is recorded with who did it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from redis.exceptions import RedisError
from rq.exceptions import NoSuchJobError
from sqlalchemy import update

from worker.accounts.acts import note, record
from worker.accounts.users import User
from worker.bell.bell import DECIDE_SITE
from worker.line.backfill import FIRST_SPAN, ON_ITS_WAY, Backfill
from worker.line.comparisons import Comparison
from worker.line.door import NotDurableError
from worker.outbox.stops import resume
from worker.processes.feeder import feeder_of
from worker.processes.queues import failed_registry, our_queues
from worker.readers.asides import readable
from worker.runtime import Runtime
from worker.store.schema import replies
from worker.store.states import IN_DOUBT, UNDELIVERED, ReplyState

USEFUL_AGAIN = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Mender:
    """Somebody who mends what is stuck."""

    runtime: Runtime
    user_id: int | None
    """None: somebody at the server's own command line."""
    reader: User | None = None
    """What may be mended is what he may read; None: all."""

    def resend(self, site_id: int, reply_id: int) -> bool:
        """Send a reply of a site once more; False when it is not one that stands still."""
        now = self.runtime.clock()
        again = {
            "state": ReplyState.PENDING,
            "next_at": now,
            "useful_until": now + USEFUL_AGAIN,
            "lease_until": None,
            "refusal": None,
        }
        changed = self._change(site_id, reply_id, UNDELIVERED, again, "resend")
        if changed:
            self.runtime.bell.ring_send()
        return changed

    def settle_as_sent(self, site_id: int, reply_id: int) -> bool:
        """Record that a reply in doubt arrived, as somebody knows; False when it is not in doubt."""
        arrived = {"state": ReplyState.SENT, "sent_at": self.runtime.clock(), "error_code": None, "error_words": None}
        return self._change(site_id, reply_id, IN_DOUBT, arrived | {"lease_until": None}, "settle")

    def settle_as_lost(self, site_id: int, reply_id: int) -> bool:
        """Record that a reply in doubt did not arrive, as somebody knows; False when it is not in doubt."""
        lost = {"state": ReplyState.FAILED, "error_code": "lost", "error_words": "it did not arrive, as a person found"}
        return self._change(site_id, reply_id, IN_DOUBT, lost | {"lease_until": None}, "settle")

    def resume_gateway(self, name: str) -> int:
        """Let a gateway and its numbers send again; return how many stops that ended."""
        ended = resume(self.runtime.engine, name)
        self._record("resume", f"gateway {name}")
        self.runtime.bell.ring_send()
        return ended

    def backfill(self, name: str) -> Comparison | None:
        """Compare the last two hours of a gateway's list with ours now; None when it keeps none or it is not the time.

        What waits in the spool goes into line first: it was acknowledged, and is missing nowhere.
        """
        gateway = self.runtime.gateways.get(name)
        if gateway is None or not gateway.keeps_list:
            return None
        try:
            feeder_of(self.runtime).feed()
        except (NotDurableError, OSError):
            return None
        self._record("backfill", f"gateway {name}")
        now = self.runtime.clock()
        comparing = Backfill(self.runtime.engine, self.runtime.bell.ring_decide, self.runtime.clock)
        return comparing.compare(gateway, now - FIRST_SPAN, now - ON_ITS_WAY)

    def requeue(self, queue_name: str, job_id: str) -> bool:
        """Ask anew for what a failed job of ours was asked; False when it is gone, none of ours, or Redis is away."""
        queue = next((each for each in our_queues(self.runtime) if each.name == queue_name), None)
        if queue is None:
            return False
        bell = self.runtime.bell
        try:
            job = queue.job_class.fetch(job_id, connection=queue.connection, serializer=queue.serializer)
            # RQ's own requeue leaves marks of the failure on the job, for which our job class refuses it.
            if job.func_name == DECIDE_SITE:
                bell.answered_decide(*job.args)
                rung = bell.ring_decide(*job.args)
            else:
                bell.answered_send()
                rung = bell.ring_send()
            if not rung:
                return False
            failed_registry(queue).remove(job, delete_job=True)
        except (NoSuchJobError, RedisError, OSError, ValueError):
            # A ValueError is RQ's for an id that it gives no job.
            return False
        self._record("requeue", f"job {queue_name} {job_id}")
        return True

    def _record(self, what: str, about: str) -> None:
        record(self.runtime.engine, self.user_id, what, about, self.runtime.clock())

    def _change(self, site_id: int, reply_id: int, states: Sequence[str], change: dict[str, Any], what: str) -> bool:
        now = self.runtime.clock()
        # Of what retention has erased nothing is left to send.
        mine = (
            replies.c.id == reply_id,
            replies.c.site_id == site_id,
            replies.c.state.in_(states),
            replies.c.words != "",
            readable(self.reader),
        )
        changed = update(replies).where(*mine).values(change | {"updated_at": now})
        with self.runtime.engine.begin() as connection:
            if connection.execute(changed).rowcount != 1:
                return False
            note(connection, self.user_id, what, f"reply {reply_id}", now, site_id)
        return True
