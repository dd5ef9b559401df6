"""Whatever happens to a line in whatever order, its promises hold after every step, on both databases."""

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import Engine

from tests.machine import on

FEW = settings().max_examples // 3


def test_the_promises_hold_after_every_step(engine: Engine) -> None:
    run_state_machine_as_test(on(engine), settings=settings(max_examples=FEW, stateful_step_count=40))
