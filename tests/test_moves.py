"""Games: what a rival, a stranger, a forger, a loser, a clerk, one who has left and a consultant can gain by texts.

Each game is a sequence of moves through the line's door (`games.py`), with what its player gained. Whoever forges a
number can send whatever its owner can, and reads nothing.
"""

import re
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.games import (
    CONSULTANT,
    LI,
    MANAGER,
    SERVICE,
    START,
    STRANGER,
    SUN,
    WANG,
    ZHOU,
    Game,
    told,
)
from worker.rules.model import Claim
from worker.rules.readings import is_agreed
from worker.scenarios.stage import SentText

QIN = "秦朗 151****2222"
SURNAMES = "赵丁孙李周吴郑王冯陈褚卫蒋沈韩杨朱尤许何"
OF_THE_HOLDER = ("链家", "钱进", "周涛", LI, ZHOU, "R1", "11-9", "2026-11-09")


@pytest.fixture
def game() -> Game:
    """钱进 of 链家 has reported 秦朗 until the ninth at ten."""
    game = Game()
    assert game.said(LI, f"报备 {QIN}") == "accepted"
    return game


def learned(sent: list[SentText], *written: str) -> list[str]:
    """Return what these messages tell of the holder that their reader did not write himself."""
    said = " ".join(f"{each.words} {each.ref} {each.params}" for each in sent)
    return [word for word in OF_THE_HOLDER if word in said and not any(word in text for text in written)]


# ---- Learning whose client it is, and until when (L1, L2) ------------------------------------------------------------

ASKING = (
    *(f"报备 {QIN}", "报备 秦先生 151****2222", "报备 小秦 151****2222", "报备 秦朗夫妇 151****2222"),
    *("另报 秦朗 151****2222", "报备 秦郎 151****2222", "报备 秦朗 151****2223", "报备 李朗 151****2222"),
    *("报备 秦朗 15100002222", "团报\n秦朗 151****2222\n赵云 139****1111", f"{QIN} 有人报吗", f"查 {QIN}"),
    *("查 R1", "查 V1", "查 D1", "2222", "151****2222", "跟进 R1", "撤 R1", "到访 R1", "签 V1", "撤 V1", "签", "我的"),
    *("帮助", "是", "转 R1 王五", "异议 R1 我的", "材料 D1 短信", f"到访 {QIN}", f"带看 {QIN}", f"跟进 {QIN}"),
    *(
        f"取消 {QIN}",
        f"异议 {QIN} 我的",
        "更正 R1 151****2223 证明",
        "下",
        "统计",
        "统计 链家",
        "延 R1 7 客户出差",
        f"转 {QIN} 王五",
    ),
)


@pytest.mark.parametrize("rival", [WANG, STRANGER])
def test_nobody_but_the_holders_unit_learns_whose_he_is_or_until_when(game: Game, rival: str) -> None:
    game.pass_by(days=1)
    for text in ASKING:
        for words in (text, f"{text} 小马 贝壳"):
            game.text(rival, words)
            game.pass_by(minutes=11)
    assert len(game.heard(rival)) > 3
    assert learned(game.heard(rival), "R1") == []


@pytest.mark.parametrize("named", ["链家", "钱进 链家", "周涛 链家", "小马 链家"])
def test_who_names_the_unit_or_its_agent_is_told_no_more(game: Game, named: str) -> None:
    assert game.said(STRANGER, f"报备 {QIN} {named}") == "duplicate_other"
    assert learned(game.heard(STRANGER), named) == []


def test_a_rival_does_not_find_the_name_by_trying_surnames(game: Game) -> None:
    everyone = "\n".join(f"{surname}先生 151****2222" for surname in SURNAMES + "秦")
    (reply,) = [sent for sent in game.text(WANG, f"报备\n{everyone}") if sent.phone == WANG]
    assert [part["code"] for part in reply.params["parts"]] == ["suspected"] * 5 + ["refused_invalid"] * 16
    for word in ("报备", "另报"):
        for name in ("秦先生", "秦朗", "魏先生"):
            assert game.said(WANG, f"{word} {name} 151****2222") in ("refused_invalid", "")
    assert game.owner(QIN) == "链家"


