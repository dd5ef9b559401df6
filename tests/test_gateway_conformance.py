"""What every gateway's adapter has to do, whichever it is: each test is done with each row of `ADAPTERS`.

One application and one database serve all; what a test brings it knows by its place behind what was there before.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, func, select
from werkzeug.test import TestResponse

from tests.infrastructure.adapters import ADAPTERS, Adapter, Request, Text
from tests.infrastructure.everywhere import of_files, of_redis, of_tables
from tests.infrastructure.serving import TWILIO, client_of, database_away, open_line, post, runtime_of, spool_away
from tests.sending import StandingClock, outgoing
from worker.decide.decider import decide_site
from worker.gateways import table
from worker.gateways.base import LARGEST_BODY, Doubt, Gateway, GatewayAwayError, Retry, Sent
from worker.gateways.wire import Wire
from worker.runtime import Runtime
from worker.store.revisions import migrate
from worker.store.schema import inbox, unrouted

STATEMENTS = 12
"""So many a text may take until it is acknowledged, those that begin and end its one transaction apart."""


class Door:
    """One adapter in the application, and what came through it during a test."""

    def __init__(self, adapter: Adapter, runtime: Runtime, client: FlaskClient, clock: StandingClock) -> None:
        self.adapter, self.runtime, self.client, self.clock = adapter, runtime, client, clock
        self.gateway: Gateway = runtime.gateways[adapter.name]
        self.before = self._rows(inbox), self._rows(unrouted)

    def request(self, words: str = Text.words, **fields: Any) -> Request:
        return self.adapter.request(Text(words, **fields), self.clock())

    def send(self, request: Request, route: str = "messages") -> TestResponse:
        return post(self.client, f"/gateways/{self.adapter.name}/{route}", request)

    def texts(self) -> list[Any]:
        """What is in line, in its order; nothing may have been kept anywhere else."""
        seen, apart = self.before
        assert self._rows(unrouted) == apart
        query = select(inbox).where(inbox.c.gateway == self.adapter.name, inbox.c.kind == "text").order_by(inbox.c.seq)
        with self.runtime.engine.connect() as connection:
            return list(connection.execute(query))[seen:]

    def _rows(self, of: Any) -> int:
        query = select(func.count()).select_from(of).where(of.c.gateway == self.adapter.name)
        with self.runtime.engine.connect() as connection:
            return int(connection.execute(query).scalar_one())


@pytest.fixture(scope="module")
def clock() -> StandingClock:
    return StandingClock(datetime.now(UTC).replace(microsecond=0))


@pytest.fixture(scope="module")
def application(
    tmp_path_factory: pytest.TempPathFactory, redis_server_url: str, clock: StandingClock
) -> Iterator[tuple[Runtime, FlaskClient]]:
    folder = tmp_path_factory.mktemp("conformance")
    migrate(f"sqlite:///{folder}/db.sqlite")
    runtime = runtime_of(folder / "var", f"sqlite:///{folder}/db.sqlite", redis_server_url, **TWILIO)
    for adapter in ADAPTERS.values():
        runtime.gateways[adapter.name] = adapter.open(clock)
        open_line(runtime.engine, adapter.name, adapter.number, adapter.name)
    yield runtime, client_of(runtime)
    runtime.close()


@pytest.fixture(params=list(ADAPTERS))
def door(request: pytest.FixtureRequest, application: tuple[Runtime, FlaskClient], clock: StandingClock) -> Door:
    clock.move(seconds=1)
    return Door(ADAPTERS[request.param], *application, clock)


# What is written by the gateway, and by somebody else.


def test_a_signed_text_is_in_line_when_it_is_acknowledged(door: Door) -> None:
    sent_at = door.clock() - timedelta(minutes=3)
    answer = door.send(door.request("报备 李梅 139****0001", sent_at=sent_at))
    assert answer.status_code in range(200, 300)
    (row,) = door.texts()
    assert (row.text, row.kind) == ("报备 李梅 139****0001", "text")
    assert row.sent_at == (sent_at if door.adapter.states_time else None)


def test_what_is_forged_leaves_no_trace(door: Door) -> None:
    headers, raw = door.request("report A 138****5678")
    changed = raw.replace(b"report+A", b"report+B").replace(b"report A", b"report B")
    assert changed != raw
    forgeries = [
        door.adapter.request(Text("report A 138****5678"), door.clock(), forged=True),
        (headers, changed),
        (headers, raw + b" "),
        *(({name: value for name, value in headers.items() if name != left_out}, raw) for left_out in headers),
        *((headers | {name: value}, raw) for name in door.adapter.signatures for value in ("", "é", "0" * 64)),
    ]
    answers = [door.send(each).status_code for each in forgeries if "Content-Type" in each[0] or each[1] != raw]
    assert set(answers) <= {400, 403, 415}
    assert answers.count(403) >= 3 + len(door.adapter.signatures)
    assert door.texts() == []


def test_what_nobody_can_read_leaves_no_trace(door: Door) -> None:
    content_type = door.request()[0]["Content-Type"]
    for raw in (b"", b"\xff", b"{", b"[" * 60_000, b"null", b"a=b"):
        answer = door.send(({"Content-Type": content_type}, raw))
        assert (answer.status_code in (400, 403), answer.mimetype) == (True, "text/plain")
    assert door.send(({"Content-Type": content_type}, b"x" * (LARGEST_BODY + 1))).status_code == 413
    assert door.texts() == []


# The same text once more, and texts out of order.


def test_a_repeated_text_is_taken_and_kept_once(door: Door) -> None:
    request = door.request(sent_at=door.clock())
    answers = [door.send(request) for _ in range(3)]
    assert len({(answer.status_code, answer.data) for answer in answers}) == 1
    assert answers[0].status_code in range(200, 300)
    assert len(door.texts()) == 1


@pytest.mark.parametrize("later", [timedelta(hours=1), timedelta(days=60)])
def test_a_replay_brings_nothing_however_late(door: Door, later: timedelta) -> None:
    request = door.request(sent_at=door.clock())
    door.send(request)
    door.clock.now, present = door.clock.now + later, door.clock.now
    assert door.send(request).status_code in (200, 403)
    door.clock.now = present
    assert len(door.texts()) == 1


def test_texts_get_their_places_in_the_order_of_their_coming(door: Door) -> None:
    sent = [door.clock() - timedelta(minutes=minute) for minute in range(3)]
    for at in sent:
        door.send(door.request(f"报备 {at:%H:%M}", sent_at=at))
    rows = door.texts()
    assert [row.text for row in rows] == [f"报备 {at:%H:%M}" for at in sent]
    assert [row.sent_at for row in rows] == (sent if door.adapter.states_time else [None] * 3)
    assert [row.received_at for row in rows] == sorted(row.received_at for row in rows)


def test_the_same_words_later_are_another_text(door: Door) -> None:
    for hour in (3, 2, 1):
        door.send(door.request("报备 李梅 139****0001", sent_at=door.clock() - timedelta(hours=hour)))
    assert len(door.texts()) == 3


# Clocks.


@pytest.mark.parametrize("off", [None, timedelta(days=400), timedelta(days=-20_000), timedelta(days=9_000)])
def test_no_clock_of_a_gateway_moves_a_place(door: Door, off: timedelta | None) -> None:
    stated = None if off is None else door.clock() + off
    assert door.send(door.request(sent_at=stated)).status_code == 200
    (row,) = door.texts()
    assert abs(row.received_at - datetime.now(UTC)) < timedelta(hours=1)
    believed = row.sent_at is not None
    assert not believed or (door.adapter.states_time and not door.adapter.bounds_time and row.sent_at == stated)


# What may stand in a text.


@pytest.mark.parametrize(
    "words",
    ["", " ", "报备 😀👩‍👩‍👧 李梅", "a&b=c+d%20<'\">\\u0041", "\r\n一\t二\u200b\u2028三", "报" * 1_600, "x" * 20_000],
    ids=["empty", "blank", "emoji", "signs", "lines", "long", "very-long"],
)
def test_a_text_of_anything_comes_through(door: Door, words: str) -> None:
    assert door.send(door.request(words)).status_code == 200
    assert [row.text for row in door.texts()] == [words]


def test_what_no_database_takes_is_kept_without_it(door: Door) -> None:
    assert door.send(door.request("报备\0李梅")).status_code == 200
    assert [row.text for row in door.texts()] == ["报备李梅"]


def test_pictures_alone_are_a_text_without_words(door: Door) -> None:
    assert door.send(door.request("", media=2)).status_code == 200
    assert [row.text for row in door.texts()] == [""]


def test_a_field_that_is_new_is_no_fault(door: Door) -> None:
    assert door.send(door.request(unknown=True)).status_code == 200
    assert len(door.texts()) == 1


def test_what_is_no_text_is_taken_and_brings_nothing(door: Door) -> None:
    for route, request in door.adapter.unwanted(door.clock()):
        assert door.send(request, route).status_code in range(200, 300)
    assert door.texts() == []


# What the answer waits for, and what is kept.


def test_nothing_but_one_transaction_stands_before_the_answer(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    seen: list[str] = []
    monkeypatch.setattr(Wire, "send", lambda self, method, url, **more: asked.append(url))
    engine, request = door.runtime.engine, door.request()
    noted = [
        ("before_cursor_execute", lambda _c, _cursor, statement, *_: seen.append(statement)),
        ("commit", lambda _c: seen.append("COMMIT")),
    ]
    for name, note in noted:
        event.listen(engine, name, note)
    try:
        door.send(request)
    finally:
        for name, note in noted:
            event.remove(engine, name, note)
    assert asked == []
    assert seen.count("COMMIT") == 1
    assert len(seen) <= STATEMENTS
    assert len(door.texts()) == 1


def test_what_is_not_durable_is_asked_for_again(door: Door, tmp_path: Path) -> None:
    request = door.request(sent_at=door.clock())
    with database_away(door.runtime, tmp_path), spool_away(door.runtime):
        assert door.send(request).status_code >= 500
    assert door.send(request).status_code == 200
    assert len(door.texts()) == 1


def test_no_whole_number_is_kept_or_said(
    door: Door, redis_server_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    canary = re.compile(rb"139[-\s.]?8765[-\s.]?4321|" + "１３９８７６５４３２１".encode())
    spellings = ("13987654321", "139-8765-4321", "+86 139 8765 4321", "１３９８７６５４３２１")
    said = [door.send(door.request(f"报备 金丝雀 {each}")).data for each in spellings]
    said += [door.send((door.request()[0], f"报备 金丝雀 {spellings[0]}".encode())).data]
    with database_away(door.runtime, tmp_path):
        said.append(door.send(door.request(f"查 金丝雀 {spellings[0]}")).data)
    kept = [b"\n".join(said), caplog.text.encode(), *(value for _, value in of_files(door.runtime.spool.folder))]
    for waiting in door.runtime.spool.waiting():
        door.runtime.spool.remove(waiting)
    rows = door.texts()
    assert len(rows) == len(spellings)
    while decide_site(door.runtime.engine, rows[0].site_id).more:
        pass
    kept += [value for _, value in (*of_tables(door.runtime.engine), *of_redis(redis_server_url))]
    assert not [value for value in kept if canary.search(value)]
    assert "金丝雀" not in caplog.text


# What goes out.


def test_a_gateway_that_is_away_is_a_value_and_not_an_error(door: Door) -> None:
    given = outgoing(sender_number=door.adapter.number, useful_until=door.clock() + timedelta(hours=1))
    assert isinstance(door.gateway.send(given), Sent | Retry)
    url = f"https://example.com/gateways/{door.adapter.name}/messages"
    with suppress(GatewayAwayError):
        door.gateway.lookup(Doubt(given, door.clock()))
    with suppress(GatewayAwayError):
        list(door.gateway.backfill([door.adapter.number], door.clock() - timedelta(hours=1), door.clock()))
    with suppress(GatewayAwayError):
        list(door.gateway.examine([door.adapter.number], url))


def test_its_answers_are_a_yes_and_a_come_again(door: Door) -> None:
    assert door.gateway.name == door.adapter.name
    assert door.gateway.ack(ok=True).status in range(200, 300)
    assert door.gateway.ack(ok=False).status >= 500


def test_its_codes_have_words_of_their_own_in_both_languages(door: Door) -> None:
    for code in door.adapter.codes:
        knowing = [explain for explain in table.WORDS if explain(code, "en")]
        assert len(knowing) == 1, code
        assert re.search(r"[\u4e00-\u9fff]", knowing[0](code, "zh")), code
