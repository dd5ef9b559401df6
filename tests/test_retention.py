"""`baobei retention`: what is old is erased, nothing that is still referred to, and the rest stays proved."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, insert, select, update

from tests.infrastructure.serving import runtime_of
from tests.story import LI, MANAGER, NUMBER, STRANGER, WANG, play
from worker.accounts.acts import record
from worker.cli.main import main
from worker.decide.decider import decide_site
from worker.gateways.base import Inbound
from worker.line.door import accept
from worker.line.spool import Spool
from worker.outbox.leases import retire
from worker.processes.sweeper import Sweeper
from worker.proof.alone import alone
from worker.retention.run import Retained, count_due
from worker.retention.steps import Step, Task, steps_of
from worker.rules.client import ERASED
from worker.rules.policy import Policy
from worker.store.database import reading
from worker.store.schema import (
    claims,
    follow_ups,
    inbox,
    kin,
    metadata,
    reports,
    retentions,
    sealed_facts,
    seals,
    senders,
    unrouted,
    visits,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
CONSULTANT = "+8613800000002"
HEAD = f"""
lenient
site 湾 number={NUMBER} manager={MANAGER} consultant={CONSULTANT}
unit 链家 kind=distributor
agent 李四 {LI} 链家 from=2026-01-01
agent 王五 {WANG} 贝壳
"""


def at(local: str) -> datetime:
    return datetime.fromisoformat(local).replace(tzinfo=SHANGHAI)


@pytest.fixture
def var(engine: Engine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("BAOBEI_VAR", str(tmp_path))
    return tmp_path


class Clock:
    def __init__(self) -> None:
        self.now = at("2026-01-01 00:00:00")

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in ("cli.retention", "proof.together", "cli.register", "cli.explain"):
        monkeypatch.setattr(f"worker.{module}.utc_now", clock)
    return clock


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def retained(*words: str) -> dict[str, Any]:
    result = run("retention", "--json", *words)
    assert result.exit_code == 0, result.output
    said: dict[str, Any] = json.loads(result.stdout)
    return said


def counts(*words: str) -> dict[str, int]:
    found: dict[str, int] = retained(*words)["sites"][0]["counts"]
    return found


def everything(engine: Engine) -> dict[str, list[Any]]:
    with reading(engine).connect() as connection:
        return {
            table.name: list(connection.execute(select(table).order_by(*table.primary_key)))
            for table in metadata.sorted_tables
        }


def clients(engine: Engine) -> dict[int, str]:
    with reading(engine).connect() as connection:
        return {row.number: row.client for row in connection.execute(select(claims))}


def texts(engine: Engine) -> list[str]:
    with reading(engine).connect() as connection:
        mine = select(inbox.c.text).where(inbox.c.kind.in_(("text", "form"))).order_by(inbox.c.seq)
        return list(connection.execute(mine).scalars())


def audit_after() -> int:
    result = run("audit", "--json")
    assert result.exit_code == 0, result.output
    return int(json.loads(result.stdout)[0]["after"])


ALONE = f"""{HEAD}
2026-05-01 10:00:00 {LI} > 报备 张三丰 138****5678 李四
2026-05-02 10:00:00 {LI} > 跟进 R1 张三丰要三房
2026-05-02 10:00:05 {WANG} > 报备 张三丰 138****5678 王五
"""
OVER = "2026-05-08 10:00:00"
"""The report's seven days."""


@pytest.mark.parametrize(("days", "erased"), [(29, False), (30, True), (31, True)])
def test_an_unvisited_report_is_pseudonymised_after_thirty_days(
    engine: Engine, var: Path, clock: Clock, days: int, erased: bool
) -> None:
    play(engine, ALONE)
    clock.now = at(OVER) + timedelta(days=days)
    counts()
    assert clients(engine) == {1: ERASED if erased else "张三丰"}
    with reading(engine).connect() as connection:
        rows = connection.execute(select(reports).order_by(reports.c.seq)).all()
        words = list(connection.execute(select(follow_ups.c.words)).scalars())
    assert [(row.client == ERASED, row.unit, row.agent) for row in rows] == [
        (erased, "链家", "李四"),
        (erased, "贝壳", "王五"),
    ]
    assert not (erased and any(words))
    # A registration and its reports stay together by its number, other reports by their place.
    if erased:
        assert [row.last4 for row in rows] == ["#1", f"#{rows[1].seq}.0"]
    audit_after()


