"""What stands in the chain of a text tells nothing of it without the salt that is kept beside the text."""

from dataclasses import replace
from datetime import UTC, datetime

from worker.rules.chain import commitment
from worker.rules.decide import decide
from worker.rules.model import Message
from worker.rules.state import State

TEXT = Message(
    1, datetime(2026, 11, 2, tzinfo=UTC), "text", "+8613900000011", "报备 张三 138****5678 李四", salt="ab" * 16
)


def test_equal_texts_have_commitments_that_tell_nothing_of_each_other() -> None:
    decision = decide(State(), TEXT)
    one, other = (commitment(replace(TEXT, salt=salt * 16), decision) for salt in ("ab", "cd"))
    assert one != other
    assert one == commitment(TEXT, decision)
