"""Whoever is overtaken, at whichever statement: places, times and decisions are those of the line."""

from itertools import count, pairwise

import pytest
from sqlalchemy import Engine, select

from tests.folding import assert_folded
from tests.infrastructure.overtaking import overtake
from tests.story import LI, MANAGER, NUMBER
from worker.decide.decider import decide_site
from worker.decide.set_up import open_site, put
from worker.gateways.base import Inbound
from worker.line.door import accept
from worker.store.schema import decisions, inbox

ids = count(1)


@pytest.fixture
def site_id(engine: Engine) -> int:
    site = open_site(engine, "湾", NUMBER, {"manager": [MANAGER]}, "sandbox")
    put(engine, site, "roster", {"people": [{"name": "李四", "phone": LI, "unit": "链家"}]})
    return site.id


def text_away(engine: Engine) -> None:
    number = next(ids)
    receipt = accept(engine, Inbound("sandbox", f"m{number}", LI, NUMBER, f"报备 张三 138****{number:04d}"))
    assert receipt.outcome == "accepted"


def assert_gapless(engine: Engine) -> None:
    with engine.connect() as connection:
        line = connection.execute(select(inbox.c.seq, inbox.c.received_at).order_by(inbox.c.seq)).all()
    assert [row.seq for row in line] == list(range(1, len(line) + 1))
    assert all(one.received_at <= next_one.received_at for one, next_one in pairwise(line))


def test_a_text_that_is_overtaken_at_the_door(engine: Engine, site_id: int) -> None:
    def text() -> None:
        text_away(engine)

    assert overtake(engine, text, text, then=lambda: assert_gapless(engine)) > 4


def test_a_batch_that_another_overtakes(engine: Engine, site_id: int) -> None:
    def decide() -> None:
        text_away(engine)
        decide_site(engine, site_id, 2)

    statements = overtake(engine, lambda: decide_site(engine, site_id, 2), decide, then=lambda: text_away(engine))
    assert statements > 4
    while decide_site(engine, site_id).more:
        pass
    with engine.connect() as connection:
        decided = connection.execute(select(decisions.c.seq).order_by(decisions.c.seq)).scalars().all()
        places = connection.execute(select(inbox.c.seq).order_by(inbox.c.seq)).scalars().all()
    assert decided == places
    assert_folded(engine, site_id)