def test_one_second_less_than_thirty_days_keeps_it(engine: Engine, var: Path, clock: Clock) -> None:
    play(engine, ALONE)
    clock.now = at(OVER) + timedelta(days=30, seconds=-1)
    counts()
    assert clients(engine) == {1: "张三丰"}


def test_texts_go_after_thirty_days_and_ids_stay(engine: Engine, var: Path, clock: Clock) -> None:
    play(engine, ALONE)
    clock.now = at("2026-05-31 09:59:59")
    assert counts() == {}
    clock.now = at("2026-05-31 10:00:00")
    assert counts()["inbox"] == 1
    assert [bool(text) for text in texts(engine)] == [False, True, True]
    with reading(engine).connect() as connection:
        first = connection.execute(select(inbox).where(inbox.c.kind == "text").order_by(inbox.c.seq)).first()
    assert first is not None
    assert (first.text, first.body, first.salt, first.payload) == ("", b"", "", None)
    assert first.provider_id


def test_after_erasing_the_audit_says_from_where_and_agrees(engine: Engine, var: Path, clock: Clock) -> None:
    play(engine, ALONE)
    clock.now = at("2026-08-01 10:00:00")
    result = run("retention")
    assert result.exit_code == 0, result.output
    assert "3 texts" in result.output
    assert "erased behind the seal at place" in result.output
    said = run("audit").output
    assert "all agrees" in said
    assert "behind the seal at place" in said


def test_a_dry_run_changes_nothing_and_says_what_a_run_does(engine: Engine, var: Path, clock: Clock) -> None:
    play(engine, ALONE)
    clock.now = at("2026-08-01 10:00:00")
    before = everything(engine)
    due = counts("--dry-run")
    assert "nothing was changed" in run("retention", "--dry-run").output
    assert everything(engine) == before
    done = counts()
    assert done == due
    assert (done["inbox"], done["claims"], done["reports"]) == (3, 1, 2)


def test_a_second_run_finds_nothing_due(engine: Engine, var: Path, clock: Clock) -> None:
    play(engine, ALONE)
    clock.now = at("2026-08-01 10:00:00")
    assert counts()
    before = everything(engine)
    assert retained()["sites"][0]["counts"] == {}
    after = everything(engine)
    [*_, record] = after.pop("retentions")
    before.pop("retentions")
    assert (record.seal_seq, record.counts) == (None, {})
    assert after == before
    assert "nothing is due" in run("retention").output


KEPT = {
    "a live protection": ("2026-06-20 10:00:00", "", "2026-06-15 10:00:00"),
    "a deal": ("2026-05-03 10:00:00", f"2026-05-05 10:00:00 {MANAGER} form 定金 R1", "2027-05-05 10:00:00"),
    "a dispute": (
        "2026-05-03 10:00:00",
        f"2026-05-05 10:00:00 {MANAGER} form 定金 R1\n2026-05-06 10:00:00 {WANG} > 异议 张三丰 138****5678",
        "2027-05-05 10:00:00",
    ),
}


@pytest.mark.parametrize("why", KEPT)
def test_what_something_living_refers_to_is_kept_with_its_texts(
    engine: Engine, var: Path, clock: Clock, why: str
) -> None:
    again, lines, now = KEPT[why]
    report = "报备 张三丰 138****5678 李四"
    play(engine, f"{HEAD}\n2026-05-01 09:00:00 {LI} > 谢谢\n{again} {LI} > {report}\n{lines}\n")
    clock.now = at(now)
    run("site", "policy", "湾", "keep_texts_days=1")
    clock.now = max(clock.now, at(again) + timedelta(days=2))
    counts()
    assert clients(engine) == {1: "张三丰"}
    assert report in texts(engine)
    assert "谢谢" not in texts(engine)
    audit_after()


