"""A backup is consistent under load, loads into either database, and what was to be sent is not sent twice."""

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from click.testing import CliRunner, Result
from sqlalchemy import Engine, create_engine, insert, select, text, update

from tests.fake_twilio import ACCOUNT, TOKEN, FakeTwilio, fake_twilio
from tests.sending import lease
from tests.story import LAST, LI, NUMBER, WANG, play
from worker.backup import backup
from worker.backup.restore import GAP
from worker.cli.main import main
from worker.clock import utc_now
from worker.decide.decider import decide_site
from worker.decide.set_up import open_site, put
from worker.gateways.base import Inbound
from worker.gateways.twilio import Twilio
from worker.line.backfill import Backfill
from worker.line.door import accept
from worker.outbox.courier import Courier
from worker.outbox.doubts import Settler
from worker.outbox.leases import candidates
from worker.runtime import open_runtime
from worker.settings import load_settings
from worker.store.database import open_engine
from worker.store.revisions import alembic_config
from worker.store.schema import attempts, inbox, metadata, replies, seals, sites

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def there(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("BAOBEI_VAR", str(tmp_path / "var"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "backup.sqlite"


@pytest.fixture(params=["sqlite", "postgresql"])
def other_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Yield the URL of an empty database, on each kind."""
    databases = request.getfixturevalue(f"{request.param}_databases")
    yield databases.create()
    databases.drop()


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def rows(engine: Engine, table: Any) -> list[Any]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]


def from_agent(message_id: str, words: str) -> Inbound:
    return Inbound("sandbox", message_id, LI, NUMBER, words)


def decide(engine: Engine) -> None:
    while decide_site(engine, 1).more:
        pass


def test_either_database_restores_into_either(
    engine: Engine, other_url: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(engine)
    assert run("audit", "--seal").exit_code == 0
    assert run("backup", str(file)).exit_code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert os.listdir(file.parent) == [file.name]
    monkeypatch.setenv("DATABASE_URL", other_url)
    result = run("restore", str(file))
    assert result.exit_code == 0, result.output
    other = open_engine(other_url)
    for table in metadata.sorted_tables:
        if table not in (replies, attempts):
            assert sorted(map(repr, rows(other, table))) == sorted(map(repr, rows(engine, table))), table.name
    assert run("audit").exit_code == 0
    assert accept(other, from_agent("next", "报备 周舟 138****0001")).seq == LAST + 1
    given = {row[0] for row in rows(other, replies)}
    decide(other)
    assert run("audit").exit_code == 0
    # What was said after the backup had ids, too, and the gateway may still speak of them.
    assert min({row[0] for row in rows(other, replies)} - given) == max(given) + GAP + 1
    other.dispose()


def test_a_backup_into_a_folder_that_has_no_database_yet(
    engine: Engine, file: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    play(engine)
    run("backup", str(file))
    monkeypatch.delenv("DATABASE_URL")
    assert run("restore", str(file)).exit_code == 0
    assert "all agrees" in run("audit").output
    assert (tmp_path / "var" / "baobei.sqlite").exists()


def test_writing_meanwhile_does_not_tear_a_backup(
    engine: Engine, new_database: Callable[[], str], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(engine)
    real, count = backup.copy_table, 0

    def meanwhile(*args: Any) -> None:
        nonlocal count
        real(*args)
        count += 1
        accept(engine, from_agent(f"meanwhile{count}", f"报备 周舟 138****{count:04d}"))
        decide(engine)

    monkeypatch.setattr(backup, "copy_table", meanwhile)
    assert f"up to place {LAST}," in run("backup", str(file)).output
    assert count == len(metadata.sorted_tables)
    monkeypatch.setenv("DATABASE_URL", new_database())
    assert run("restore", str(file)).exit_code == 0
    assert f"all agrees up to place {LAST};" in run("audit").output


def test_only_an_empty_database_is_restored_into(engine: Engine, file: Path) -> None:
    play(engine)
    run("backup", str(file))
    before = rows(engine, inbox)
    result = run("restore", str(file))
    assert result.exit_code == 1
    assert "not empty" in result.output
    assert rows(engine, inbox) == before


def spoil_row(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE claims SET ends_at = ends_at + 1 WHERE number = 1")
    connection.close()


def spoil_manifest(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE backup_manifest SET created_at = created_at + 1")
    connection.close()


def cut_short(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.truncate(file.stat().st_size // 2)


def from_the_future(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.execute("UPDATE backup_manifest SET revision = '9999'")
    connection.close()
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as opened:
        said = opened.execute(select(backup.manifests)).one()
    engine.dispose()
    anew = backup.digest(file, dict(zip(backup.manifests.c.keys(), said, strict=True)))
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE backup_manifest SET sha256 = ?", (anew,))
    connection.close()


@pytest.mark.parametrize(
    ("spoil", "part"),
    [
        (spoil_row, "damaged"),
        (spoil_manifest, "damaged"),
        (cut_short, "damaged"),
        (lambda file: file.write_text("something else"), "no backup"),
        (lambda file: file.unlink(), "no file"),
        (from_the_future, "newer version"),
    ],
)
def test_what_is_no_whole_backup_is_refused_with_a_sentence(
    engine: Engine, new_database: Callable[[], str], file: Path, monkeypatch: Any, spoil: Any, part: str
) -> None:
    play(engine)
    run("backup", str(file))
    spoil(file)
    url = new_database()
    monkeypatch.setenv("DATABASE_URL", url)
    result = run("restore", str(file))
    assert result.exit_code == 1
    assert part in result.output
    assert "Traceback" not in result.output
    other = open_engine(url)
    assert rows(other, sites) == []
    other.dispose()


def test_a_backup_replaces_only_another_backup(engine: Engine, file: Path, tmp_path: Path) -> None:
    play(engine)
    file.write_text("my letters")
    refused = run("backup", str(file))
    assert refused.exit_code == 1
    assert file.read_text() == "my letters"
    file.unlink()
    assert run("backup", str(file)).exit_code == 0
    decided = accept(engine, from_agent("more", "报备 周舟 138****0001")).seq
    assert f"up to place {decided}," in run("backup", str(file)).output
    assert run("backup", str(tmp_path / "none" / "file")).exit_code == 1


def backup_of_first(file: Path, revision: str) -> None:
    """Write a backup as the first version did, which says that it is of this revision."""
    command.upgrade(alembic_config(f"sqlite:///{file}"), "r0001")
    engine = create_engine(f"sqlite:///{file}")
    backup.manifests.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(sites).values(id=7, name="湾", number=NUMBER, gateway="sandbox"))
        line = "INSERT INTO cursors (site_id, decided_seq, head, state) VALUES (7, 0, :head, '{}')"
        connection.execute(text(line), {"head": "0" * 64})
        seal = "INSERT INTO seals (site_id, seq, head, facts, state_hash, sealed_at) VALUES (7, 1, 'h', 1, 's', 5)"
        connection.execute(text(seal))
    with engine.begin() as connection:
        stands = backup.sites_of(connection)
        said = {"created_at": utc_now(), "revision": revision, "sites": stands, "rows": {"sites": 1, "seals": 1}}
        said |= {"sha256": backup.digest(file, said)}
        connection.execute(insert(backup.manifests), said)
    engine.dispose()


def test_a_backup_of_the_first_version_is_migrated_on_the_way(
    new_database: Callable[[], str], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup_of_first(file, "r0001")
    before = file.read_bytes()
    url = new_database()
    monkeypatch.setenv("DATABASE_URL", url)
    result = run("restore", str(file))
    assert result.exit_code == 0, result.output
    assert file.read_bytes() == before
    other = open_engine(url)
    assert [row[:2] for row in rows(other, sites)] == [(7, "湾")]
    with other.connect() as connection:
        assert connection.execute(select(seals.c.versions)).scalars().all() == [None]
    other.dispose()


def test_a_backup_of_before_gets_one_sentence(
    new_database: Callable[[], str], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup_of_first(file, "0013")
    monkeypatch.setenv("DATABASE_URL", new_database())
    result = run("restore", str(file))
    assert result.exit_code == 1
    assert "made before the first version that is carried on" in result.output


@pytest.fixture
def fake() -> Iterator[FakeTwilio]:
    with fake_twilio() as fake:
        yield fake


@pytest.fixture
def twilio(fake: FakeTwilio, monkeypatch: pytest.MonkeyPatch) -> Twilio:
    for name, value in {
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_API_URL": fake.url,
        "PUBLIC_URL": "https://baobei.example",
    }.items():
        monkeypatch.setenv(name, value)
    gateway = open_runtime(load_settings(dict(os.environ))).gateways["twilio"]
    assert isinstance(gateway, Twilio)
    return gateway


def texted(fake: FakeTwilio, number: int, sender: str, words: str) -> None:
    """Let a text arrive at the gateway."""
    inbound = {"sid": f"SM{number:032x}", "direction": "inbound", "from": sender, "status": "received"}
    fake.messages.insert(0, fake.message({"To": NUMBER, "Body": words}, **inbound))


def fetch(engine: Engine, twilio: Twilio) -> tuple[int, int]:
    """Put what the gateway's list holds into the line, and return how much that was and how much of it was missing."""
    compared = Backfill(engine, lambda _: None, utc_now).compare(twilio, utc_now() - DAY, utc_now() + DAY)
    assert compared.error is None
    decide(engine)
    return compared.found, compared.healed


def open_for_two(engine: Engine) -> None:
    site = open_site(engine, "湾", NUMBER, {"manager": ["+8613800000001"]}, "twilio")
    put(
        engine,
        site,
        "roster",
        {"people": [{"name": "李四", "phone": LI, "unit": "链家"}, {"name": "王五", "phone": WANG, "unit": "贝壳"}]},
    )
    put(engine, site, "policy", {"notify": "off"})


def settle(engine: Engine, twilio: Twilio) -> None:
    settler = Settler(engine, {"twilio": twilio}, utc_now)
    while settler.settle():
        pass


def states(engine: Engine) -> dict[str, tuple[str, int]]:
    with engine.connect() as connection:
        return {row.recipient: (row.state, row.attempt) for row in connection.execute(select(replies))}


@pytest.mark.parametrize("claimed", [False, True])
def test_what_was_sent_after_the_backup_is_found_and_what_was_not_is_sent_once(
    engine: Engine,
    new_database: Callable[[], str],
    file: Path,
    fake: FakeTwilio,
    twilio: Twilio,
    monkeypatch: pytest.MonkeyPatch,
    claimed: bool,
) -> None:
    open_for_two(engine)
    texted(fake, 1, LI, "报备 张三 138****5678")
    texted(fake, 2, WANG, "报备 李梅 139****2233")
    assert fetch(engine, twilio) == (2, 2)
    if claimed:  # The backup catches both on their way.
        for reply_id in candidates(engine, ["twilio"], utc_now()):
            assert lease(engine, reply_id, utc_now())
    run("backup", str(file))
    # After the backup, one of the two goes out.
    with engine.connect() as connection:
        to_li = connection.execute(select(replies).where(replies.c.recipient == LI)).one()
    fake.take({"From": NUMBER, "To": LI, "Body": to_li.words})
    url = new_database()
    monkeypatch.setenv("DATABASE_URL", url)
    run("restore", str(file))
    other = open_engine(url)
    assert states(other) == {LI: ("unknown", 1), WANG: ("unknown", 1)}
    assert candidates(other, ["twilio"], utc_now()) == []
    with other.begin() as connection:
        earlier = utc_now() - timedelta(minutes=6)
        connection.execute(update(attempts).values(started_at=earlier))
    settle(other, twilio)
    assert states(other) == {LI: ("sent", 1), WANG: ("pending", 1)}
    Courier(other, {"twilio": twilio}, utc_now).drain(5)
    assert states(other) == {LI: ("sent", 1), WANG: ("sent", 2)}
    assert [form["To"] for form in fake.asked] == [LI, WANG]
    other.dispose()


def test_the_gateways_list_closes_the_gap_after_a_restore(
    engine: Engine,
    new_database: Callable[[], str],
    file: Path,
    fake: FakeTwilio,
    twilio: Twilio,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_for_two(engine)
    texted(fake, 1, LI, "报备 张三 138****5678")
    fetch(engine, twilio)
    run("backup", str(file))
    texted(fake, 2, WANG, "报备 张三 138****5678")
    texted(fake, 3, WANG, "报备 李梅 139****2233")
    fetch(engine, twilio)
    url = new_database()
    monkeypatch.setenv("DATABASE_URL", url)
    run("restore", str(file))
    other = open_engine(url)
    assert fetch(other, twilio) == (3, 2)
    kept = [[(row.seq, row.provider_id, row.text) for row in lines(e)] for e in (engine, other)]
    assert kept[0] == kept[1]
    assert run("audit").exit_code == 0
    other.dispose()


def lines(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(inbox).order_by(inbox.c.seq)).all())
