"""Moments of a text, and when its clients are expected (reading.md, “Planned arrival”), by tables."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.expected import read_planned
from parsers.mask import mask_numbers
from parsers.message import Planned
from parsers.moments import find_moments
from parsers.normalise import fold_for_reading
from parsers.phones import blank, find_phones

HEAD = "报备 张三 138****5678 李四 "


def planned(text: str) -> Planned | None:
    skeleton = fold_for_reading(mask_numbers(text)).skeleton
    return read_planned(blank(skeleton, find_phones(skeleton, "CN")))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("明天下午3点到", Planned("+1", "afternoon", "15:00")),
        ("明天下午三点半到访", Planned("+1", "afternoon", "15:30")),
        ("今天14:30来", Planned("+0", "", "14:30")),
        ("今天 14：30 到访", Planned("+0", "", "14:30")),
        ("9月25日10:30到", Planned("09-25", "", "10:30")),
        ("９月２５日１０：３０到访", Planned("09-25", "", "10:30")),
        ("预计9月25日上午10点到访", Planned("09-25", "morning", "10:00")),
        ("周六上午来看房", Planned("sat", "morning")),
        ("周六上午", Planned("sat", "morning")),
        ("下周六上午过来", Planned("sat+7", "morning")),
        ("星期天下午看房", Planned("sun", "afternoon")),
        ("礼拜三来", Planned("wed")),
        ("周末来看", Planned("weekend")),
        ("后天", Planned("+2")),
        ("后天来", Planned("+2")),
        ("大后天到访", Planned("+3")),
        ("明天", Planned("+1")),
        ("明日到访", Planned("+1")),
        ("明早10点到", Planned("+1", "morning", "10:00")),
        ("明早过来", Planned("+1", "morning")),
        ("今晚7点到", Planned("+0", "evening", "19:00")),
        ("明晚来", Planned("+1", "evening")),
        ("今天上午十点左右到", Planned("+0", "morning", "10:00")),
        ("十点到", Planned("", "", "10:00")),
        ("3点到", Planned("", "", "15:00")),
        ("下午到", Planned("", "afternoon")),
        ("，下午来看房", Planned("", "afternoon")),
        ("下午两点到访", Planned("", "afternoon", "14:00")),
        ("大概2点半到，一家3口", Planned("", "", "14:30")),
        ("中午12点到", Planned("", "noon", "12:00")),
        ("中午1点到", Planned("", "noon", "13:00")),
        ("14点到", Planned("", "", "14:00")),
        ("14点30分到", Planned("", "", "14:30")),
        ("下午3点一刻到", Planned("", "afternoon", "15:15")),
        ("11月5号下午到", Planned("11-05", "afternoon")),
        ("十一月五号下午到", Planned("11-05", "afternoon")),
        ("5号上午来", Planned("05", "morning")),
        ("2026-11-05 16:00到访", Planned("2026-11-05", "", "16:00")),
        ("2026年11月5日16时到访", Planned("2026-11-05", "", "16:00")),
        ("11.5到访", Planned("11-05")),
        ("11/5下午到访", Planned("11-05", "afternoon")),
        ("11-5 14:30 到访", Planned("11-05", "", "14:30")),
        ("到访 明天", Planned("+1")),
        ("报备明天下午3点到的客户", Planned("+1", "afternoon", "15:00")),
        ("明天约看房", Planned("+1")),
        ("预约周六", Planned("sat")),
        ("预约周六下午3点看房", Planned("sat", "afternoon", "15:00")),
        ("预计明天下午3点", Planned("+1", "afternoon", "15:00")),
        ("今天下午过来看房", Planned("+0", "afternoon")),
        ("今天下午3点带客户过来", Planned("+0", "afternoon", "15:00")),
        ("明天下午，3点到", Planned("+1", "afternoon", "15:00")),
        ("明天下午3点到访2人", Planned("+1", "afternoon", "15:00")),
        ("明天下午3点左右到", Planned("+1", "afternoon", "15:00")),
        ("下午2点-3点到", Planned("", "afternoon", "14:00")),
        ("周六上午十点左右，开车来", Planned("sat", "morning", "10:00")),
        ("明天下午三點到訪", Planned("+1", "afternoon", "15:00")),
    ],
)
def test_free_beside_a_word_of_coming(written: str, expected: Planned) -> None:
    assert planned(HEAD + written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("预计到访时间：2026-11-05 16:00", Planned("2026-11-05", "", "16:00")),
        ("预计到访时间:2021/4/18 17:20渠道专员姓名:王五", Planned("2021-04-18", "", "17:20")),
        ("预计到访时间：2026-06-07 20:56:09", Planned("2026-06-07", "", "20:56")),
        ("到访时间：9.25 14:00", Planned("09-25", "", "14:00")),
        ("到访时间：今天下午2点", Planned("+0", "afternoon", "14:00")),
        ("到访时间:15:30", Planned("", "", "15:30")),
        ("来访时间：11月6日", Planned("11-06")),
        ("看房时间：周六上午", Planned("sat", "morning")),
        ("看房时间： 2026-11-09 10:00", Planned("2026-11-09", "", "10:00")),
        ("带看时间：2018-05-06 10:00", Planned("2018-05-06", "", "10:00")),
        ("预约时间：明天", Planned("+1")),
        ("预约看房时间：明天上午", Planned("+1", "morning")),
        ("预计到场时间：明早", Planned("+1", "morning")),
        ("预计到访：2024-09-23 14:30", Planned("2024-09-23", "", "14:30")),
        ("到访：9月25日10:30", Planned("09-25", "", "10:30")),
        ("拟访时间：明天 14:00", Planned("+1", "", "14:00")),
        ("時間：明早10點", Planned("+1", "morning", "10:00")),
        ("到访日期：11月5日\n到访时间：15:00", Planned("11-05", "", "15:00")),
        ("预计到访日期：2026-11-05", Planned("2026-11-05")),
        ("预计到访时间：11月5日（周四）下午3点", Planned("11-05", "afternoon", "15:00")),
        ("备注：周末到访", Planned("weekend")),
        ("报备时间：2026-11-01 11:20\n到访时间：2026-11-01 15:00", Planned("2026-11-01", "", "15:00")),
        ("备注：明天来\n到访时间：后天上午", Planned("+2", "morning")),
    ],
)
def test_under_a_label_which_goes_before_what_stands_free(written: str, expected: Planned) -> None:
    assert planned(f"客户：张三\n电话：138****5678\n经纪人：李四\n{written}") == expected


@pytest.mark.parametrize(
    "written",
    [
        "", "报备时间：2026-11-05 16:00", "报备日期：2026-11-03", "推荐时间：2026-11-01 11:20:31", "提交时间：2026-06-06 20:56:09",
        "报备提交：2026-06-20 09:15", "报备时间：今天 10:30", "登记时间：9月25日", "今天", "预算150-200万", "3房2厅", "到访人数：3", "12.5",
        "5号楼", "13号楼", "面积90-120", "1-2-1302", "到访13号楼", "有效期至9月30日", "周一凡", "周天成", "2人来访", "总价138.5万", "出生日期：1990-11-05",
        "今天已电话沟通", "周末再约", "今天报备的", "报备截止今晚9点", "11.31.2", "13月45日到访", "25:70到",
    ],
)  # fmt: skip
def test_where_no_arrival_is_told(written: str) -> None:
    assert planned(f"客户：张三\n电话：138****5678\n经纪人：李四\n{written}") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("明天下午3点到", ["明天下午3点"]),
        ("周六上午十点左右，开车来", ["周六上午十点左右"]),
        ("周一凡 李四", []),
        ("9月25日10:30 2人 粤B12345", ["9月25日10:30", "2人", "粤b12345"]),
        ("12.1张三 三房 150万", ["12.1", "150万"]),
        ("21世纪不动产 李四", []),
    ],
)
def test_moments_counts_and_plates(text: str, expected: list[str]) -> None:
    skeleton = fold_for_reading(text).skeleton
    assert [skeleton[start:end].strip() for start, end in find_moments(skeleton)] == expected


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.text(
        st.sampled_from("0123456789:-/.年月日号点半今明后天下周六早晚上午到来访时间预计 ：\n一二十张李"), max_size=80
    )
)
def test_any_text_has_moments_or_none(text: str) -> None:
    skeleton = fold_for_reading(mask_numbers(text)).skeleton
    phones = find_phones(skeleton, "CN")
    spans = [*find_moments(skeleton, phones), *((p.start, p.end) for p in phones)]
    assert all(end <= start for (_, end), (start, _) in pairwise(sorted(spans)))
    planned(text)
