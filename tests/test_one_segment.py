"""Every reply on one client is one segment, whoever he is, in both languages (texts.md, section 3)."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from parsers.parse import parse
from worker.rules.own_clients import AT_ONCE
from worker.words.render import Setting, catalogue, render, written_time
from worker.words.segments import segments

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 12, 31, 15, 59, tzinfo=UTC)
PARAMS: dict[str, Any] = {
    "client": "阿卜杜热合曼·吐尔逊阿吉", "mask": "155****0073", "agent": "古丽娜尔·买买提艾力江", "unit": "钉房网络科技(上海)有限公司",
    "colleague": "阿卜杜热合曼·吐尔逊", "ref": "R100024", "at": NOW.isoformat(), "until": NOW.isoformat(), "sent": NOW.isoformat(),
    "other": "R100023,R100022", "other_at": NOW.isoformat(), "days": 7, "code": "0042", "minutes": 10, "kind": "withdraw",
    "fitting": ["R100021", "R100022", "R100023"], "hour": "10", "count": 1234, "head": "0123abcd", "texts": 12345, "accepted": 1234,
    "day": "12-31", "holder": "钉房网络科技(上海)有限公司", "paper": "客户签字书面证明", "text": "支持先带看的一方，有两次看房记录和签字",
    "objection_until": NOW.isoformat(), "evidence_until": NOW.isoformat(), "opinion_until": NOW.isoformat(),
    "contact_until": NOW.isoformat(), "fields": ["number", "unit"], "missing": ["agent", "consultant"], "least": 12,
    "signers": ["古丽娜尔·买买提艾力江", "consultant", "manager"], "items": ["V100021 张三138****5678", "V100022 李四139****2233"],
    "was": "阿卜杜热合曼·吐尔逊/古丽娜尔·买买提艾力江", "alias": "古丽娜尔·买买提", "meant": "阿卜杜热合曼·吐尔逊阿吉",
    "to": "翡翠湾江畔云…、绿城云栖玫瑰……", "other_client": "阿卜杜热合曼·吐尔逊阿吉", "other_mask": "138****5678", "old": "138****5678", "relation": "夫妻",
    "limit": 5,
}  # fmt: skip
CASES: dict[str, dict[str, Any]] = {
    "contested.notice": {"other": "R100023"},
    "accepted.full": {"full": True},
    "amended.unsure": {"unsure": True},
    "new_report.unsure": {"unsure": True},
    "unlisted.asks": {"asks": True},
    "unlisted.unsure": {"unsure": True},
    "expired.sent": {"ending": "sent"},
    "digest.day": {"span": "day"},
    "digest.unlisted": {"unlisted": 1234},
    "digest.folded": {"span": "folded", "fitting": [f"R{n}" for n in range(100021, 100033)]},
    "digest.missed": {"span": "day", "missed": 1234, "names": ["阿卜杜热合曼·吐尔逊阿吉"] * 20},
    "duplicate_other.shown": {},
    "expired.form": {"ending": "form"},
    "signed.asked": {"state": "asked"},
    "signed.unproved": {"state": "unproved"},
    "walkin.early": {"state": "early"},
    "settled.cured": {"state": "cured"},
    "settled.uncured": {"state": "uncured"},
    "refused_invalid.group": {"reason": "group"},
    "refused_invalid.own_unit": {"reason": "own_unit"},
    "refused_invalid.strangers": {"reason": "strangers"},
}
KEYS = [(language, key) for language in ("zh", "en") for key in catalogue(language)["say"]]


def said(language: str, key: str, **more: Any) -> str:
    code, _, case = key.partition(".")
    named = "reason" if code.startswith("refused_") else "state"
    stated = case and case != "notice" and key not in CASES
    params = PARAMS | CASES.get(key, {}) | ({named: case} if stated else {}) | more
    if code == "duplicate_other" and not case:
        params.pop("until")
    return render(Setting(language, ZONE, NOW), code, "notice" if case == "notice" else "reply", params)


@pytest.mark.parametrize(("language", "key"), KEYS)
def test_one_segment_with_the_longest_real_names(language: str, key: str) -> None:
    words = said(language, key)
    assert segments(words) == 1, (len(words), words)
    assert "{" not in words


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_fifth_refusal_with_its_telephone_is_one_segment_too(language: str) -> None:
    for key in catalogue(language)["say"]:
        if key.startswith("refused_") and not key.endswith(".notice"):
            words = said(language, key, telephone="+8613800000000")
            assert "+8613800000000" in words
            assert segments(words) == 1, words
            assert segments(said(language, key, muted=True)) == 1


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    "code", ["accepted", "check_reading", "suspected", "unlisted", "unlisted.asks", "unlisted.unsure", "accepted.full"]
)
def test_a_correction_says_within_one_segment_that_the_first_report_stands(language: str, code: str) -> None:
    words = said(language, code, still="R100023")
    assert "R100023" in words
    assert segments(words) == 1, words


LISTED = [
    {
        "client": "阿卜杜热合曼·吐尔逊阿吉",
        "mask": "155****0073",
        "ref": f"R10{n:04}",
        "until": "2027-12-31T15:59:00+00:00",
    }
    for n in range(12)
]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_page_of_one_s_own_clients_leaves_none_of_them_out(language: str) -> None:
    for shown in range(1, AT_ONCE + 1):
        for state in ("all", "more", "last"):
            told = {"state": state, "from": 1021, "to": 1020 + shown, "count": 1234, "clients": LISTED[:shown]}
            words = render(Setting(language, ZONE, NOW), "mine", "reply", told)
            assert segments(words) == 1, words
            assert all(client["ref"] in words for client in LISTED[:shown]), words
            assert ("下" in words) is (state == "more")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_leaver_s_clients_are_told_as_far_as_a_segment_has_room(language: str) -> None:
    for named in (1, 2, 12):
        told = PARAMS | {"state": "left", "count": 1234, "clients": LISTED[:named]}
        words = render(Setting(language, ZONE, NOW), "digest", "notice", told)
        assert segments(words) == 1, words
        assert "1234" in words
        assert LISTED[0]["ref"] in words


BESIDE_A_REPORT = (
    *("accepted", "accepted.full", "renewed", "duplicate_own", "duplicate_unit", "duplicate_other", "unlisted"),
    *("suspected", "contested", "expired", "check_reading"),
)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("key", BESIDE_A_REPORT)
def test_where_else_a_report_goes_or_what_this_number_is_for_fits_beside_it(language: str, key: str) -> None:
    for beside in ({"only": "翡翠湾江畔云…"}, {"also": "翡翠湾江畔云…、绿城云栖玫瑰…"}):
        words = said(language, key, **beside)
        assert next(iter(beside.values())) in words
        assert segments(words) == 1, (len(words), words)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_forms_of_several_clients_say_how_many_in_one_segment(language: str) -> None:
    for key in ("visit_opened", "visit_opened.notice", "signed", "visit_confirmed", "visit_void"):
        words = said(language, key, persons=12)
        assert "12" in words
        assert segments(words) == 1, words


@pytest.mark.parametrize(
    ("language", "missed", "words"),
    [
        ("zh", 2, "日报：来信42条，新报备17组，约到未到2组：赵一、赵二。链头0123abcd"),
        (
            "zh",
            30,
            "日报：来信42条，新报备17组，约到未到30组：赵一、赵二、赵三、赵四、赵五、赵六、赵七、赵八、赵九、赵十、赵甲…。链头0123abcd",
        ),
        ("en", 2, "Day: 42 texts, 17 new; expected, not come: 2 (赵一、赵二); chain 0123abcd"),
        ("en", 30, "Day: 42 texts, 17 new; expected, not come: 30 (赵一、赵二…); chain 0123abcd"),
    ],
)
def test_a_digest_names_the_first_who_have_not_come_as_far_as_its_segment_goes(
    language: str, missed: int, words: str
) -> None:
    names = [f"赵{number}" for number in "一二三四五六七八九十甲乙丙丁戊己庚辛壬癸"][:missed]
    counted = {"texts": 42, "accepted": 17, "missed": missed, "names": names}
    assert said(language, "digest.missed", **counted) == words
    assert segments(words) == 1


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_digest_lists_what_is_left_to_check_or_counts_it(language: str) -> None:
    few, many = (said(language, "digest.day", unsure=[f"R{n}" for n in range(101, last)]) for last in (103, 400))
    beside = said(language, "digest.missed", unsure=["R101"] * 299)
    assert segments(few) == segments(many) == segments(beside) == 1, (few, many, beside)
    assert "R102" in few
    assert "299" in many
    assert "299" in beside


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_long_list_of_forms_to_sign_is_counted(language: str) -> None:
    numbers = [f"V{n}" for n in range(100001, 100031)]
    words = said(language, "sign_list", fitting=numbers, items=numbers, count=30)
    assert "30" in words
    assert segments(words) == 1, words


ON_VISITS = (
    *("visit_opened", "signed", "visit_confirmed", "visit_void", "mismatch", "walkin_asked", "own_arrival", "walkin"),
    *("group_reported", "sign_reminder", "sign_list", "expired.form", "settled.cured", "settled.uncured"),
)


@pytest.mark.parametrize(("language", "key"), [(language, key) for language, key in KEYS if key.startswith(ON_VISITS)])
def test_our_words_on_visits_are_no_commands_when_somebody_sends_them_back(language: str, key: str) -> None:
    assert parse(said(language, key, client="张三", agent="李四", unit="链家", ref="V1")).kind == "echo"


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("count", [2, 5, 48, 300])
def test_a_list_is_three_segments_whatever_became_of_how_many(language: str, count: int) -> None:
    keys = [key for key in catalogue(language)["part"] if "." not in key]
    for first in range(0, len(keys), 3):
        codes = [keys[(first + i // 2) % len(keys)] for i in range(count)]
        parts = [PARAMS | {"code": code, "ref": f"R{100 + 2 * i}"} for i, code in enumerate(codes)]
        words = render(Setting(language, ZONE, NOW), codes[0], "reply", {"parts": parts, "only": "翡翠湾江畔云…"})
        assert segments(words) <= 3, words
        assert "{" not in words
        assert str(count) in words.partition("\n")[0]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_of_a_long_list_what_stands_for_itself_is_shown_and_the_alike_is_folded(language: str) -> None:
    parts = [
        {"client": f"赵{n}", "mask": "139****0001", "until": NOW.isoformat(), "code": "accepted"} for n in range(48)
    ]
    parts = [part | {"ref": f"R{n}"} for n, part in enumerate(parts, 1)]
    taken = {"client": "钱二", "mask": "138****0007", "code": "duplicate_other"}
    words = render(Setting(language, ZONE, NOW), "accepted", "reply", {"parts": [*parts, taken]})
    assert ("赵0" in words, "钱二" in words, "R48" in words, "赵47" in words) == (True, True, True, False)
    short = render(Setting(language, ZONE, NOW), "accepted", "reply", {"parts": [*parts[:2], taken]})
    assert len(short.splitlines()) == 4


@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_is_longer_than_a_gateway_takes(language: str) -> None:
    for key in catalogue(language)["say"]:
        assert len(said(language, key, unit="钉" * 2000, text="很" * 2000, old="1" * 2000)) <= 1600


CATALOGUED = ("say", "part", "head", "act", "tail", "field", "party", "fold")


def test_both_languages_say_the_same_things() -> None:
    chinese, english = catalogue("zh"), catalogue("en")
    assert {k: set(chinese[k]) for k in CATALOGUED} == {k: set(english[k]) for k in CATALOGUED}


def test_unit_then_time_then_agent_are_left_out() -> None:
    def accepted(agent: str, unit: str, client: str = "张三") -> str:
        params = PARAMS | {"agent": agent, "unit": unit, "client": client, "ref": "R1"}
        return render(Setting("zh", ZONE, NOW), "accepted", "reply", params)

    assert accepted("李四", "链家") == "报备成功：张三155****0073，李四(链家)，R1，12-31 23:59登记，有效至12-31 23:59"
    without_unit = "报备成功：阿不都拉·艾力155****0073，李四，R1，12-31 23:59登记，有效至12-31 23:59"
    assert accepted("李四", "钉房网络科技(上海)有限公司", "阿不都拉·艾力") == without_unit
    long = "阿卜杜热合曼·吐尔逊阿吉"
    assert accepted(long, "链家", long) == f"报备成功：{long}155****0073，{long}，R1，有效至12-31 23:59"
    assert accepted(long * 2, "链家", long) == f"报备成功：{long}155****0073，R1，有效至12-31 23:59"


@pytest.mark.parametrize(
    ("text", "count"),
    [("中" * 70, 1), ("中" * 71, 2), ("a" * 160, 1), ("a" * 161, 2), ("a" * 158 + "€", 1), ("a" * 159 + "€", 2), ("😀" * 35, 1), ("😀" * 36, 2), ("", 1)],
)  # fmt: skip
def test_segments(text: str, count: int) -> None:
    assert segments(text) == count


@pytest.mark.parametrize(
    ("moment", "written"),
    [(datetime(2026, 12, 31, 1, 5, tzinfo=UTC), "12-31 09:05"), (datetime(2028, 1, 3, 2, 0, tzinfo=UTC), "2028-1-3 10:00")],
)  # fmt: skip
def test_times_are_the_site_s_with_the_year_when_far(moment: datetime, written: str) -> None:
    assert written_time(Setting("zh", ZONE, NOW), moment.isoformat()) == written
