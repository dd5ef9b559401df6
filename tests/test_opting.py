"""退订 and START: what is put down of them (D13, L8)."""

from datetime import timedelta

from tests.histories import MANAGER, QIAN, Step, line_of
from worker.rules.decide import decide
from worker.rules.state import State


def test_each_wish_is_put_down_as_what_it_is() -> None:
    steps = [Step(timedelta(minutes=1), phone, text) for phone in (QIAN, MANAGER) for text in ("退订", "START")]
    state = State()
    decisions = [decide(state, message) for message in line_of(steps)][2:]
    assert [decision.code for decision in decisions] == ["opted_out", "opted_in", "refused_invalid", "opted_in"]
