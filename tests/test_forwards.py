"""A text that belongs into another site's line gets there once, whatever dies, and is proved and kept there (L25)."""

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, select, update

from tests.infrastructure.serving import runtime_of
from tests.sending import NOON, StandingClock
from worker.alerts.alarms import alarms
from worker.cli.main import main
from worker.decide.decider import decide_site
from worker.decide.set_up import all_sites, open_site, put, set_aliases, site_named, spread
from worker.errors import SetUpError
from worker.gateways.base import Inbound
from worker.line.door import PROGRAM, Entry, accept, enter, enter_forwarded
from worker.line.forwards import carry, forward_id
from worker.processes.jobs import Tasks
from worker.processes.sweeper import Sweeper
from worker.readers.metrics import Metrics
from worker.readers.path import text_path
from worker.rules.client import ERASED
from worker.rules.forwards import ORIGIN
from worker.scenarios.language import read_scenario
from worker.scenarios.rehearsal import rehearse
from worker.scenarios.stage import MemoryStage
from worker.store.database import open_engine
from worker.store.schema import claims, decisions, forwards, inbox, replies, reports

BAY, MANOR = "+8613800000000", "+8613800000100"
LI, ZHOU, MANAGER = "+8613900000011", "+8613900000022", "+8613800000001"
PEOPLE = [{"name": "李四", "phone": LI, "unit": "链家"}, {"name": "周凯", "phone": ZHOU, "unit": "贝壳"}]
REPORT = "报备 云栖府 张三 138****5678 李四"