def test_a_rival_finds_no_list_of_clients_by_objecting_to_numbers(game: Game) -> None:
    for i in range(60):
        game.said(LI, f"报备 {SURNAMES[i % 20]}先生 139****{i:04}")
    for i in range(40):
        game.text(WANG, f"异议 R{i + 1} 我的")
    heard = game.heard(WANG)
    assert told(WANG, heard).count("dispute_opened") == 30
    assert not [sent for sent in heard if "先生" in sent.words or "秦朗" in sent.words or "****" in sent.words]


def test_asking_is_limited_however_it_is_asked(game: Game) -> None:
    for i in range(40):
        game.text(WANG, ("查 {}", "{} 有人报吗")[i % 2].format(f"{SURNAMES[i % 20]}先生 151****2222"))
        game.pass_by(minutes=15)
        if game.now.day != START.day:
            break
    answers = [sent for sent in game.heard(WANG) if sent.code == "status"]
    assert len(answers) == 30


# ---- Moving a claim, or losing it (L4–L7, L17, L22) ------------------------------------------------------------------

FORGED = (
    *("撤 R1", "取消 R1", "不报了", "R1 作废", f"取消报备 {QIN}", "撤 151****2222", "撤 2222"),
    *("更正 R1 151****9999 证明", "TD", "退订", "别名 秦朗 钱进"),
)
BY_STAFF = (
    *("撤 R1 弄错", "判 R1 重复", "定金 R1 贝壳", "首付 R1 2026-11-01 贝壳", "更正 R1 151****9999 证明"),
    *("裁定 D1 贝壳", "退定 R1", "亲属 R1 赵云 139****1111 夫妻 结婚证", "撤亲属 R1"),
    *(
        "自访 秦朗 151****2222 王五",
        "核实 V1 否",
        f"报备 {QIN} 王五",
        "否",
        "START",
    ),
    "团报\n秦朗 151****2222\n赵云 139****1111 王五",
)


@pytest.mark.parametrize(
    ("owner_of_the_number", "texts"),
    [(LI, FORGED), (ZHOU, FORGED), (WANG, FORGED), *((who, BY_STAFF) for who in (MANAGER, CONSULTANT, SERVICE))],
)
def test_one_forged_text_takes_no_client(owner_of_the_number: str, texts: tuple[str, ...]) -> None:
    for text in texts:
        game = Game()
        game.said(LI, f"报备 {QIN}")
        ends = game.heard(LI)[0].params["until"]
        game.text(owner_of_the_number, text)
        assert game.owner(QIN) == "链家", text
        assert game.text(LI, "查 R1")[0].params["until"] == ends, text


def test_the_code_of_ones_own_act_serves_no_forger(game: Game) -> None:
    game.said(LI, "报备 李梅 139****2233")
    (asked,) = game.text(LI, "撤 R2")
    game.text(LI, "撤 R1")
    game.text(LI, "取消 R1")
    game.text(LI, str(asked.params["code"]))
    assert game.owner(QIN) == "链家"
    assert game.owner("李梅 139****2233") == "nobody"
    # Nor does it serve twice.
    game.text(LI, "撤 R1")
    game.text(LI, str(asked.params["code"]))
    assert game.owner(QIN) == "链家"


def test_codes_are_not_guessed(game: Game) -> None:
    (asked,) = game.text(LI, "撤 R1")
    wrong = [f"{n:06}" for n in range(1_000) if f"{n:06}" != asked.params["code"]]
    for code in wrong:
        game.text(LI, code)
    assert game.owner(QIN) == "链家"
    assert told(MANAGER, game.heard(MANAGER)) == ["acts_closed"]
    # A new act on the same day asks for no code at all.
    game.pass_by(hours=23)
    assert game.said(LI, "撤 R1") == "refused_invalid"


def test_signatures_of_all_three_are_seen_and_taken_back(game: Game) -> None:
    game.pass_by(minutes=40)
    for number, text in ((LI, "到访 R1"), (CONSULTANT, "签 V1"), (MANAGER, "签 V1")):
        game.text(number, text)
    assert all("V1" in " ".join(sent.words for sent in game.heard(who)) for who in (LI, CONSULTANT, MANAGER))
    assert "12-2" in game.heard(LI)[-1].words, "thirty days for a client who never came"
    game.sure(CONSULTANT, "撤 V1")
    game.until(START + timedelta(days=7, seconds=1))
    assert game.owner(QIN) == "nobody"


def test_an_arrival_before_the_report_is_taken_at_its_word_and_taken_back_whole(game: Game) -> None:
    game.text(CONSULTANT, "自访 秦朗 151****2222 09:00")
    assert game.owner(QIN) == "walkin", "R1: no act that L4 names"
    game.form(MANAGER, "撤 V1 弄错")
    game.pass_by(minutes=1)
    assert game.said(LI, f"报备 {QIN}") in ("accepted", "duplicate_own", "renewed")


