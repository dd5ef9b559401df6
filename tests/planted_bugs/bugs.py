"""Bugs that a line of texts could have, each a change of a few words of the code, and the test that catches it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """A file of the program, what stands in it exactly once, and what the bug puts there."""

    file: str
    right: str
    wrong: str


@dataclass(frozen=True, slots=True)
class Bug:
    """`caught_by` names the test that fails where the bug is."""

    name: str
    caught_by: str
    edits: tuple[Edit, ...]


BUGS = (
    Bug(
        "the time is taken before the lock is waited for",
        "tests/test_overtaken.py::test_a_text_that_is_overtaken_at_the_door",
        (
            Edit("worker/line/door.py", "select(func.clock_timestamp())", "select(func.now())"),
            Edit("worker/line/places.py", "max(now, line.last_received_at)", "now"),
        ),
    ),
    Bug(
        "the place is taken without the lock",
        "tests/test_overtaken.py::test_a_text_that_is_overtaken_at_the_door",
        (Edit("worker/line/look_ups.py", ".order_by(sites.c.id).with_for_update()", ".order_by(sites.c.id)"),),
    ),
    Bug(
        "a repeated delivery leaves a gap",
        "tests/test_line_order.py::test_a_repeated_delivery_is_silent_and_leaves_no_gap",
        (
            Edit("worker/line/look_ups.py", "            del by_id[known]\n", "            pass\n"),
            Edit(
                "worker/line/places.py",
                "_PUT: Final = insert(inbox)\n",
                '_PUT: Final = insert(inbox).prefix_with("OR IGNORE")\n',
            ),
        ),
    ),
    Bug(
        "one that is refused takes its whole group with it",
        "tests/test_group_of_texts.py::TestRefused::test_one_that_is_refused_harms_no_other",
        (Edit("worker/group_commit.py", "len(items) == 1 or hits_all(error)", "error"),),
    ),
    Bug(
        "a claim is not committed before the gateway is asked",
        "tests/test_crashes.py::test_a_process_that_dies_at_a_point_loses_and_repeats_nothing",
        (Edit("worker/outbox/leases.py", 'committing(engine, "lease.commit")', "engine.connect()"),),
    ),
    Bug(
        "the ring is taken down after the line was read",
        "tests/test_jobs.py::TestAnswering::test_the_ring_is_taken_down_before_the_line_is_read",
        (
            Edit(
                "worker/processes/jobs.py",
                "        self.runtime.bell.answered_decide(site_id)\n        until",
                "        until",
            ),
            Edit(
                "worker/processes/jobs.py",
                "            if not progress.more:\n",
                "            if not progress.more:\n                self.runtime.bell.answered_decide(site_id)\n",
            ),
        ),
    ),
    Bug(
        "an unknown outcome is taken for one that may simply be tried again",
        "tests/test_machine.py::test_what_may_have_gone_out_is_looked_up_before_it_goes_again",
        (
            Edit(
                "worker/outbox/delivery.py",
                "case Unknown():\n            return _over(ReplyState.UNKNOWN, outcome.code, outcome.words)",
                "case Unknown():\n            return _again(tally, Retry(1, outcome.code, ''), now, chance)",
            ),
        ),
    ),
    Bug(
        "a batch is read before its cursor is locked",
        "tests/test_overtaken.py::test_a_batch_that_another_overtakes",
        (
            Edit(
                "worker/decide/decider.py",
                "connection.execute(_LOCKED_CURSOR, ",
                "connection.execute(_CURSOR, ",
            ),
        ),
    ),
    Bug(
        "what was read before the lock is believed after it",
        "tests/test_meanwhile.py::test_nothing_is_decided_by_a_client_who_is_erased_meanwhile",
        (Edit("worker/decide/decider.py", "and ahead.holds(cursor)", "and ahead.cursor is not None"),),
    ),
    Bug(
        "a file of the spool is removed before its text is in line",
        "tests/test_spool.py::TestFeeding::test_nothing_is_fed_while_the_database_is_away",
        (
            Edit(
                "worker/processes/feeder.py",
                "            receipt = accept(self.engine, text)\n",
                "            self.spool.remove(name)\n            receipt = accept(self.engine, text)\n",
            ),
        ),
    ),
    Bug(
        "SQLite does not wait for its disk at each commit",
        "tests/test_power_cut.py::test_on_sqlite_nothing_is_lost_or_repeated",
        (Edit("worker/store/database.py", "synchronous=FULL", "synchronous=NORMAL"),),
    ),
    Bug(
        "PostgreSQL is not told to wait for its disk at each commit",
        "tests/test_power_cut.py::test_on_postgresql_nothing_is_lost_or_repeated",
        (Edit("worker/store/database.py", '"synchronous_commit": "on"', '"synchronous_commit": "off"'),),
    ),
    Bug(
        "a file of the spool is renamed before it is on the disk",
        "tests/test_power_cut.py::test_on_sqlite_nothing_is_lost_or_repeated",
        (
            Edit(
                "worker/line/spool.py", "            os.fsync(descriptor)\n        return draft", "        return draft"
            ),
        ),
    ),
    Bug(
        "the name of a file of the spool is not on the disk",
        "tests/test_power_cut.py::test_on_sqlite_nothing_is_lost_or_repeated",
        (
            Edit(
                "worker/line/spool.py",
                "self.folder / name)\n                _sync_folder(self.folder)",
                "self.folder / name)",
            ),
        ),
    ),
    Bug(
        "a gateway's word is applied backwards",
        "tests/test_outbox.py::TestCallbacks::test_before_the_answer_twice_and_out_of_order",
        (
            Edit(
                "worker/outbox/delivery.py",
                "return taken_back or RANK[status.delivery] > RANK[known]",
                "return True",
            ),
            Edit(
                "worker/outbox/delivery.py",
                "better = delivery if RANK[delivery] > RANK[tally.delivery] else tally.delivery",
                "better = delivery",
            ),
        ),
    ),
    Bug(
        "a commitment tells what it hides, for it has no salt",
        "tests/test_commitment.py::test_equal_texts_have_commitments_that_tell_nothing_of_each_other",
        (Edit("worker/rules/chain.py", "bytes.fromhex(message.salt) + canonical(said)", "canonical(said)"),),
    ),
    Bug(
        "replies are put into words when the whole batch is folded",
        "tests/test_order.py::test_any_schedule_comes_to_the_register_that_the_fold_gives",
        (
            Edit(
                "worker/decide/decider.py",
                "record.spoken, now)",
                "spoken(batch.state, record.decision.replies, record.decision.received_at), now)",
            ),
            Edit(
                "worker/decide/decider.py",
                "from worker.decide.fold import Recorded, Spoken, given_up, recorded",
                "from worker.decide.fold import Recorded, Spoken, given_up, recorded, spoken",
            ),
        ),
    ),
    Bug(
        "a notice that was told is told again",
        "tests/test_line_order.py::test_a_notice_that_was_told_stays_told_and_its_counts_stay_the_lines",
        (Edit("worker/store/facts.py", 'if c.name not in (*keys, "done")', "if c.name not in keys"),),
    ),
    Bug(
        "a look-up takes the message of another reply",
        "tests/test_sender.py::TestSettling",
        (
            Edit(
                "worker/outbox/doubts.py",
                "if isinstance(found, Sent) and self._may_be_anothers(row, found.sid):",
                "if False:",
            ),
        ),
    ),
)
