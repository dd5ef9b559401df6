"""`baobei audit` finds whatever is changed behind the line's back, and nothing else; on both databases."""

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Boolean, Date, Engine, Integer, Table, delete, insert, select, update

from tests.story import LAST, LAST_REPORT, LI, NUMBER, WANG, play
from worker.cli.main import main
from worker.clock import utc_now
from worker.decide.notices import tell_due
from worker.decide.set_up import open_site
from worker.gateways.base import Inbound
from worker.line.door import accept
from worker.proof import scratch, together
from worker.rules.chain import READER, VERSION
from worker.rules.deadlines import DAY
from worker.store.facts import TABLES
from worker.store.schema import (
    UtcTime,
    claims,
    cursors,
    deadlines,
    decisions,
    inbox,
    published_heads,
    replies,
    reports,
    sealed_facts,
    seals,
    sites,
)


@pytest.fixture(autouse=True)
def played(engine: Engine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("BAOBEI_VAR", str(tmp_path))
    play(engine)


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def audited(*words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("audit", "--json", *words).stdout)[0]
    return found


def sentences(*words: str) -> list[str]:
    return [fault["sentence"] for fault in audited(*words)["faults"]]


def change(engine: Engine, statement: Any) -> None:
    with engine.begin() as connection:
        # PostgreSQL does not count what INSERT returns.
        assert connection.execute(statement).rowcount in (1, -1)


def rows(engine: Engine, table: Table) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(table).order_by(*table.primary_key)).all())


def test_what_nobody_touched_agrees() -> None:
    result = run("audit")
    assert result.exit_code == 0, result.output
    assert f"湾: all agrees up to place {LAST}; 4 published heads; head " in result.output


def other(column: Any, value: Any) -> Any:
    """Return a value of the column's type that is not this one."""
    match column.type:
        case UtcTime():
            return (value or utc_now()) + timedelta(seconds=1)
        case Date():
            return (value or date(2026, 1, 1)) + timedelta(days=1)
        case Boolean():
            return not value
        case Integer():
            return (value or 0) + 1
    if value is None or isinstance(value, str):
        return (value or "")[:-1] + ("1" if (value or "").endswith("0") else "0")
    return {"other": [1]}


DERIVED = (*TABLES.values(), reports, decisions)