FOR_A_RIVAL = (f"到访 {QIN} 王五", f"自访 {QIN} 王五", "到访 秦郎 151****2222 王五", "到访 秦朗 151****2223 王五")


@pytest.mark.parametrize("text", FOR_A_RIVAL)
def test_a_clerk_who_works_for_a_rival_gets_him_no_client(game: Game, text: str) -> None:
    game.pass_by(minutes=50)
    game.text(CONSULTANT, text)
    game.text(CONSULTANT, "签 V1")
    game.text(WANG, "签 V1")
    assert game.owner(QIN) == "链家"
    game.said(WANG, f"报备 {QIN}")
    assert game.owner(QIN) == "链家"


LEFT = (
    *("撤 R1", "不报了", "跟进 R1 电话", f"报备 {QIN}", f"报备 {QIN} 链家", "到访 R1", "签"),
    *("报备 秦明 151****2222", "是", "我的", "下", "转 R1 周涛", "移交 R1 给钱进"),
)


@pytest.mark.parametrize("goes", ["unlist {}", "agent 钱进 {} 贝壳"])
def test_whoever_leaves_takes_no_client_along_and_keeps_none(goes: str) -> None:
    game = Game("policy renewal=free\n")
    game.said(LI, f"报备 {QIN}")
    asked = game.text(LI, "撤 R1")[0].params["code"]
    game.set_up(goes.format(LI))
    game.text(LI, str(asked))
    for text in LEFT:
        game.text(LI, text)
        assert game.owner(QIN) == "链家", text
    assert game.said(ZHOU, "跟进 R1 电话") == "followed_up"
    game.until(START + timedelta(days=7, seconds=1))
    assert game.owner(QIN) == "nobody", "nor does he prolong one"


def test_who_gave_a_client_away_has_no_say_in_him(game: Game) -> None:
    game.sure(LI, "转 R1 周涛")
    for text in (*LEFT, "转 R1 钱进", f"更正 秦明 151****2222 {LI}", "取消"):
        game.text(LI, text)
        game.text(LI, "000000")
    assert game.owner(QIN) == "链家"
    (claim, *_) = game.claims()
    assert (claim.agent, claim.client, claim.ended_at) == ("周涛", "秦朗", None)
    assert game.said(LI, "撤 R1") == "refused_role"


# ---- Holding on to a client, and taking him at the last moment (R7–R9) -----------------------------------------------


def held_until(game: Game) -> str:
    """Return when 链家's client falls to whoever reports him next."""
    moment = game.now
    while game.owner(QIN, moment) == "链家":
        moment += timedelta(hours=1)
    return f"{moment:%m-%d %H}"


LAST_MINUTE = (
    *((LI, f"报备 {QIN}"), (LI, f"另报 {QIN}"), (LI, "另报 秦先生 151****2222"), (ZHOU, f"报备 {QIN}")),
    *((ZHOU, "报备 秦朗夫妇 151****2222"), (STRANGER, f"报备 {QIN} 链家"), (STRANGER, f"报备 {QIN} 钱进 链家")),
    *((MANAGER, f"报备 {QIN} 周涛"), (LI, "跟进 R1 电话"), (LI, "更正 秦朗 151****2222"), (LI, "秦朗 15100002222")),
    *(
        (LI, "到访 R1"),
        (LI, "转 R1 周涛"),
        (ZHOU, "转 R1 周涛"),
        (LI, "延 R1 7 客户出差"),
        (MANAGER, "延 R1 7 客户出差"),
    ),
)


@pytest.mark.parametrize("before", [[], *([move] for move in LAST_MINUTE), list(LAST_MINUTE)])
def test_no_move_of_the_last_minutes_keeps_him_longer(game: Game, before: list[tuple[str, str]]) -> None:
    game.until(START + timedelta(days=7, minutes=-5))
    for sender, text in before:
        game.text(sender, text)
    game.until(START + timedelta(days=7, seconds=1))
    assert game.said(WANG, f"报备 {QIN}") == "accepted"
    assert game.owner(QIN) == "贝壳"


