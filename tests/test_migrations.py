"""Migrations bring a database to exactly the schema that the program uses."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from click.testing import CliRunner
from sqlalchemy import Connection, Engine, column, insert, select, table, text

from tests.infrastructure.ports import free_port
from tests.infrastructure.thrift import UPGRADE
from worker.cli.main import main
from worker.store.database import open_engine
from worker.store.revisions import alembic_config, migrate, missing_migrations
from worker.store.schema import attempts, claims, metadata, replies, reports, senders, users


@pytest.fixture(autouse=True)
def nothing_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "upgrade", UPGRADE)


def test_migrated_is_what_the_schema_says(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []


def test_nothing_is_missing_after_migrating_and_everything_before(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new.sqlite"
    engine = open_engine(url)
    wanted = missing_migrations(engine)
    assert wanted[0] == "r0001"
    said: list[str] = []
    migrate(url, said.append)
    assert said == [f"migration {revision} done" for revision in wanted]
    assert missing_migrations(engine) == []
    migrate(url, said.append)
    assert len(said) == len(wanted)
    engine.dispose()


A_SITE = {"id": 1, "name": "湾", "number": "+8613800000000", "gateway": "sandbox", "last_seq": 0, "last_received_at": 0}
A_REPLY = {"site_id": 1, "code": "accepted", "recipient": "", "role": "reply", "ref": "", "params": "{}", "words": "好"}
A_REPLY |= {"state": "sent", "attempt": 1, "created_at": 1, "next_at": 2, "useful_until": 3, "updated_at": 4}
A_USER = {"name": "Wang", "key": "wang", "roles": "[]", "created_at": 1}
FIRST = "5d8f7721b224a4121efb7600e26da21a17ae996fade8e89a7989dc3f2f56e781"
"""The digest of what the first migration makes on SQLite: changes belong into a new migration."""


def put(connection: Connection, into: str, **values: Any) -> None:
    """Insert a row as an older version did, which knew no more columns than these."""
    connection.execute(insert(table(into, *map(column, values))).values(values))


def first(tmp_path: Path) -> str:
    """Return the URL of a database as the first migration makes it, with a site, two replies and their attempts."""
    url = f"sqlite:///{tmp_path}/first.sqlite"
    command.upgrade(alembic_config(url), "r0001")
    engine = open_engine(url)
    with engine.begin() as connection:
        put(connection, "sites", **A_SITE)
        put(connection, "users", id=1, site_id=1, **A_USER)
        put(connection, "users", id=2, site_id=None, **A_USER | {"key": "li"})
        for number in (7, 8):
            put(connection, "replies", id=number, cause=f"m:{number}", **A_REPLY)
            put(connection, "attempts", reply_id=number, number=1, started_at=5, lookups=0)
    engine.dispose()
    return url


def test_what_a_database_of_the_first_migration_holds_survives_all_later_ones(tmp_path: Path) -> None:
    url = first(tmp_path)
    migrate(url)
    engine = open_engine(url)
    assert missing_migrations(engine) == []
    with engine.begin() as connection:
        assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
        assert connection.execute(select(attempts.c.reply_id)).scalars().all() == [7, 8]
        assert connection.execute(select(replies.c.words)).scalars().all() == ["好", "好"]
        assert connection.execute(select(users.c.site_ids).order_by(users.c.id)).scalars().all() == [[1], None]
        connection.execute(attempts.delete().where(attempts.c.reply_id == 8))
        connection.execute(replies.delete().where(replies.c.id == 8))
        put(connection, "replies", cause="m:9", **A_REPLY)
        assert connection.execute(select(replies.c.id)).scalars().all() == [7, 9]
    engine.dispose()


def test_whom_the_gateway_stopped_stays_stopped_as_staff_too(tmp_path: Path) -> None:
    url = first(tmp_path)
    command.upgrade(alembic_config(url), "r0006")
    engine = open_engine(url)
    line = (("+861", "stop"), ("+862", "stop"), ("+862", "start"), ("+863", None))
    with engine.begin() as connection:
        for seq, (phone, word) in enumerate(line, 1):
            one = {"site_id": 1, "seq": seq, "received_at": 1}
            payload = f'{{"opt_out": "{word}"}}' if word else None
            text_of = {
                "kind": "text",
                "sender": phone,
                "text": "",
                "body": b"",
                "payload": payload,
                "echo": 0,
                "salt": "",
            }
            put(connection, "inbox", gateway="twilio", provider_id=str(seq), **one, **text_of)
            made = {"kind": "stop", "rules": "[]", "policy_seq": 0, "commitment": "", "head": ""}
            put(connection, "decisions", code="opted_in" if word == "start" else "opted_out", **one, **made)
        for phone, silent in (("+861", "true"), ("+862", "true"), ("+863", "true"), ("+864", "false")):
            put(connection, "senders", site_id=1, phone=phone, state=f'{{"silent": {silent}}}')
    migrate(url)
    with engine.connect() as connection:
        found = {row.phone: row.state for row in connection.execute(select(senders))}
    assert {phone for phone, state in found.items() if state.get("stopped")} == {"+861"}
    assert found["+861"]["silent"]
    engine.dispose()


def test_what_the_register_is_searched_by_is_filled_in(tmp_path: Path) -> None:
    url = first(tmp_path)
    command.upgrade(alembic_config(url), "r0014")
    engine = open_engine(url)
    place = {"site_id": 1, "seq": 3, "part": 0, "first3": "138", "last4": "5678", "sender": "+861", "unit": "链家"}
    who = place | {"client": "張三", "agent": "李四", "number": 1}
    with engine.begin() as connection:
        put(connection, "reports", received_at=1, code="accepted", rules="[]", **who)
        claim = {"name_key": "", "agent_phone": "", "reported_at": 1, "ends_at": 2, "state": "live", "flags": "[]"}
        claim |= {"ended_for": "", "rivals": "[]", "policy_seq": 0, "terms": "{}", "visit": 0, "said": ""}
        put(connection, "claims", readings="[]", ahead=0, **claim, **who)
    migrate(url)
    with engine.connect() as connection:
        found = [connection.execute(select(each.c.searched)).scalar_one() for each in (reports, claims)]
    assert found == [" 张三 李四 链家 zs ls"] * 2
    engine.dispose()


def test_the_first_migration_stays_as_it_is(tmp_path: Path) -> None:
    engine = open_engine(first(tmp_path))
    with engine.connect() as connection:
        made = connection.execute(text("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")).scalars()
        assert hashlib.sha256(" ".join(" ".join(made).split()).encode()).hexdigest() == FIRST
    engine.dispose()


@pytest.fixture
def old(tmp_path: Path) -> str:
    """The URL of a database that was made before the first migration."""
    url = first(tmp_path)
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0014'"))
    engine.dispose()
    return url


@pytest.mark.parametrize(
    "command_line",
    [["migrate"], ["doctor"], ["up", "--port", "FREE"], ["register"], ["audit"], ["site", "list"], ["retention"]],
    ids=lambda words: words[0],
)
def test_a_database_of_before_gets_one_sentence(
    old: str, command_line: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", old)
    monkeypatch.setenv("BAOBEI_VAR", str(tmp_path / "var"))
    monkeypatch.setattr("worker.cli.up.start_redis", lambda *_: None)
    ended = CliRunner().invoke(main, [str(free_port()) if word == "FREE" else word for word in command_line])
    assert ended.exit_code == 1
    said = [line for line in ended.output.splitlines() if "made before the first version that is carried on" in line]
    assert len(said) == 1
    assert "Traceback" not in ended.output