def test_a_form_that_is_open_today_keeps_its_client(engine: Engine, var: Path, clock: Clock) -> None:
    visit = f"2026-05-07 23:00:00 {LI} > 到访 张三丰 138****5678 李四"
    play(engine, f"{ALONE}{visit}\n")
    run("site", "policy", "湾", "keep_texts_days=1", "keep_unvisited_days=1")
    with reading(engine).connect() as connection:
        assert connection.execute(select(visits.c.state)).scalars().all() == ["open"]
    clock.now = at("2026-05-09 10:00:00")
    counts()
    assert clients(engine) == {1: "张三丰"}
    assert "到访 张三丰 138****5678 李四" in texts(engine)
    clock.now = at("2026-05-12 10:00:00")
    counts()
    assert clients(engine) == {1: ERASED}
    with reading(engine).connect() as connection:
        [form] = connection.execute(select(visits)).all()
    assert (form.client, form.first3, form.members) == (ERASED, "", [])
    audit_after()


def test_visited_clients_stay_unless_the_policy_says_otherwise(engine: Engine, var: Path, clock: Clock) -> None:
    visit = (
        f"2026-05-02 14:00:00 {LI} > 到访 张三丰 138****5678 李四\n"
        f"2026-05-02 14:01:00 {CONSULTANT} > 签\n2026-05-02 14:02:00 {MANAGER} > 签\n"
    )
    play(engine, f"{ALONE}{visit}")
    clock.now = at("2027-05-01 10:00:00")
    counts()
    assert clients(engine) == {1: "张三丰"}
    run("site", "policy", "湾", "keep_visited_days=60")
    counts()
    assert clients(engine) == {1: ERASED}
    audit_after()


def test_relatives_go_together(engine: Engine, var: Path, clock: Clock) -> None:
    wife = f"2026-06-20 10:00:00 {LI} > 报备 李梅 139****2233 李四\n"
    play(engine, f"{ALONE}{wife}")
    clock.now = at("2026-06-21 10:00:00")
    assert counts("--dry-run")["claims"] == 1
    link = dict(zip(("client", "first3", "last4"), ("张三丰", "138", "5678"), strict=True))
    other = dict(zip(("other_client", "other_first3", "other_last4"), ("李梅", "139", "2233"), strict=True))
    with engine.begin() as connection:
        site_id = connection.execute(select(claims.c.site_id)).scalars().first()
        named = {"relation": "夫妻", "proof": "结婚证", "proved": True}
        place = {"site_id": site_id, "seq": 5, "at": at("2026-05-02 12:00:00")}
        connection.execute(insert(kin).values(place | link | other | named))
    assert "claims" not in counts("--dry-run")
    clock.now = at("2026-08-21 10:00:00")
    assert {kind: counts("--dry-run")[kind] for kind in ("claims", "kin")} == {"claims": 2, "kin": 1}


def test_nothing_is_erased_while_the_register_does_not_agree(engine: Engine, var: Path, clock: Clock) -> None:
    play(engine, ALONE)
    with engine.begin() as connection:
        connection.execute(update(claims).values(agent="王五"))
    clock.now = at("2026-08-01 10:00:00")
    result = run("retention")
    assert result.exit_code == 1
    assert "nothing was erased" in result.output
    assert "baobei audit" in result.output
    assert all(texts(engine))