HOPS = (
    [(LI, "撤 R1"), (LI, f"报备 {QIN}")],
    [(LI, "撤 R1"), (ZHOU, f"报备 {QIN}")],
    [(LI, "撤 R1"), (STRANGER, f"报备 {QIN} 链家")],
    [(LI, "撤 R1"), (MANAGER, f"报备 {QIN} 周涛")],
    [(LI, "撤 R1"), (LI, "报备 秦先生 151****2222")],
    [(LI, "撤 R1"), (STRANGER, f"报备 {QIN} 贝壳"), (STRANGER, "撤 R2"), (LI, f"报备 {QIN}")],
    [(LI, "转 R1 周涛"), (ZHOU, f"报备 {QIN}"), (ZHOU, "撤 R1"), (LI, f"报备 {QIN}"), (LI, "转 R2 周涛")],
    [(LI, "撤 R1"), (ZHOU, f"报备 {QIN}"), (ZHOU, "撤 R2"), (LI, f"报备 {QIN}"), (LI, "撤 R3"), (ZHOU, f"报备 {QIN}")],
)


@pytest.mark.parametrize("moves", HOPS)
def test_hopping_within_the_unit_brings_no_fresh_days(game: Game, moves: list[tuple[str, str]]) -> None:
    game.until(START + timedelta(days=6))
    for sender, text in moves:
        (game.sure if text.startswith(("撤", "转")) else game.text)(sender, text)
    assert held_until(game) <= "11-09 11"


@pytest.mark.parametrize("late", [timedelta(seconds=-1), timedelta()])
def test_at_the_end_it_is_who_comes_first(game: Game, late: timedelta) -> None:
    game.until(START + timedelta(days=7, seconds=1) + late - timedelta(seconds=1))
    first = game.said(WANG, f"报备 {QIN}")
    assert first == ("duplicate_other" if late else "accepted")
    game.said(LI, f"报备 {QIN}")
    assert game.owner(QIN) == ("链家" if late else "贝壳")


# ---- Coming before who came first (R11, R2b, L23, L25) ---------------------------------------------------------------

PLACES_KEPT = (
    *("报备 李明 151****2222", "报备 秦明 151****2222", "报备 王先生 151****2222", "报备 王先生 151****2222 备注秦朗"),
    *("李明秦朗 151****2222", "报备 李明 151****2222 秦先生也可能来", "报备 李明/秦朗 151****2222 李明"),
    "报备 客户李明 151****2222 推荐人秦朗",
)


@pytest.mark.parametrize("kept", PLACES_KEPT)
def test_a_place_that_is_kept_under_another_name_takes_nobody_silently(kept: str) -> None:
    game = Game()
    game.text(WANG, kept)
    knew = game.owner(QIN) == "贝壳"
    game.text(LI, f"报备 {QIN}")
    first = game.owner(QIN)
    for text in (f"报备 {QIN}", f"更正 {QIN}", f"报备 {QIN} 王五"):
        game.text(WANG, text)
    if not knew:
        assert (first, game.owner(QIN)) == ("链家", "链家")
        assert {"suspected", "contested"} & set(told(MANAGER, game.heard(MANAGER))), "a person is asked"


def test_an_earlier_sending_time_is_for_the_manager_to_weigh(game: Game) -> None:
    for ago in (timedelta(minutes=5), timedelta(hours=2), timedelta(days=6, hours=23)):
        game.text(WANG, f"报备 {QIN}", sent_ago=ago)
    assert game.owner(QIN) == "链家"
    assert "contested" in told(MANAGER, game.heard(MANAGER))
    game.text(WANG, "跟进 R2 电话")
    game.text(WANG, "到访 R2")
    assert game.owner(QIN) == "链家"


def test_a_report_by_way_of_another_site_is_no_earlier_and_comes_once() -> None:
    roster = f"agent 王五 {WANG} 贝壳\nagent 钱进 {LI} 链家\n"
    game = Game(f"site 云栖府 number=+8613800000100 manager=+8613800000101\n{roster}")
    assert told(WANG, game.text(WANG, f"报备 云栖府 {QIN}")) == ["forwarded", "accepted"]
    assert told(LI, game.text(LI, f"报备 {QIN}", site="云栖府")) == ["duplicate_other"]
    # To a site that it came from nothing goes back, and a second time it is his own.
    game.text(WANG, f"报备 湾 云栖府 {QIN}", site="云栖府")
    game.text(WANG, f"报备 云栖府 {QIN}")
    game.site = "云栖府"
    assert game.owner(QIN) == "贝壳", "in the order of receipt, wherever it came in"
    assert len(game.heard(WANG)) <= 6


