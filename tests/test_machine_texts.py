"""Texts that nobody typed, and our own words in what somebody did: told before anything in them is read."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from parsers.numbers import is_persons
from parsers.parse import parse
from tests.infrastructure.deciding import LI, MANAGER, staffed_site
from tests.infrastructure.serving import runtime_of
from worker.decide.decider import decide_site
from worker.decide.set_up import put
from worker.gateways.base import Inbound
from worker.line.door import accept
from worker.line.kept_text import own_part
from worker.line.spool import Spool
from worker.runtime import Runtime
from worker.store.schema import decisions, inbox, opt_outs, replies

AT = datetime(2026, 11, 2, 1, tzinfo=UTC)
REPORT = "报备 张三 138****5678 李四"
REPLY = "报备成功：张三138****5678，李四(链家)，R1，有效至11-9 10:00"

REACTIONS = [
    *(f"{word} “{REPORT}”" for word in ("Liked", "Loved", "Laughed at", "Emphasized", "Questioned", "Disliked")),
    f"👍 to “{REPORT}”",
    f"\u200a\u200b👍\u200b to “\u200b{REPORT}\u200b”\u200a",
    f"❤️ “{REPORT}”",
    f"Reacted 😂 to “{REPORT}”",
    f"Removed a heart from “{REPORT}”",
    f"Removed 👍 from “{REPORT}”",
    f"Removed an exclamation mark from “{REPORT}”",
    f"赞了“{REPORT}”",
    f"喜爱“{REPORT}”",
    f"对“{REPORT}”表示喜爱",
    f"对“{REPORT}”大笑",
    f"强调了「{REPORT}」",
    f"质疑“{REPORT}”",
    f"取消了对“{REPORT}”的赞",
    f"❤️ 回应“{REPORT}”",
    f"A aimé « {REPORT} »",
    f"Le gustó “{REPORT}”",
    f'Liked "{REPORT}"',
    f"Loved “{REPLY}\n他说“好””",
]
NOTICES = [
    f"【中国移动】您发送的短信“{REPLY}”未送达对方",
    "您发给13800000000的短信未送达",
    "您发给13800000000的短信未送达，原因：对方关机(30005)",
    "转发：您发给13812345678的短信未能送达",
    "尊敬的客户，您发送至13812345678的短信因对方关机未送达。",
    "短信发送失败：13812345678",
    f"【中国电信】您好，您于11月2日10:00发送给138****5678的短信“{REPORT}”未送达",
    "短信未送达",
    "消息未送达",
    f"Message not delivered: {REPORT}",
    "Your message to 13812345678 could not be delivered",
    "Your text message was not sent",
    "您拨打的13812345678已开机",
    "【来电提醒】13812345678于11-02 10:00给您来过1个电话",
]
PERSONS = [
    "报备 “张三 138****5678 李四”",
    f"“{REPORT}”",
    f"Liked “x” {REPORT}",
    f"{REPORT} “翡翠湾”",
    f"您发给13800000000的短信未送达\n{REPORT}",
    "您好，发一下报备短信 张三 138****5678 李四 链家",
    "您好，刚发的短信没发成功再发一次 报备 张三 138****5678 李四 链家",
    "你发我的短信收到了 报备 张三 138****5678 李四",
    "您好，我发个短信报备 张三 138****5678 李四 链家，上次报备未成功",
    "报备 短信未送达的客户张三 138****5678 李四",
]


@pytest.mark.parametrize("text", REACTIONS)
def test_a_word_and_one_quotation_is_a_reaction(text: str) -> None:
    assert parse(text).kind == "courtesy"


@pytest.mark.parametrize("text", NOTICES)
def test_a_carriers_notice_is_automatic(text: str) -> None:
    assert parse(text).kind == "automatic"


@pytest.mark.parametrize("text", PERSONS)
def test_what_a_person_writes_beside_such_words_is_read(text: str) -> None:
    (report,) = parse(text).reports
    assert (report.first3, report.last4) == ("138", "5678")


@pytest.mark.parametrize(
    "text",
    [
        f"> {REPLY}\n跟进 2001 电话沟通",
        f"＞{REPLY}\n跟进 2001 电话沟通",
        "> 报备成功：张三138****5678，李四\n> (链家)，R1…\n\n跟进 2001 电话沟通",
    ],
)
def test_a_quoted_reply_above_a_command_is_passed_over(text: str) -> None:
    assert (parse(text).kind, parse(text).refs) == ("follow_up", ("2001",))
    assert parse(f"> {REPLY}").kind == "echo" or parse(f"> {REPLY}").error == "not_a_report"


@pytest.mark.parametrize(
    ("text", "own", "echo"),
    [
        (f"“{REPLY}”\n跟进 2001 电话沟通", "跟进 2001 电话沟通", False),
        (f"回复“{REPLY}”\n跟进 2001 电话沟通", "跟进 2001 电话沟通", False),
        (f"> {REPLY}\n> 谢谢配合\n跟进 2001 电话沟通", "跟进 2001 电话沟通", False),
        (f"跟进 2001 电话沟通\n> {REPLY}", "跟进 2001 电话沟通\n", False),
        (f"{REPLY}\n跟进 2001 电话沟通", "跟进 2001 电话沟通", False),
        (f"> {REPLY}", f"> {REPLY}", True),
        (f"{REPLY}\n", f"{REPLY}\n", True),
        (f"转给你看：{REPLY}\n撤 R1", f"转给你看：{REPLY}\n撤 R1", True),
        (f"您发送的短信“{REPLY}”未送达", f"您发送的短信“{REPLY}”未送达", True),
        (REPORT, REPORT, False),
    ],
)
def test_our_words_in_lines_of_their_own_are_taken_away(text: str, own: str, echo: bool) -> None:
    said = (f"{REPLY}\n谢谢配合", REPLY) if "谢谢配合" in text else (REPLY,)
    assert own_part(text, said, "CN") == (own, echo)


@pytest.mark.parametrize(
    ("number", "persons"),
    [
        ("+8613900000011", True),
        ("+8619212345678", True),
        ("+85261234567", True),
        ("+14155552671", True),
        ("+447700900123", True),
        ("+8610086", False),
        ("+8695588", False),
        ("+8612306", False),
        ("+8610657512345678", False),
        ("+862188886666", False),
        ("+864001234567", False),
        ("+8618001234", False),
        ("+19005550123", False),
        ("+18005550123", False),
        ("10086", False),
        ("BAOBEI", False),
        ("", False),
    ],
)
def test_machines_numbers_are_told_from_persons(number: str, persons: bool) -> None:
    assert is_persons(number) is persons


class Line:
    """A site's line on a database, whose clock goes on by a minute a text."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime, self.now = runtime, AT
        self.site = staffed_site(runtime, self.clock)

    def clock(self) -> datetime:
        return self.now

    def text(self, sender: str, words: str, **more: object) -> list[str]:
        """Have a text taken in and decided, and return the codes of what is said to its sender."""
        self.now += timedelta(minutes=1)
        inbound = Inbound("sandbox", f"t{self.now.timestamp()}", sender, self.site.number, words, **more)  # type: ignore[arg-type]
        seq = accept(self.runtime.engine, inbound, self.clock).seq
        while decide_site(self.runtime.engine, self.site.id, clock=self.clock).more:
            pass
        said = select(replies.c.code).where(replies.c.cause == f"m:{seq}", replies.c.recipient == sender)
        with self.runtime.engine.connect() as connection:
            return list(connection.execute(said).scalars())

    def last_code(self) -> str:
        with self.runtime.engine.connect() as connection:
            return str(connection.execute(select(decisions.c.code).order_by(decisions.c.seq.desc())).scalars().first())

    def last_words(self) -> str:
        with self.runtime.engine.connect() as connection:
            mine = select(replies.c.words).where(replies.c.recipient == LI).order_by(replies.c.id.desc())
            return str(connection.execute(mine).scalars().first())


