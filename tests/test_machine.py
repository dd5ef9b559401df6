"""Whatever happens to a line in whatever order, its promises hold after every step, on both databases."""

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import Engine

from tests.machine import on
from tests.schedules import LI

FEW = settings().max_examples // 3


def test_the_promises_hold_after_every_step(engine: Engine) -> None:
    run_state_machine_as_test(on(engine), settings=settings(max_examples=FEW, stateful_step_count=40))


def test_what_may_have_gone_out_is_looked_up_before_it_goes_again(engine: Engine) -> None:
    """One way that the machine need not find by chance."""
    line = on(engine)()
    line.found()
    line.arrive(1, LI, "报备 张三 138****5678")
    for _ in range(4):
        # A message of a form or of the program ends its batch.
        line.decide(100)
    line.send(["takes and is silent"])
    assert line.post.taken
    for _ in range(3):
        line.pass_time(61)
        line.send([])
        line.no_reply_goes_out_twice()
        line.sweep()
        line.of_equal_replies_no_more_are_sent_than_went_out()
    line.teardown()