# ---- Names that are not one's own (L21, R2a) -------------------------------------------------------------------------


@pytest.mark.parametrize("named", ["钱进", "周涛", "钱进 链家", "链家"])
def test_a_rival_reports_for_nobody_of_another_unit(game: Game, named: str) -> None:
    assert game.said(WANG, f"报备 赵云 139****1111 {named}") == "refused_other_unit"
    game.text(WANG, "是")
    assert game.owner("赵云 139****1111") == "nobody"


@pytest.mark.parametrize("alias", ["孙权", "小孙", "孙经理", "陈先生", "权哥"])
def test_no_name_of_a_colleague_becomes_ones_own(game: Game, alias: str) -> None:
    game.text(WANG, f"报备 赵云 139****1111 {alias}")
    game.text(WANG, "是")
    game.said(SUN, "报备 赵敏 139****3333 孙权")
    assert game.heard(SUN)[-1].code == "accepted"
    assert "alias_set" not in told(WANG, game.heard(WANG)) or alias == "权哥"


# ---- Silencing, muting, and having others pay (L8, L10–L13) ----------------------------------------------------------


@pytest.mark.parametrize("who", [MANAGER, CONSULTANT, SERVICE])
@pytest.mark.parametrize("word", ["TD", "退订", "STOP", "Unsubscribe", "T"])
def test_no_text_silences_who_has_to_be_told(game: Game, who: str, word: str) -> None:
    game.text(who, word)
    game.text(CONSULTANT, f"到访 {QIN} 王五")
    game.text(STRANGER, "报备 赵云 139****1111 链家")
    assert {"mismatch", "unlisted"} <= set(told(MANAGER, game.heard(MANAGER)))


def test_taking_back_an_opt_out_again_and_again_is_told_once(game: Game) -> None:
    for _ in range(50):
        game.text(LI, "TD")
        game.text(LI, "START")
    assert told(LI, game.heard(LI)) == ["accepted", "opted_out", "opted_in"]
    assert told(MANAGER, game.heard(MANAGER)) == ["opted_out"]


def test_refusals_that_are_forged_silence_nobodys_right_texts(game: Game) -> None:
    for _ in range(20):
        game.text(LI, "报备 张")
    assert game.said(LI, "报备 赵云 139****1111") == "accepted"
    assert game.said(LI, "报备 张") == "refused_not_a_report", "and the muting is over"


@pytest.mark.parametrize("number", ["+5355550001", "+12025550147", "+447700900123", "+8613900000099"])
def test_sixty_texts_of_a_stranger_are_answered_a_few_times(game: Game, number: str) -> None:
    for i in range(60):
        game.text(number, f"报备 {SURNAMES[i % 20]}先生 139****{i:04} 链家")
        game.text(number, ("查 R1", "帮助", "签", "撤 R1", "111111", "TD", "取消")[i % 7])
    # Half an hour's messages, and five refusals in ten minutes.
    assert len(game.heard(number)) <= (30 + 5 if number.startswith("+86") else 0)
    assert sorted(set(told(MANAGER, game.heard(MANAGER)))) == sorted(told(MANAGER, game.heard(MANAGER))), "each once"


def test_a_stranger_has_nobody_told_more_codes_than_ten_a_day(game: Game) -> None:
    game.text(STRANGER, "报备 赵云 139****1111 链家")
    for _ in range(60):
        game.text(STRANGER, "撤 R2")
        game.text(STRANGER, "否")
        game.pass_by(minutes=5)
    assert told(STRANGER, game.heard(STRANGER)).count("confirm_code") == 10


def test_what_needs_nobody_is_bounded_for_each_phone_and_hour(game: Game) -> None:
    before = len(game.stage.outbox)
    for i in range(300):
        game.text(LI, ("查 R1", "帮助", f"报备 {QIN}", "跟进 R1 电话")[i % 4])
    assert len(game.stage.outbox) - before <= 30


@pytest.mark.parametrize("word", ["查", "跟进"])
def test_no_short_text_has_a_long_answer(game: Game, word: str) -> None:
    for i in range(30):
        game.text(LI, f"报备 {SURNAMES[i % 20]}先生 139****{i:04}")
    text = f"{word} " + " ".join(f"R{n}" for n in range(1, 200))
    answers = [sent.words for sent in game.text(LI, text)]
    assert len(answers) == 1
    assert len(answers[0]) <= 3 * 67


