"""Which rules a decision cites: what the register, `explain` and the chain keep, and no message says."""

from datetime import timedelta

from tests.histories import MANAGER, QIAN, WANG, Step, line_of
from worker.rules.decide import decide
from worker.rules.model import Decision
from worker.rules.state import State

REPORT = Step(timedelta(), QIAN, "报备 马超 138****5678")
DEAL = (REPORT, Step(timedelta(hours=1), MANAGER, "定金 R1"), Step(timedelta(hours=1), WANG, "异议 R1 有带看记录"))


def last(*steps: Step) -> tuple[Decision, State]:
    """Return the decision of the last message of a history, and the state behind it."""
    state = State()
    return [decide(state, message) for message in line_of(steps)][-1], state


def cited(*steps: Step) -> tuple[str, ...]:
    """Return the rules of the last message's decision."""
    return tuple(str(rule) for rule in last(*steps)[0].rules)


def test_a_report_of_one_who_was_held_before_cites_that_he_is_public_again() -> None:
    assert cited(REPORT) == ("R2", "R3", "R7")
    assert cited(REPORT, Step(timedelta(days=7), WANG, "报备 马超 138****5678")) == ("R2", "R3", "R7", "R8")


def test_only_call_records_are_judged_by_their_own_rule() -> None:
    assert "R27" in cited(*DEAL, Step(timedelta(hours=1), WANG, "材料 D1 通话记录 王五 2-20"))
    assert "R27" not in cited(*DEAL, Step(timedelta(hours=1), WANG, "材料 D1 户口本"))


def test_an_own_arrival_keeps_whom_the_client_named() -> None:
    _, state = last(REPORT, Step(timedelta(hours=1), MANAGER, "自访 马超 138****5678 贝壳"))
    (form,) = state.visits.values()
    assert form.named_unit == "贝壳"


def test_amending_cites_the_overlap_only_where_there_is_one() -> None:
    again = Step(timedelta(seconds=1), QIAN, "报备 韩梅 138****5678")
    assert "R11" not in cited(REPORT, again)
    assert "R11" in cited(REPORT, Step(timedelta(seconds=1), WANG, "报备 韩梅 138****5678"), again)
