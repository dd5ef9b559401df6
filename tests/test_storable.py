"""What passes a door is storable on both databases; what is not is named, and what got past stops nobody's line."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import insert, select, text, update

from tests.infrastructure.addresses import VALUES, address, method, rules
from tests.infrastructure.databases import Databases
from tests.infrastructure.deciding import CONSULTANT, LI, MANAGER, staffed_site
from tests.infrastructure.deciding import text as told
from tests.infrastructure.serving import PUBLIC_URL, SITE_NUMBER, TWILIO, client_of, runtime_of, signed_by_twilio
from tests.infrastructure.serving import post as posted
from tests.infrastructure.visiting import enrol, post, token_of, visitor
from webhook.app import create_app
from worker.cli.main import main
from worker.decide.decider import decide_site
from worker.decide.set_up import SiteRow
from worker.gateways.base import Inbound
from worker.line.door import Receipt, accept
from worker.runtime import Runtime
from worker.store.schema import claims, decisions, inbox, roster, sites
from worker.store.types import Words

HUGE = "9" * 25
POISONS = ("张\0三", HUGE, f"1-{HUGE}", f"R{HUGE}", "0001-01-01", "9999-12-31T23:59")
ARGUMENTS = re.compile(r"(?:request\.(?:args|form|values)(?:\.get(?:list)?\(|\[)|asked_number\()\"(\w+)\"")


@pytest.fixture
def runtime(database_url: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("BAOBEI_VAR", str(tmp_path))
    runtime = runtime_of(tmp_path, database_url, redis_url)
    yield runtime
    runtime.close()


@pytest.fixture
def site(runtime: Runtime) -> SiteRow:
    return staffed_site(runtime)


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def rows(runtime: Runtime, query: Any) -> list[Any]:
    with runtime.engine.connect() as connection:
        return list(connection.execute(query))


def take(runtime: Runtime, name: str, words: str, **more: Any) -> Receipt:
    return accept(runtime.engine, Inbound("sandbox", name, LI, SITE_NUMBER, words, **more))


def decide_all(runtime: Runtime, site: SiteRow) -> None:
    while decide_site(runtime.engine, site.id).more:
        pass


@pytest.mark.parametrize(
    ("command", "lines"),
    [
        ("roster", ["name,phone,unit", "李四,13900000011,链家", "赵六,13900000031,中原\0地产"]),
        (
            "register",
            [
                "client,phone,agent,unit,reported_at",
                "张三,138****5678,李四,链家,2026-01-02",
                "陈\0,138****1234,李四,链家,2026-01-02",
            ],
        ),
    ],
)
def test_a_list_with_nul_names_the_line_and_nothing_of_it_enters(
    runtime: Runtime, site: SiteRow, tmp_path: Path, command: str, lines: list[str]
) -> None:
    (tmp_path / "list.csv").write_text("\n".join(lines) + "\n", "utf-8")
    before = rows(runtime, select(inbox.c.seq))
    refused = run(command, "import", str(tmp_path / "list.csv"), "--site", site.name)
    assert refused.exit_code == 1
    assert "line 3:" in refused.output
    assert "line 2:" not in refused.output
    assert "NUL" in refused.output
    assert rows(runtime, select(inbox.c.seq)) == before


@pytest.mark.parametrize(
    "words",
    [
        ("site", "add", "\udcff湾", "--number", "+8613800000009", "--manager", MANAGER),
        ("site", "set", "翡翠湾", "--alias", "\udcff\udcfe湾"),
        ("user", "add", "\udcffa", "--role", "ops"),
    ],
)
def test_a_word_of_a_command_that_is_no_text_enters_nowhere(
    runtime: Runtime, site: SiteRow, words: tuple[str, ...]
) -> None:
    before = rows(runtime, select(inbox.c.seq))
    refused = run(*words)
    assert refused.exit_code == 2
    assert "UTF-8" in refused.output
    assert rows(runtime, select(inbox.c.seq)) == before


def test_no_argument_of_a_page_breaks_it(runtime: Runtime, site: SiteRow) -> None:
    told(runtime, site, LI, "报备 张三 138****5678 李四")
    app = create_app(runtime)
    enrol(runtime, "all", "ops", "manager", "consultant", "service", phone=MANAGER)
    who = visitor(app, "all")
    names = {name for path in Path("webhook").glob("*.py") for name in ARGUMENTS.findall(path.read_text("utf-8"))}
    names |= {"before", "after", "name", "status", "unit", "flag", "client", "phone", "ref", "note"}
    assert {"q", "at", "day", "claim", "site"} <= names
    for rule in rules(app):
        if rule.endpoint in ("static", "accounts.logout", "accounts.end_everywhere", "gateways.refuse"):
            continue
        for poison in POISONS:
            given = dict.fromkeys(names - {"site", "token"}, poison)
            if method(rule) == "GET":
                for query in (given, given | {"site": poison}):
                    answer = who.get(address(app, rule), query_string=query)
                    assert answer.status_code < 500, (rule, poison)
            else:
                answer = who.post(address(app, rule), data=given | {"token": token_of(who)})
                assert answer.status_code < 500, (rule, poison)


def test_no_part_of_an_address_breaks_it(runtime: Runtime, site: SiteRow) -> None:
    app = create_app(runtime)
    enrol(runtime, "all", "ops", "manager", phone=MANAGER)
    who = visitor(app, "all")
    for rule in rules(app):
        for name in rule.arguments:
            for poison in ("%00", HUGE, "%ED%A0%80"):
                path = re.sub(rf"<[^>]*\b{name}>", poison, rule.rule)
                path = re.sub(r"<(?:[^>]*:)?(\w+)>", lambda found: str(VALUES[found[1]]), path)
                token = {"token": token_of(who)}
                answer = who.open(path, method=method(rule), data=None if method(rule) == "GET" else token)
                assert answer.status_code < 500, path


def test_a_login_with_nul_is_a_wrong_one(runtime: Runtime, site: SiteRow) -> None:
    client = create_app(runtime).test_client()
    given = {"name": "a\0", "password": "\0"}
    assert post(client, "/login", **given).status_code == 401


def test_a_form_of_the_desk_with_nul_is_decided(runtime: Runtime, site: SiteRow) -> None:
    enrol(runtime, "chen", "consultant", site_id=site.id, phone=CONSULTANT)
    who = visitor(create_app(runtime), "chen")
    fields = {"entry": "seed-1", "client": "陈\0静", "phone": "138****5678", "unit": "\0", "token": token_of(who)}
    assert who.post(f"/desk/{site.id}/arrivals", data=fields).status_code < 500
    decide_all(runtime, site)


@pytest.mark.parametrize(
    "sent_at",
    [
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
        datetime(9999, 12, 31, 23, 59, tzinfo=timezone(-timedelta(hours=8))),
        datetime(9999, 12, 31, 23, 59, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=UTC),
    ],
)
def test_a_time_that_no_text_was_sent_at_holds_up_no_line(runtime: Runtime, site: SiteRow, sent_at: datetime) -> None:
    seq = take(runtime, "t1", "报备 张三 138****5678 李四", sent_at=sent_at).seq
    decide_all(runtime, site)
    assert rows(runtime, select(inbox.c.sent_at, decisions.c.code).join(
        decisions, (decisions.c.site_id == inbox.c.site_id) & (decisions.c.seq == inbox.c.seq)
    ).where(inbox.c.seq == seq)) == [(None, "accepted")]  # fmt: skip


def test_a_status_with_anything_in_its_fields_is_heard(database_url: str, redis_url: str, tmp_path: Path) -> None:
    runtime = runtime_of(tmp_path, database_url, redis_url, **TWILIO)
    url = f"{PUBLIC_URL}/gateways/twilio/status"
    for query in ("", f"?reply={HUGE}", f"?reply=1&attempt={HUGE}"):
        fields = {"MessageSid": "SM" + "0" * 32, "MessageStatus": "failed", "ErrorCode": "30\x0003"}
        signed = signed_by_twilio(
            url + query, TWILIO["TWILIO_AUTH_TOKEN"], [*fields.items(), ("AccountSid", TWILIO["TWILIO_ACCOUNT_SID"])]
        )
        assert posted(client_of(runtime), f"/gateways/twilio/status{query}", signed).status_code == 200
    runtime.close()


def poisoned(runtime: Runtime, site: SiteRow) -> int:
    """Have a roster in line of which the database refuses a row, and return its place."""
    people = {"people": [{"name": "赵六", "phone": "+8613900000031", "unit": "中原", "from": "2026-01-01"}]}
    now = datetime.now(UTC)
    with runtime.engine.begin() as connection:
        last = connection.execute(select(sites.c.last_seq).where(sites.c.id == site.id)).scalar_one() + 1
        connection.execute(update(sites).where(sites.c.id == site.id).values(last_seq=last, last_received_at=now))
        connection.execute(
            insert(inbox).values(
                site_id=site.id, seq=last, received_at=now, kind="roster", gateway="program", provider_id="old",
                sender="", text="", body=b"", payload=people, echo=False, salt="0" * 32,
            )
        )  # fmt: skip
        # Whatever it is that no door foresaw: here it is the table that refuses a name.
        if connection.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE roster ADD CONSTRAINT no_zhao CHECK (name <> '赵六')"))
        else:
            connection.execute(
                text(
                    "CREATE TRIGGER no_zhao BEFORE INSERT ON roster WHEN NEW.name = '赵六' "
                    "BEGIN SELECT RAISE(ABORT, 'no'); END"
                )
            )
    return int(last)


def test_what_the_database_refuses_of_a_decision_is_undecidable_and_those_behind_go_on(
    runtime: Runtime, site: SiteRow
) -> None:
    before = take(runtime, "t1", "报备 张三 138****5678 李四").seq
    bad = poisoned(runtime, site)
    after = take(runtime, "t2", "报备 陈静 139****1234 李四").seq
    decide_all(runtime, site)
    codes = dict(map(tuple, rows(runtime, select(decisions.c.seq, decisions.c.code))))
    assert [codes[seq] for seq in (before, bad, after)] == ["accepted", "undecidable", "accepted"]
    assert rows(runtime, select(roster.c.phone).where(roster.c.name == "赵六")) == []
    assert run("audit").exit_code == 0


def test_a_backup_of_an_older_version_with_nul_is_restored_into_either_database(
    runtime: Runtime, site: SiteRow, postgresql_databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(runtime, site, LI, "报备 张三 138****5678 李四")
    with monkeypatch.context() as older:
        # As its columns were, which took what they were given; its SQLite, at least, had no objection.
        older.setattr(Words, "process_bind_param", lambda self, value, dialect: value)
        if runtime.engine.dialect.name == "sqlite":
            with runtime.engine.begin() as connection:
                connection.execute(update(claims).values(agent="李\0四"))
        assert run("backup", str(tmp_path / "b.sqlite")).exit_code == 0
    monkeypatch.setenv("DATABASE_URL", postgresql_databases.create())
    restored = run("restore", str(tmp_path / "b.sqlite"))
    assert restored.exit_code == 0, restored.output
    assert run("audit").exit_code == 0