def test_a_forged_change_of_the_name_is_put_back_whoever_came_meanwhile(game: Game) -> None:
    for name in ("赵云", "马超", "黄忠"):
        game.text(LI, f"报备 {name} 151****2222")
    game.text(WANG, f"报备 {QIN}")
    game.pass_by(minutes=9)
    assert game.said(LI, f"报备 {QIN}") == "amended"
    assert game.owner(QIN) == "链家"


# ---- Whatever two rivals, a stranger and a forger of anybody's number send -------------------------------------------

CLIENTS = (QIN, "秦先生 151****2222", "秦郎 151****2222", "赵云 139****1111", "赵云 139****1112")
REFERENCES = (QIN, QIN, *CLIENTS, "R1", "R2", "R3", "V1", "2222")
WORDS = (
    *("报备 {}", "报备 {}", "另报 {}", "查 {}", "跟进 {} 电话", "撤 {}", "取消 {}", "到访 {}"),
    *(
        "自访 {} 王五",
        "异议 {} 我的",
        "签 {}",
        "更正 {} 151****9999 证明",
        "判 {} 重复",
        "定金 {} 贝壳",
        "裁定 D1 贝壳",
    ),
    *(
        "材料 D1 短信",
        "报备 {} 链家",
        "报备 {} 小马 链家",
        "亲属 {} R2 夫妻 结婚证",
        "核实 V1 否",
        "是",
        "否",
        "签",
        "TD",
        "START",
        "帮助",
    ),
    *("000000", "2222", "别名 秦朗 钱进", "转 {} 周涛", "转 {} 孙权", "延 {} 7 客户出差", "我的", "下", "统计"),
)
PLAYERS = {LI: "链家", ZHOU: "链家", WANG: "贝壳", SUN: "贝壳", STRANGER: ""}
NAMES = {"链家": ("链家", "钱进", "周涛"), "贝壳": ("贝壳", "王五", "孙权")}
MOVES = st.lists(
    st.tuples(
        st.sampled_from((*PLAYERS, WANG, STRANGER, LI, MANAGER, CONSULTANT, SERVICE)),
        st.sampled_from(WORDS),
        st.sampled_from(REFERENCES),
        st.sampled_from((1, 1, 1, 60, 700, 90_000)),
    ),
    min_size=5,
    max_size=25,
)


def beyond_his_view(reader: str, sent: SentText, written: str, claims: list[Claim]) -> list[str]:
    """Return what a message tells of claims that are not its reader's, nor his unit's, beyond what he has written."""
    unit = PLAYERS[reader]
    foreign = [c for c in claims if c.unit != unit and reader not in (c.sender, c.agent_phone)]
    own = {value for c in claims if c not in foreign for value in (c.ends_at, *c.names)}
    told_of = f"{sent.words} {sent.ref} {sent.params}"
    hidden = [name for its, names in NAMES.items() if its != unit for name in names]
    hidden += [word for c in foreign for word in (c.sender, c.agent_phone) if word not in ("", reader)]
    hidden += [c.ends_at.isoformat() for c in foreign if c.ends_at not in own]
    hidden += [name for c in foreign for name in c.names if name not in own]
    refs = [c.ref for c in foreign if re.search(rf"{c.ref}(?!\d)", told_of)]
    return [word for word in (*hidden, *refs) if word in told_of and word not in written]


@settings(max_examples=100, deadline=None)
@given(MOVES)
def test_no_moves_tell_a_rival_or_end_a_claim_without_its_code(moves: list[tuple[str, str, str, int]]) -> None:
    game = Game()
    game.said(LI, f"报备 {QIN}")
    written = dict.fromkeys(PLAYERS, "")
    for sender, words, reference, seconds in moves:
        text, before = words.format(reference), game.claims()
        written[sender] = written.get(sender, "") + text
        notices, answers = game.pass_by(seconds=seconds), game.text(sender, text)
        assert len(told(sender, answers)) <= 1
        for each in [*notices, *answers]:
            if each.phone in PLAYERS:
                assert beyond_his_view(each.phone, each, written[each.phone], game.claims()) == [], (text, each)
        after = {claim.number: claim for claim in game.claims()}
        for claim in before:
            now = after[claim.number]
            assert now.ended_at == claim.ended_at, (sender, text)
            assert now.ends_at >= claim.ends_at or now.state == "contested", (sender, text)
            assert not is_agreed(now), (sender, text)