@pytest.mark.parametrize("table", DERIVED, ids=lambda table: table.name)
def test_every_column_of_every_derived_table_is_compared(
    engine: Engine, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.proof.findings.MOST_TOLD", 100)
    row = rows(engine, table)[-1]
    here = [column == getattr(row, column.name) for column in table.primary_key]
    changed = {
        c.name: other(c, getattr(row, c.name))
        for c in table.c
        if not c.primary_key and c.name not in ("done", "head", "decided_at", "version", "searched")
    }
    change(engine, update(table).where(*here).values(changed))
    result = audited()
    assert not result["clean"]
    assert {fault["column"] for fault in result["faults"] if fault["table"] == table.name} >= changed.keys()


@pytest.mark.parametrize("table", DERIVED, ids=lambda table: table.name)
def test_a_row_taken_away_is_missed(engine: Engine, table: Table) -> None:
    row = rows(engine, table)[0]
    change(engine, delete(table).where(*(column == getattr(row, column.name) for column in table.primary_key)))
    missing = [f for f in audited()["faults"] if f["table"] == table.name and f["column"] == ""]
    assert [f["sentence"].split(": ", 1)[1] for f in missing] == ["the row that the line gives is missing."]


@pytest.mark.parametrize("table", DERIVED, ids=lambda table: table.name)
def test_a_row_out_of_nothing_is_found(engine: Engine, table: Table) -> None:
    [site] = rows(engine, sites)
    made_up = {c.name: other(c, 9998 if isinstance(c.type, Integer) else None) for c in table.c}
    made_up |= {"site_id": site.id} | ({"head": "00", "version": VERSION} if "head" in table.c else {})
    change(engine, insert(table).values(made_up))
    [fault] = [f for f in audited()["faults"] if f["table"] == table.name and f["column"] == ""]
    assert fault["sentence"].endswith(": the line gives no such row.")


def to_li(engine: Engine) -> Any:
    return next(row for row in rows(engine, replies) if row.recipient == LI and row.cause.startswith("m:"))


TAMPERING: list[tuple[str, Callable[[Engine], Any], str]] = [
    (
        "a changed code",
        lambda _: update(decisions).where(decisions.c.seq == 7).values(code="accepted"),
        "decisions, place 7: code is not what the line gives.",
    ),
    (
        "a moved end",
        lambda _: update(claims).where(claims.c.number == 1).values(ends_at=utc_now()),
        "claims, R1: ends_at is not what the line gives.",
    ),
    (
        "a claim out of nothing",
        lambda e: insert(claims).values({**row_of(e, claims), "number": 77}),
        "claims, R77: the line gives no such row.",
    ),
    (
        "a deleted reply",
        lambda e: delete(replies).where(replies.c.id == to_li(e).id),
        "replies, place 6, accepted, …0011: the row that the line gives is missing.",
    ),
    (
        "a reply's reference",
        lambda e: update(replies).where(replies.c.id == to_li(e).id).values(ref="R9"),
        "replies, place 6, accepted, …0011: ref is not what the line gives.",
    ),
    (
        "an edited text",
        lambda _: update(inbox).where(inbox.c.seq == 12).values(text="好的", body="好的".encode()),
        "decisions, place 12: commitment is not what the line gives.",
    ),
    (
        "bytes that are not the text",
        lambda _: update(inbox).where(inbox.c.seq == 12).values(body=b"x"),
        "inbox, place 12: text and body are not the same.",
    ),
    (
        "another sender",
        lambda _: update(inbox).where(inbox.c.seq == 6).values(sender=WANG),
        "reports, place 6, client 1: sender is not what the line gives.",
    ),
    (
        "a missing place",
        lambda _: delete(inbox).where(inbox.c.seq == 12),
        "inbox, place 12: nothing stands here any more; places have no gaps.",
    ),
    (
        "an earlier time",
        lambda _: update(inbox).where(inbox.c.seq == 12).values(received_at=utc_now() - 9999 * DAY),
        "inbox, place 12: received_at falls behind the place before it.",
    ),
    (
        "a counter set back",
        lambda _: update(sites).values(last_seq=18),
        f"sites: last_seq is 18, but the line ends at place {LAST}.",
    ),
    (
        "a head of the chain",
        lambda _: update(decisions).where(decisions.c.seq == 9).values(head="0" * 64),
        "decisions, place 9: the chain of hashes breaks here.",
    ),
    (
        "the cursor's head",
        lambda _: update(cursors).values(head="0" * 64),
        "cursors: decided_seq and head are not those of the last decision.",
    ),
    (
        "the site's state",
        lambda e: update(cursors).values(state={**rows(e, cursors)[0].state, "next_registration": 99}),
        "cursors: the site's state is not what the line gives.",
    ),
    (
        "the site's number",
        lambda _: update(sites).values(number="+8613800000009"),
        "sites: number is not what the line's first message says.",
    ),
    (
        "a policy that cannot be read",
        lambda _: update(inbox).where(inbox.c.seq == 2).values(payload=["x"]),
        "inbox, place 2: this message can no longer be decided (AttributeError); nothing behind it was compared.",
    ),
]


def row_of(engine: Engine, table: Table) -> dict[str, Any]:
    return dict(zip(table.c.keys(), rows(engine, table)[0], strict=True))


@pytest.mark.parametrize(("tampering", "sentence"), [t[1:] for t in TAMPERING], ids=[t[0] for t in TAMPERING])
def test_tampering_is_found_and_named(engine: Engine, tampering: Callable[[Engine], Any], sentence: str) -> None:
    change(engine, tampering(engine))
    assert sentence in sentences()
    result = run("audit")
    assert result.exit_code == 1
    assert sentence in result.output


def test_two_texts_that_change_places_are_found(engine: Engine) -> None:
    for seq, to in ((6, 99), (7, 6), (99, 7)):
        change(engine, update(inbox).where(inbox.c.seq == seq).values(seq=to))
    found = sentences()
    assert "inbox, place 7: received_at falls behind the place before it." in found
    assert "claims, R1: agent is not what the line gives." in found


def test_a_rewritten_past_is_betrayed_by_the_heads_that_went_outside(engine: Engine) -> None:
    change(engine, update(published_heads).where(published_heads.c.seq == 14).values(head8="0" * 8))
    [fault] = sentences()
    assert fault.startswith(
        "published_heads, place 14: head 00000000, published on 2026-11-03 (daily), is not on the chain."
    )


def test_digests_publish_their_head(engine: Engine) -> None:
    heads = {row.seq: row.head for row in rows(engine, decisions)}
    said = {row.params["head"] for row in rows(engine, replies) if row.code == "digest"}
    published = rows(engine, published_heads)
    assert {row.head8 for row in published} == said != set()
    assert all(heads[row.seq].startswith(row.head8) for row in published)


def test_exports_carry_and_publish_their_head(engine: Engine, tmp_path: Path) -> None:
    heads = {row.seq: row.head[:8] for row in rows(engine, decisions)}
    file = tmp_path / "register.xlsx"
    assert run("register", "--format", "xlsx", "--output", str(file)).exit_code == 0
    exported = json.loads(run("register", "--json").stdout)
    assert [row["head"] for row in exported] == [heads[int(row["seq"])] for row in exported]
    lines = run("register", "--format", "csv").stdout.splitlines()
    assert lines[0].endswith(",part,flags,planned,head")
    assert lines[-1].endswith("," + heads[LAST_REPORT])
    shown = run("register")
    assert "head" not in shown.stdout
    assert f"湾: head {heads[LAST_REPORT]} at place {LAST_REPORT}" in shown.stderr
    published = [row for row in rows(engine, published_heads) if row.published_in == "export"]
    assert [(row.seq, row.head8) for row in published] == [(LAST_REPORT, heads[LAST_REPORT])]
    assert sentences() == []


def test_a_head_on_paper_is_found_on_the_chain(engine: Engine) -> None:
    [paper] = [row for row in rows(engine, published_heads) if row.seq == 14]
    result = run("audit", "--head", paper.head8.upper())
    assert result.exit_code == 0
    assert result.output == f"湾: head {paper.head8} is at place 14, 2026-11-03 10:01:00.\n"
    [found] = json.loads(run("audit", "--site", "湾", "--head", paper.head8, "--json").output)
    assert (found["site"], found["seq"], found["received_at"]) == ("湾", 14, "2026-11-03T02:01:00+00:00")
    change(engine, update(decisions).where(decisions.c.seq == 14).values(head="0" * 64))
    result = run("audit", "--head", paper.head8)
    assert result.exit_code == 1
    assert f"Head {paper.head8} is on no chain" in result.output
    assert run("audit", "--head", "1a2b").exit_code == 2


def test_more_faults_than_are_told_are_counted(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(update(decisions).values(code="x", kind="y"))
    result = audited()
    assert (len(result["faults"]), result["count"]) == (10, 3 * LAST)
    assert f"… and {3 * LAST - 10} more." in run("audit").output


def test_undecided_texts_are_reported_and_no_fault(engine: Engine) -> None:
    accept(engine, Inbound("sandbox", "new", LI, NUMBER, "报备 周舟 138****0001"))
    result = run("audit")
    assert result.exit_code == 0
    assert "1 not decided yet" in result.output


def test_no_site_and_an_unknown_site_are_sentences(new_database: Callable[[], str], monkeypatch: Any) -> None:
    assert run("audit", "--site", "海").exit_code == 2
    monkeypatch.setenv("DATABASE_URL", new_database())
    result = run("audit")
    assert result.exit_code == 1
    assert "no site yet" in result.output


def test_the_line_may_grow_while_it_is_audited(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    real, count = scratch.fold_batch, 0

    def meanwhile(*args: Any) -> int:
        nonlocal count
        count += 1
        accept(engine, Inbound("sandbox", f"m{count}", LI, NUMBER, f"报备 周舟 138****{count:04d}"))
        tell_due(engine, datetime.now().astimezone() + 99 * DAY)
        return real(*args)

    monkeypatch.setattr(scratch, "fold_batch", meanwhile)
    result = audited()
    assert (result["clean"], result["undecided"]) == (True, 0)
    assert count > 1


def test_nothing_is_left_of_what_was_computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert run("audit").exit_code == 0
    assert list(tmp_path.glob("baobei-*")) == []


def sealed_and_continued(engine: Engine) -> None:
    assert f"sealed at place {LAST}" in run("audit", "--seal").output
    for index, (sender, words) in enumerate(
        [(LI, "查 R1"), (WANG, "报备 孙尚 138****7777 王五"), (WANG, "张三 138****5678")]
    ):
        accept(engine, Inbound("sandbox", f"later{index}", sender, NUMBER, words))
    assert run("site", "policy", "湾", "notify=each").exit_code == 0


def erase(engine: Engine, upto: int) -> None:
    with engine.begin() as connection:
        connection.execute(update(inbox).where(inbox.c.seq <= upto).values(text="", body=b"", salt="", payload=None))


def test_audit_from_the_seal_agrees_with_audit_from_the_beginning(engine: Engine) -> None:
    sealed_and_continued(engine)
    whole, since = audited(), audited("--since-seal")
    assert (whole["clean"], whole["after"]) == (True, 0)
    assert (since["clean"], since["after"]) == (True, LAST)
    assert whole["decided"] == since["decided"] == LAST + 4


def test_the_rest_is_proved_when_texts_before_the_seal_are_erased(engine: Engine) -> None:
    sealed_and_continued(engine)
    erase(engine, LAST)
    result = run("audit")
    assert result.exit_code == 0, result.output
    assert f"up to place {LAST + 4} behind the seal at place {LAST};" in result.output
    change(engine, update(claims).where(claims.c.number == 1).values(ends_at=utc_now()))
    assert sentences() == ["claims, R1: ends_at is not what the line gives."]


def test_a_fact_can_be_erased_and_the_seal_still_holds(engine: Engine) -> None:
    sealed_and_continued(engine)
    erase(engine, LAST)
    gone = (sealed_facts.c.kind == "claims") & (sealed_facts.c.key == "[4]")
    change(engine, update(sealed_facts).where(gone).values(content=None, salt=None))
    assert sentences() == []
    change(engine, delete(claims).where(claims.c.number == 4))
    assert sentences() == []
    change(engine, delete(claims).where(claims.c.number == 2))
    assert sentences() == ["claims, R2: the row that the line gives is missing."]


def test_erasing_beyond_every_seal_is_a_fault(engine: Engine) -> None:
    sealed_and_continued(engine)
    erase(engine, LAST + 1)
    assert f"inbox, place {LAST + 1}: the text is erased and no seal covers this place." in sentences()


@pytest.mark.parametrize("words", [(), ("--since-seal",)])
def test_a_seal_that_was_tampered_with_is_found(engine: Engine, words: tuple[str, ...]) -> None:
    sealed_and_continued(engine)
    fact = next(row for row in rows(engine, sealed_facts) if row.kind == "claims")
    here = sealed_facts.c.number == fact.number
    change(engine, update(sealed_facts).where(here).values(content=fact.content.replace("李四", "王五")))
    assert f"sealed_facts, seal at place {LAST}, fact {fact.number}: this is not what was sealed." in sentences(*words)
    change(engine, delete(sealed_facts).where(here))
    assert f"seals, seal at place {LAST}: facts and versions are not those that were sealed." in sentences(*words)
    change(engine, update(seals).values(head="0" * 64))
    assert f"seals, seal at place {LAST}: the head is not the one of the chain." in sentences(*words)


def test_what_another_version_decided_is_one_sentence(engine: Engine) -> None:
    run("audit", "--seal")
    change(engine, update(decisions).where(decisions.c.seq == 9).values(version=VERSION - 1))
    change(engine, update(decisions).where(decisions.c.seq == 12).values(version=None))
    assert audited()["clean"]
    change(engine, update(claims).where(claims.c.number == 1).values(agent="other", sender="other"))
    [sentence] = sentences()
    assert sentence.startswith("decisions, places 9 to 12: another version of the rules decided here, and 2 values are")
    assert sentences("--since-seal") == [
        f"claims, R1: {name} is not what the line gives." for name in ("agent", "sender")
    ]


def seal_under(phonenumbers: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("worker.proof.seals.version", lambda _: phonenumbers)
        assert run("audit", "--seal").exit_code == 0


def test_a_seal_says_by_which_versions_it_was_made(engine: Engine) -> None:
    run("audit", "--seal")
    [seal] = rows(engine, seals)
    assert seal.versions == f'{{"phonenumbers":"{version("phonenumbers")}","reader":"{READER}","rules":{VERSION}}}'


@pytest.mark.parametrize("said", ['{"phonenumbers":"8.13.0","rules":1}', "x", "[]", None])
def test_versions_that_were_changed_are_found(engine: Engine, said: str | None) -> None:
    run("audit", "--seal")
    change(engine, update(seals).values(versions=said))
    assert sentences() == [f"seals, seal at place {LAST}: facts and versions are not those that were sealed."]


def test_a_seal_of_before_versions_were_noted_still_holds(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("worker.proof.seals.versions", lambda: None)
        sealed_and_continued(engine)
    assert [seal.versions for seal in rows(engine, seals)] == [None]
    assert sentences() == sentences("--since-seal") == []
    change(engine, update(claims).where(claims.c.number == 1).values(agent="other"))
    assert sentences() == ["claims, R1: agent is not what the line gives."]


@pytest.mark.parametrize("words", [(), ("--since-seal",)])
def test_another_version_of_phonenumbers_is_named_where_values_disagree(engine: Engine, words: tuple[str, ...]) -> None:
    seal_under("8.13.0")
    assert sentences(*words) == []
    change(engine, update(claims).where(claims.c.number == 1).values(agent="other"))
    made = f"was made under phonenumbers 8.13.0, this is {version('phonenumbers')}; "
    disagrees, hint = sentences(*words)
    assert disagrees == "claims, R1: agent is not what the line gives."
    assert hint.startswith(f"seals, seal at place {LAST}: it {made}install phonenumbers 8.13.0 and audit again")


def test_another_version_of_phonenumbers_stands_in_the_sentence_on_the_rules(engine: Engine) -> None:
    seal_under("8.13.0")
    change(engine, update(decisions).where(decisions.c.seq == 9).values(version=VERSION - 1))
    assert sentences() == []
    change(engine, update(claims).where(claims.c.number == 1).values(agent="other"))
    [sentence] = sentences()
    assert sentence.startswith("decisions, places 9 to 9: another version of the rules decided here, and 1 values are")
    assert (
        f"the seal at place {LAST} was made under phonenumbers 8.13.0, this is {version('phonenumbers')};" in sentence
    )


def test_a_faulty_register_is_not_sealed(engine: Engine) -> None:
    change(engine, update(claims).where(claims.c.number == 1).values(ends_at=utc_now()))
    assert run("audit", "--seal").exit_code == 1
    assert rows(engine, seals) == []


def test_sealing_a_place_twice_keeps_the_first_seal(engine: Engine) -> None:
    run("audit", "--seal")
    first = rows(engine, seals)
    assert run("audit", "--seal").exit_code == 0
    assert rows(engine, seals) == first


def test_told_deadlines_do_not_count(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(update(deadlines).values(done=True))
    assert sentences() == []


def test_lines_audited_in_processes_come_out_as_one_after_another(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_site(engine, "海", "+8613800000077", {"manager": ["+8613800000078"]}, "sandbox")
    change(engine, update(claims).where(claims.c.number == 1).values(unit="贝壳"))
    names = ("海", "湾")
    alone = list(together.audit_all(engine, names, False, False, silence, cores=1))
    monkeypatch.setattr(together, "WORTH_IT", 0)
    assert list(together.audit_all(engine, names, False, False, silence, cores=2)) == alone
    assert [audited.clean for audited, _ in alone] == [True, False]
    assert [seal is not None for _, seal in together.audit_all(engine, names, False, True, silence, cores=2)] == [
        True,
        False,
    ]


def silence() -> Callable[[str, int, int], None]:
    return say_nothing


def say_nothing(_site: str, _reached: int, _last: int) -> None:
    pass