@pytest.fixture
def line(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Line]:
    runtime = runtime_of(tmp_path, database_url, redis_url)
    yield Line(runtime)
    runtime.close()


def test_a_command_below_our_quoted_reply_is_obeyed_and_the_whole_body_kept(line: Line) -> None:
    assert line.text(LI, REPORT) == ["accepted"]
    quoted = line.last_words()
    assert line.text(LI, f"> {quoted}\n跟进 R1 电话沟通") == ["followed_up"]
    with line.runtime.engine.connect() as connection:
        kept = connection.execute(select(inbox.c.text, inbox.c.body).order_by(inbox.c.seq.desc())).first()
    assert kept is not None
    assert (kept.text, quoted in kept.body.decode()) == ("跟进 R1 电话沟通", True)
    assert line.text(LI, quoted) == []
    assert line.last_code() == "echo"


def test_what_the_gateway_says_of_consent_goes_before_the_words(line: Line) -> None:
    # The gateway has told him already, and lets nothing of ours through.
    assert line.text(LI, "别发了", opt_out="stop") == []
    assert line.last_code() == "opted_out"
    assert line.text(LI, REPORT, opt_out="start") == []
    assert line.last_code() == "opted_in"
    assert line.text(LI, REPORT) == ["accepted"]


@pytest.mark.parametrize(("words", "opt_out"), [("START", None), ("好的", "start")])
def test_start_ends_an_opt_out_that_a_refusal_told_of(line: Line, words: str, opt_out: str | None) -> None:
    with line.runtime.engine.begin() as connection:
        for phone in (LI, MANAGER):
            row = {"site_id": line.site.id, "phone": phone, "since": AT, "code": "21610"}
            connection.execute(insert(opt_outs).values(row))
    line.text(LI, "谢谢")
    line.text(LI, words, opt_out=opt_out)
    with line.runtime.engine.connect() as connection:
        assert connection.execute(select(opt_outs.c.phone)).scalars().all() == [MANAGER]


def test_the_spool_keeps_what_the_gateway_says_of_consent(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    inbound = Inbound("twilio", "SM1", LI, "+8613800000000", "别发了", opt_out="stop")
    assert spool.read(spool.keep(inbound)).inbound == inbound


def test_whom_the_site_names_is_a_person_whatever_his_number(line: Line) -> None:
    landline = "+862188886666"
    assert line.text(landline, REPORT) == []
    assert line.last_code() == "ignored"
    person = {"name": "周涛", "phone": landline, "unit": "链家", "kind": "distributor"}
    put(line.runtime.engine, line.site, "roster", {"people": [person]}, line.clock)
    assert line.text(landline, REPORT) == ["accepted"]