def test_a_crash_in_the_middle_is_harmless(
    engine: Engine, var: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(engine, ALONE)
    clock.now = at("2026-08-01 10:00:00")

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    for step in ("EraseClients", "EraseReports", "EraseTexts", "EraseReplies"):
        with monkeypatch.context() as patch:
            patch.setattr(f"worker.retention.steps.{step}.batch", crash)
            run("retention")
        assert run("audit").exit_code == 0
    due = counts("--dry-run")
    assert counts() == due
    assert not any(texts(engine))
    audit_after()


CANARIES = ("张三丰", "138****5678", "黄药师", "151****2001", "欧阳锋")
PLAYED = f"""{ALONE}
2026-05-03 10:00:00 {LI} > 报备 欧阳锋 186****0917 李四\\n黄药师 151****2001
2026-05-03 10:03:00 {STRANGER} > 报备 黄药师 151****2001 小龙女
2026-05-04 10:00:00 {MANAGER} form 撤 R3 不来了
"""


def test_no_file_of_the_database_holds_what_was_erased(engine: Engine, var: Path, clock: Clock) -> None:
    play(engine, PLAYED)
    assert set(held_in_rows(engine)) == set(CANARIES)
    clock.now = at("2026-08-01 10:00:00")
    retire(engine, clock.now)
    counts()
    assert held_in_rows(engine) == []
    audit_after()
    if engine.dialect.name == "sqlite":
        path = Path(str(engine.url.database))
        held = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
        written = {word: (word.encode(), json.dumps(word).strip('"').encode()) for word in CANARIES}
        assert [word for word, forms in written.items() if any(form in held for form in forms)] == []


def held_in_rows(engine: Engine) -> list[str]:
    rows = str(everything(engine))
    return [word for word in CANARIES if word in rows]


SCENARIOS = Path(__file__).parent / "scenarios"
RICH = (
    *("R7-withdrawal", "R10-group", "R11-late-text", "R13-signatures", "R14-visit-protection", "R20-silence"),
    *("J9-cancelled-sale", "identity-suspected", "import-with-visits", "two-sites"),
)


@pytest.mark.parametrize("scenario", RICH)
def test_a_played_history_stays_proved(engine: Engine, var: Path, clock: Clock, scenario: str) -> None:
    play(engine, (SCENARIOS / f"{scenario}.txt").read_text("utf-8"))
    for site in json.loads(run("site", "list", "--json").stdout):
        run("site", "policy", site["name"], "keep_visited_days=30")
    due: dict[str, int] = {}
    for moment in ("2026-12-20 10:00:00", "2028-12-20 10:00:00"):
        clock.now = at(moment)
        for each in retained()["sites"]:
            due |= each["counts"]
        result = run("audit", "--json")
        assert result.exit_code == 0, result.output
    everybody_bought = scenario == "R20-silence"
    assert ("claims" in due, "inbox" in due) == (not everybody_bought, not everybody_bought)


def test_a_phone_that_is_nobodys_is_forgotten(engine: Engine, var: Path, clock: Clock) -> None:
    play(engine, PLAYED)
    with reading(engine).connect() as connection:
        assert STRANGER in connection.execute(select(senders.c.phone)).scalars().all()
    clock.now = at("2026-08-01 10:00:00")
    counts()
    with reading(engine).connect() as connection:
        assert STRANGER not in connection.execute(select(senders.c.phone)).scalars().all()
        keys = connection.execute(select(sealed_facts.c.key).where(sealed_facts.c.kind == "senders")).scalars()
        assert f'["{STRANGER}"]' not in list(keys)


def test_texts_that_come_between_seal_and_erasing_keep_what_they_mention(
    engine: Engine, var: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = f"2026-05-03 11:00:00 {WANG} > 报备 黄药师 151****2001 王五\n"
    play(engine, f"{ALONE}{other}")
    clock.now = at("2026-08-01 10:00:00")

    def text_and_go_on(task: Task) -> dict[str, Step]:
        if task.upto == place:
            accept(engine, Inbound("sandbox", "late", LI, NUMBER, "报备 张三丰 138****5678 李四"), clock)
            decide_site(engine, task.site_id, clock=clock)
        return steps_of(task)

    assert run("audit", "--seal").exit_code == 0
    with reading(engine).connect() as connection:
        place = connection.execute(select(seals.c.seq)).scalar_one()
    monkeypatch.setattr("worker.retention.run.count_due", lambda *_: Retained("湾", Policy(), {"inbox": 1}))
    monkeypatch.setattr("worker.retention.run.steps_of", text_and_go_on)
    counts()
    assert clients(engine) == {1: "张三丰", 2: ERASED, 3: "张三丰"}
    assert audit_after() > 0


def test_texts_that_come_while_it_is_counted_hinder_nothing(
    engine: Engine, var: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(engine, ALONE)
    clock.now = at("2026-08-01 10:00:00")

    def text_and_count(*words: Any) -> Retained:
        accept(engine, Inbound("sandbox", "late", LI, NUMBER, "谢谢"), clock)
        return count_due(*words)

    monkeypatch.setattr("worker.retention.run.count_due", text_and_count)
    assert counts()["inbox"] > 0


def test_later_texts_and_later_runs_are_proved_as_well(engine: Engine, var: Path, clock: Clock) -> None:
    play(engine, PLAYED)
    clock.now = at("2026-08-01 10:00:00")
    counts()
    first = audit_after()
    for n, (sender, words) in enumerate(
        [(LI, "查 R1"), (LI, "撤 R1"), (WANG, "报备 张三丰 138****5678 王五"), (MANAGER, "查 张三丰 138****5678")]
    ):
        accept(engine, Inbound("sandbox", f"later{n}", sender, NUMBER, words), clock)
    with reading(engine).connect() as connection:
        site_id = connection.execute(select(claims.c.site_id)).scalars().first()
    assert site_id is not None
    decide_site(engine, site_id, clock=clock)
    assert audit_after() == first
    clock.now = at("2026-10-01 10:00:00")
    assert counts()["claims"] == 1
    assert audit_after() > first
    with reading(engine).connect() as connection:
        whole = connection.execute(select(seals.c.seq).where(seals.c.emptied_at.is_(None))).scalars().all()
        assert set(connection.execute(select(sealed_facts.c.seq)).scalars()) == set(whole)
    assert len(whole) == 1
    assert set(clients(engine).values()) == {ERASED}


def test_what_is_left_in_a_seal_must_name_nobody(engine: Engine, var: Path, clock: Clock) -> None:
    play(engine, ALONE)
    clock.now = at("2026-08-01 10:00:00")
    counts()
    audit_after()
    mine = sealed_facts.c.kind == "claims"
    with engine.begin() as connection:
        left = connection.execute(select(sealed_facts.c.content).where(mine)).scalar_one()
        forged = json.dumps(json.loads(left) | {"client": "李梅", "first3": "139", "last4": "2233"})
        connection.execute(update(sealed_facts).where(mine).values(content=forged))
    assert "this is not what was sealed." in run("audit").output


def test_every_table_that_names_clients_is_seen_to() -> None:
    kept_for_ever = {"disputes"}
    seen_to = {"claims", "reports", "visits", "kin"}
    assert {table.name for table in metadata.sorted_tables if "client" in table.c} == kept_for_ever | seen_to


def test_periods_of_nothing_are_for_ever(engine: Engine, var: Path, clock: Clock) -> None:
    play(engine, PLAYED)
    run("site", "policy", "湾", "keep_texts_days=0", "keep_unvisited_days=0")
    clock.now = at("2030-08-01 10:00:00")
    assert counts() == {}


def test_what_remains_is_shown_as_erased(engine: Engine, var: Path, clock: Clock) -> None:
    play(engine, ALONE)
    clock.now = at("2026-08-01 10:00:00")
    counts()
    shown = json.loads(run("register", "--json").stdout)
    assert [(row["client"], row["phone"], row["unit"], row["status"]) for row in shown] == [
        ("—", "—", "链家", "expired"),
        ("—", "—", "贝壳", "duplicate_other"),
    ]
    explained = run("explain", "R1")
    assert explained.exit_code == 0, explained.output
    assert "#1" not in explained.output
    assert run("register", "--format", "scenario", "R1").exit_code == 0
    past = run("explain", "R1", "--at", "2026-05-02 10:00:00")
    assert past.exit_code == 1
    assert "erased" in past.output
    assert "张三丰" not in explained.output + past.output


def test_each_run_is_recorded(engine: Engine, var: Path, clock: Clock) -> None:
    play(engine, ALONE)
    clock.now = at("2026-08-01 10:00:00")
    done = counts()
    with reading(engine).connect() as connection:
        [record] = connection.execute(select(retentions)).all()
    assert (record.started_at, record.error, record.counts) == (clock.now, None, done)
    assert record.seal_seq == audit_after()


def test_nobody_else_seals_or_erases_meanwhile(engine: Engine, var: Path, clock: Clock) -> None:
    play(engine, ALONE)
    clock.now = at("2026-08-01 10:00:00")
    with alone(engine) as mine:
        assert mine
        for command in (("retention",), ("audit", "--seal")):
            refused = run(*command)
            assert refused.exit_code == 1
            assert "Somebody else is sealing or erasing" in refused.output
        assert counts("--dry-run")
        assert run("audit").exit_code == 0
    assert counts()


@pytest.mark.parametrize(("local", "erases"), [("02:59:59", False), ("03:00:00", True), ("05:00:00", False)])
def test_the_sweeper_erases_at_night(
    engine: Engine, database_url: str, redis_url: str, var: Path, local: str, erases: bool
) -> None:
    play(engine, ALONE)
    with sweeping(var, database_url, redis_url, at(f"2026-08-01 {local}")) as sweeper:
        sweeper.see_to_retention()
    assert clients(engine) == {1: ERASED if erases else "张三丰"}


def test_the_sweeper_leaves_a_site_alone_that_does_not_want_it(
    engine: Engine, database_url: str, redis_url: str, var: Path
) -> None:
    play(engine, ALONE)
    assert run("site", "policy", "湾", "retention=off").exit_code == 0
    with sweeping(var, database_url, redis_url, at("2026-08-01 03:30:00")) as sweeper:
        sweeper.see_to_retention()
    assert clients(engine) == {1: "张三丰"}


@contextmanager
def sweeping(var: Path, database_url: str, redis_url: str, now: datetime) -> Iterator[Sweeper]:
    runtime = runtime_of(var, database_url, redis_url)
    runtime.clock = lambda: now
    yield Sweeper(runtime, Event())
    runtime.close()


def test_what_belongs_to_no_site_gets_old_too(engine: Engine, var: Path, clock: Clock) -> None:
    play(engine, HEAD)
    clock.now = at("2026-08-01 10:00:00")
    for days in (29, 30):
        moment = clock.now - timedelta(days=days)
        message = Inbound("sandbox", f"m{days}", WANG, "+8613800000077", f"报备 黄药师 151****{days}00 王五")
        assert accept(engine, message, lambda moment=moment: moment).outcome == "unrouted"
        name = Spool(var / "spool", lambda moment=moment: moment).keep(message)
        Spool(var / "spool").set_aside(name)
    for days in (364, 365):
        record(engine, None, "export", "site 1", clock.now - timedelta(days=days))
    before = everything(engine)
    due = retained("--dry-run")["elsewhere"]
    assert due == {"unrouted": 1, "acts": 1, "unreadable_files": 1}
    assert everything(engine) == before
    names = Spool(var / "spool").set_aside_names()
    assert len(names) == 2
    assert retained()["elsewhere"] == due
    assert retained()["elsewhere"] == {}
    assert Spool(var / "spool").set_aside_names() == names[1:]
    with reading(engine).connect() as connection:
        kept = connection.execute(select(unrouted).order_by(unrouted.c.id)).all()
    assert [(row.provider_id, row.sender, bool(row.text)) for row in kept] == [("m29", WANG, True), ("m30", "", False)]