@pytest.fixture(autouse=True)
def there(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("BAOBEI_VAR", str(tmp_path / "var"))


@pytest.fixture
def sites(engine: Engine, clock: StandingClock) -> Engine:
    """Two sites with one roster; 翡翠湾 is the first, 云栖府 the second."""
    for name, number in (("翡翠湾", BAY), ("云栖府", MANOR)):
        site = open_site(engine, name, number, {"manager": [MANAGER]}, "sandbox", clock=clock)
        put(engine, site, "roster", {"people": [dict(person) for person in PEOPLE]}, clock)
    return engine


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def text(engine: Engine, clock: StandingClock, number: str, sender: str, words: str) -> int:
    """Put a text in line, have it decided, and return its place."""
    receipt = accept(engine, Inbound("sandbox", f"t{clock():%H%M%S}{sender}", sender, number, words), clock)
    assert receipt.site_id is not None
    assert receipt.seq is not None
    decide(engine, receipt.site_id, clock)
    return receipt.seq


def decide(engine: Engine, site_id: int, clock: StandingClock) -> None:
    while decide_site(engine, site_id, clock=clock).more:
        pass


def came(engine: Engine, site_id: int = 2) -> list[Any]:
    """Return the messages that a site got from other lines."""
    with engine.connect() as connection:
        mine = (inbox.c.site_id == site_id) & inbox.c.provider_id.like("forward:%")
        return list(connection.execute(select(inbox).where(mine).order_by(inbox.c.seq)))


def codes(engine: Engine, site_id: int) -> list[str]:
    with engine.connect() as connection:
        mine = (decisions.c.site_id == site_id) & decisions.c.kind.in_(("report", "settle"))
        return list(connection.execute(select(decisions.c.code).where(mine).order_by(decisions.c.seq)).scalars())


def waiting(engine: Engine) -> int:
    with engine.connect() as connection:
        return len(connection.execute(select(forwards).where(~forwards.c.done)).all())


def test_it_gets_its_own_place_with_the_first_receipt_as_its_sending(sites: Engine, clock: StandingClock) -> None:
    seq = text(sites, clock, BAY, LI, REPORT)
    assert (codes(sites, 1), came(sites)) == (["forwarded"], [])
    clock.move(minutes=1)
    assert carry(sites, clock=clock) == {2}
    (row,) = came(sites)
    assert (row.provider_id, row.sender, row.text) == (f"forward:1:{seq}", LI, REPORT)
    assert (row.received_at, row.sent_at) == (NOON + timedelta(minutes=1), NOON)
    decide(sites, 2, clock)
    with sites.connect() as connection:
        claim = connection.execute(select(claims)).one()
        answer = connection.execute(select(replies).where(replies.c.site_id == 2, replies.c.recipient == LI)).one()
    assert (claim.site_id, claim.reported_at, claim.unit) == (2, NOON + timedelta(minutes=1), "链家")
    assert answer.code == "accepted"


def test_an_overlap_that_it_would_have_won_is_for_the_manager(sites: Engine, clock: StandingClock) -> None:
    text(sites, clock, BAY, LI, REPORT)
    clock.move(minutes=2)
    text(sites, clock, MANOR, ZHOU, "报备 张三 138****5678 周凯")
    clock.move(minutes=3)
    carry(sites, clock=clock)
    decide(sites, 2, clock)
    assert codes(sites, 2) == ["accepted", "contested"]
    with sites.connect() as connection:
        late = connection.execute(select(claims).where(claims.c.state == "contested")).one()
    assert (late.agent, late.sent_at, late.rivals) == ("李四", NOON, [1])


def test_an_overlap_that_it_would_have_lost_is_lost(sites: Engine, clock: StandingClock) -> None:
    text(sites, clock, MANOR, ZHOU, "报备 张三 138****5678 周凯")
    clock.move(seconds=1)
    text(sites, clock, BAY, LI, REPORT)
    carry(sites, clock=clock)
    decide(sites, 2, clock)
    assert codes(sites, 2) == ["accepted", "duplicate_other"]


def test_who_died_between_its_two_commits_puts_nothing_in_twice(sites: Engine, clock: StandingClock) -> None:
    seq = text(sites, clock, BAY, LI, REPORT)
    payload = {ORIGIN: {"site": "翡翠湾", "site_id": 1, "seq": seq}}
    entry = Entry("text", PROGRAM, forward_id(1, seq, 0), LI, REPORT, payload, sent_at=NOON)
    assert enter_forwarded(sites, 2, entry, clock).outcome == "accepted"
    assert waiting(sites) == 1
    assert carry(sites, clock=clock) == {2}
    assert (len(came(sites)), waiting(sites), carry(sites)) == (1, 0, set())


def test_several_processes_at_once_put_it_in_once(sites: Engine, clock: StandingClock) -> None:
    text(sites, clock, BAY, LI, REPORT)
    together = Barrier(4)

    def take() -> None:
        together.wait()
        carry(sites, clock=clock)

    threads = [Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(came(sites)), waiting(sites)) == (1, 0)


def test_what_came_from_another_line_goes_no_further(sites: Engine, clock: StandingClock) -> None:
    text(sites, clock, BAY, LI, "项目：云栖府、翡翠湾\n客户：张三 138****5678\n业务员：李四")
    for _ in range(3):
        carry(sites, clock=clock)
        decide(sites, 1, clock)
        decide(sites, 2, clock)
    assert (codes(sites, 1), codes(sites, 2), len(came(sites)), came(sites, 1)) == (["accepted"], ["accepted"], 1, [])


def test_two_other_sites_get_it_under_ids_of_their_own(sites: Engine, clock: StandingClock) -> None:
    open_site(sites, "江湾城", "+8613800000200", {"manager": [MANAGER]}, "sandbox", clock=clock)
    seq = text(sites, clock, BAY, LI, "项目：云栖府、江湾城\n客户：张三 138****5678\n业务员：李四")
    assert carry(sites, clock=clock) == {2, 3}
    assert [row.provider_id for row in (*came(sites, 2), *came(sites, 3))] == [f"forward:1:{seq}", f"forward:1:{seq}:1"]


def test_the_job_forwards_at_once_and_the_sweeper_what_no_job_did(
    sites: Engine, clock: StandingClock, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    runtime = runtime_of(tmp_path, database_url, redis_url)
    runtime.clock = clock
    accept(sites, Inbound("sandbox", "a", LI, BAY, REPORT), clock)
    Tasks(runtime).decide_site(1)
    assert len(came(sites)) == 1
    text(sites, clock, BAY, LI, "报备 云栖府 王芳 139****2223 李四")
    assert waiting(sites) == 1
    Sweeper(runtime, Event()).see_to_forwards()
    assert (len(came(sites)), waiting(sites)) == (2, 0)
    runtime.close()


def test_what_cannot_be_forwarded_is_an_alarm_and_a_number(
    sites: Engine, clock: StandingClock, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    put(sites, site_named(sites, "翡翠湾"), "directory", _entry("远方", "+8613800000900"), clock)
    text(sites, clock, BAY, LI, "报备 远方 张三 138****5678 李四")
    assert carry(sites, clock=clock) == set()
    assert alarms(sites, clock()) == []
    clock.move(seconds=61)
    (alarm,) = alarms(sites, clock())
    assert (alarm.code, alarm.scope, alarm.detail) == ("forwards_wait", "site:1", {"site": 1, "waiting": 1})
    runtime = runtime_of(tmp_path, database_url, redis_url)
    found = {family.name: family.samples[0].value for family in Metrics(runtime).collect() if family.samples}
    assert found["baobei_forwards_waiting"] == 1
    runtime.close()


def _entry(name: str, number: str) -> dict[str, Any]:
    return {"sites": [{"name": name, "number": number, "aliases": []}]}


def test_a_form_s_report_for_another_site_is_answered_there_by_text(sites: Engine, clock: StandingClock) -> None:
    enter(sites, 1, Entry("form", PROGRAM, "f1", MANAGER, REPORT), clock)
    decide(sites, 1, clock)
    carry(sites, clock=clock)
    decide(sites, 2, clock)
    with sites.connect() as connection:
        said = connection.execute(select(replies.c.site_id, replies.c.code).where(replies.c.role == "reply")).all()
    assert [tuple(row) for row in said] == [(2, "accepted")]


# The directory.


def test_every_line_hears_of_every_site_and_of_each_further_name(sites: Engine) -> None:
    heard = {site.name: site.state["others"] for site in all_sites(sites)}
    assert heard == {
        "翡翠湾": {MANOR: {"name": "云栖府", "aliases": []}},
        "云栖府": {BAY: {"name": "翡翠湾", "aliases": []}},
    }
    assert run("site", "set", "云栖府", "--alias", "云栖", "--alias", "Cloud Manor").exit_code == 0
    assert site_named(sites, "云栖府").state["aliases"] == ["云栖", "Cloud Manor"]
    assert site_named(sites, "翡翠湾").state["others"][MANOR]["aliases"] == ["云栖", "Cloud Manor"]
    assert "Cloud Manor" in run("site", "list").stdout
    assert run("site", "set", "云栖府", "--alias", "").exit_code == 0
    assert site_named(sites, "翡翠湾").state["others"][MANOR]["aliases"] == []


def test_a_site_that_is_alone_has_nobody_to_hear_of(engine: Engine) -> None:
    assert run("site", "add", "翡翠湾", "--number", BAY, "--manager", MANAGER, "--alias", "翡翠").exit_code == 0
    assert site_named(engine, "翡翠湾").state["aliases"] == ["翡翠"]
    assert spread(engine) == 0
    with engine.connect() as connection:
        assert connection.execute(select(inbox.c.kind)).scalars().all() == ["site"]


def test_who_died_before_a_line_had_heard_is_followed_by_the_sweeper(
    sites: Engine, clock: StandingClock, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    entry = {"name": "云栖府", "number": MANOR, "aliases": ["云栖"]}
    put(sites, site_named(sites, "云栖府"), "directory", {"sites": [entry]}, clock)
    runtime = runtime_of(tmp_path, database_url, redis_url)
    Sweeper(runtime, Event()).see_to_directory()
    runtime.close()
    assert site_named(sites, "翡翠湾").state["others"][MANOR]["aliases"] == ["云栖"]
    assert spread(sites) == 0


@pytest.mark.parametrize(
    ("alias", "why"),
    [("翡翠湾", "翡翠湾"), ("翡 翠·湾", "翡翠湾"), ("湾", "2 to 30"), ("云/栖", "signs"), ("云" * 31, "2 to 30")],
)
def test_a_name_that_would_mean_two_sites_or_none_is_refused(sites: Engine, alias: str, why: str) -> None:
    with pytest.raises(SetUpError, match=why):
        set_aliases(sites, site_named(sites, "云栖府"), [alias])
    assert run("site", "set", "云栖府", "--alias", alias).exit_code == 2
    assert site_named(sites, "云栖府").state["aliases"] == []


def test_nothing_to_set_is_wrong_usage(sites: Engine) -> None:
    assert run("site", "set", "云栖府").exit_code == 2


# What is proved, shown, kept and exported.


def played(engine: Engine, clock: StandingClock) -> int:
    """Forward one text, have it decided there, and return its place here."""
    seq = text(engine, clock, BAY, LI, REPORT)
    clock.move(seconds=5)
    carry(engine, clock=clock)
    decide(engine, 2, clock)
    return seq


def test_the_audit_holds_over_both_lines_also_with_a_forward_half_done(sites: Engine, clock: StandingClock) -> None:
    played(sites, clock)
    text(sites, clock, BAY, LI, "报备 云栖府 王芳 139****2223 李四")
    assert waiting(sites) == 1
    assert run("audit").exit_code == 0, run("audit").output


TAMPERINGS: list[tuple[Callable[[], Any], str]] = [
    (lambda: update(forwards).values(done=True), "stands in no other line"),
    (lambda: update(forwards).values(number=BAY), "number is not what the line gives"),
    (lambda: update(inbox).where(inbox.c.site_id == 2).values(sent_at=NOON - timedelta(hours=1)), "it came from"),
]


@pytest.mark.parametrize(("tampering", "words"), TAMPERINGS, ids=["done", "number", "sent_at"])
def test_the_audit_finds_what_was_changed_at_either_end(
    sites: Engine, clock: StandingClock, tampering: Callable[[], Any], words: str
) -> None:
    played(sites, clock)
    text(sites, clock, BAY, LI, "报备 云栖府 王芳 139****2223 李四")
    with sites.begin() as connection:
        connection.execute(tampering())
    result = run("audit")
    assert result.exit_code == 1
    assert words in result.output


def test_the_audit_finds_a_text_that_nobody_forwarded(sites: Engine, clock: StandingClock) -> None:
    payload = {ORIGIN: {"site": "翡翠湾", "site_id": 1, "seq": 1}}
    enter_forwarded(sites, 2, Entry("text", PROGRAM, "forward:1:1", LI, REPORT, payload, sent_at=NOON), clock)
    decide(sites, 2, clock)
    result = run("audit", "--site", "云栖府")
    assert result.exit_code == 1
    assert "no line has forwarded this text" in result.output


def test_a_text_s_path_tells_of_its_other_line(sites: Engine, clock: StandingClock) -> None:
    seq = text(sites, clock, BAY, LI, REPORT)
    before = text_path(sites, 1, seq)
    assert before is not None
    assert [(other.site, other.seq) for other in before.forwards] == [("云栖府", None)]
    clock.move(seconds=5)
    carry(sites, clock=clock)
    (row,) = came(sites)
    here, there = text_path(sites, 1, seq), text_path(sites, 2, row.seq)
    assert here is not None
    assert there is not None
    assert [(other.site, other.site_id, other.seq) for other in here.forwards] == [("云栖府", 2, row.seq)]
    assert there.origin is not None
    assert (there.origin.site, there.origin.site_id, there.origin.seq, there.origin.at) == ("翡翠湾", 1, seq, NOON)
    assert (here.origin, there.forwards) == (None, ())


def test_explain_tells_where_a_report_went_and_where_one_came_from(sites: Engine, clock: StandingClock) -> None:
    played(sites, clock)
    here = run("explain", "张三", "138****5678", "--site", "翡翠湾").output
    there = run("explain", "张三", "138****5678", "--site", "云栖府").output
    assert "属云栖府，已转该处登记" in here
    assert "短信先发到翡翠湾" in there
    assert "登记为R1" in there


def test_retention_erases_both_and_nothing_that_is_still_to_be_forwarded(
    sites: Engine, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    seq = played(sites, clock)
    later = text(sites, clock, BAY, LI, "报备 云栖府 王芳 139****2223 李四")
    clock.move(days=60)
    for module in ("cli.retention", "proof.together"):
        monkeypatch.setattr(f"worker.{module}.utc_now", clock)
    result = run("retention")
    assert result.exit_code == 0, result.output
    with sites.connect() as connection:
        left = {
            (row.site_id, row.seq): row.text for row in connection.execute(select(inbox).where(inbox.c.kind == "text"))
        }
        names = set(connection.execute(select(reports.c.client)).scalars())
    assert left == {(1, seq): "", (1, later): "报备 云栖府 王芳 139****2223 李四", (2, came(sites)[0].seq): ""}
    assert names == {ERASED}
    assert run("audit").exit_code == 0, run("audit").output
    carry(sites, clock=clock)
    assert came(sites)[1].text == "报备 云栖府 王芳 139****2223 李四"
    path = text_path(sites, 2, came(sites)[0].seq)
    assert path is not None
    assert path.origin is not None
    assert path.origin.seq == seq


@pytest.fixture
def restored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Engine]]:
    """Yield what backs a database up and restores it into a file of its own."""
    opened: list[Engine] = []

    def restore() -> Engine:
        assert run("backup", str(tmp_path / "b.sqlite")).exit_code == 0
        url = f"sqlite:///{tmp_path / 'restored.sqlite'}"
        monkeypatch.setenv("DATABASE_URL", url)
        result = run("restore", str(tmp_path / "b.sqlite"))
        assert result.exit_code == 0, result.output
        opened.append(open_engine(url))
        return opened[-1]

    yield restore
    for engine in opened:
        engine.dispose()
    shutil.rmtree(tmp_path / "var", ignore_errors=True)


@pytest.mark.parametrize("half", ["decided", "in the other line"])
def test_a_restored_forward_that_was_half_done_is_done_once(
    sites: Engine, clock: StandingClock, restored: Callable[[], Engine], half: str
) -> None:
    text(sites, clock, BAY, LI, REPORT)
    if half == "in the other line":
        carry(sites, clock=clock)
        with sites.begin() as connection:
            connection.execute(update(forwards).values(done=False))
    there = restored()
    assert carry(there, clock=clock) == {2}
    decide(there, 2, clock)
    assert (len(came(there)), codes(there, 2), waiting(there)) == (1, ["accepted"], 0)
    assert run("audit").exit_code == 0, run("audit").output


def test_a_case_s_scenario_holds_at_either_end(sites: Engine, clock: StandingClock) -> None:
    set_aliases(sites, site_named(sites, "云栖府"), ["云栖"], clock)
    text(sites, clock, BAY, LI, "项目：云栖、翡翠湾\n客户：张三 138****5678\n业务员：李四")
    carry(sites, clock=clock)
    decide(sites, 2, clock)
    for site in ("翡翠湾", "云栖府"):
        result = run("register", "--format", "scenario", "--site", site, "R1")
        assert result.exit_code == 0, result.output
        assert "directory" in result.stdout
        assert rehearse(read_scenario(result.stdout), MemoryStage()) == []
