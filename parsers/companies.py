"""Companies and shops: known brands, the words that make a company, and where the company ends in a word."""

import re
from dataclasses import dataclass
from typing import Final

from parsers.message import Lexicon
from parsers.names import looks_like_person
from parsers.trie import words_pattern

BRANDS: Final = (
    "链家", "贝壳", "贝壳找房", "德佑", "中原", "我爱我家", "q房网", "q房", "乐有家", "世联行", "世联", "易居", "安居客", "房天下",
    "21世纪不动产", "21世纪", "二十一世纪不动产", "合富", "合富辉煌", "搜房", "搜房网", "麦田", "房多多", "同策", "策源", "新联康",
    "思源", "美联物业", "美联", "住商不动产", "住商", "信义房屋", "信义", "太平洋房屋", "永庆房屋", "满堂红", "裕丰", "伟业我爱我家",
    "伟业顾问", "玛雅房屋", "到家了", "爱屋吉屋", "58同城", "58爱房", "58安居客", "幸福里", "诸葛找房", "蘑菇租房", "自如", "中环互联",
    "中环地产", "家家顺", "富房", "南北房产", "龙腾地产", "优铭家", "科威不动产", "易房宝", "好屋", "钉房", "云房", "5i5j", "克而瑞",
    "保利和润", "保利投顾", "戴德梁行", "世邦魏理仕", "仲量联行", "第一太平戴维斯", "高力国际", "华燕", "华燕房盟", "思源兴业", "新峰",
    "正合", "大唐房屋", "到家", "房友", "德佑地产", "朗诗寓", "居理新房", "有屋吉屋", "房客多", "悟空找房", "沃尔德",
)  # fmt: skip
"""Brands a reader knows without being told; skeleton spelling (lower case, simplified)."""

_ENDINGS: Final = (
    "有限责任公司", "股份有限公司", "有限公司", "分公司", "子公司", "总公司", "公司", "置业", "房地产", "地产", "房产", "不动产", "房屋",
    "中介", "经纪", "集团", "联行", "物业", "置地", "房网", "找房", "房盟", "营销策划", "营销", "事务所", "工作室", "网络科技", "投资", "顾问行",
)  # fmt: skip
_BRANCH: Final = r"(?:[^\W_a-z]{0,8}?(?:分店|门店|旗舰店|总店|店|分行|门市部|营业部|分部|分号|事业部|大区|片区|商圈|加盟商))(?![人长员])|[^\W_a-z]{0,4}?[一二三四五六七八九十a-d\d]{1,2}[组部区]|(?:业务|销售|渠道|分销)[一二三四五六七八九十\d]?[组部]"
_CITY: Final = "上海|北京|广州|深圳|杭州|南京|成都|武汉|重庆|天津|苏州|郑州|西安|长沙|合肥|青岛|厦门|福州|佛山|东莞|珠海|惠州|中山|无锡|宁波|济南|沈阳|大连|昆明|南宁|海口|三亚"
_PLAIN_SURNAMES: Final = "王李张刘陈杨赵吴徐孙胡朱郭罗梁宋郑谢韩唐冯董袁邓许傅沈曾彭吕苏蒋蔡贾丁魏薛阎潘杜"

_BRAND: Final = re.compile(words_pattern(BRANDS))
_ENDING: Final = re.compile(words_pattern(_ENDINGS))
_ENDINGS_IN_A_ROW: Final = re.compile(f"(?:{words_pattern(_ENDINGS)})+")
_BRANCH_BEHIND: Final = re.compile(_BRANCH)
_SHOP: Final = re.compile(r".{2,}(?:分店|门店|旗舰店|加盟店|[^酒饭商书]店|分行)")
_OWN_NAME: Final = re.compile(rf"[{_PLAIN_SURNAMES}][^\W\d_a-z]{{1,2}}(?=[^\W_]{{2,3}}(?:{words_pattern(_ENDINGS)}))")
_PREFIX: Final = re.compile(rf"(?:{_CITY}|加盟·?|[\s(]*)+")


@dataclass(frozen=True, slots=True)
class CompanyIn:
    """A company between start and end of a word; persons may stand before and behind it."""

    start: int
    end: int


def find_company(word: str, lexicon: Lexicon) -> CompanyIn | None:
    """Return the company in a word (skeleton spelling), None when there is none; linear."""
    listed = _listed(word, lexicon.units) if lexicon.units else None
    return listed or _branded(word) or _worded(word)


def _listed(word: str, units: frozenset[str]) -> CompanyIn | None:
    """Return the unit of the site's list that is the word, begins it or ends it, with a person as the rest."""
    if word in units:
        return CompanyIn(0, len(word))
    for length in range(min(len(word) - 1, 30), 1, -1):
        if word[:length] in units and looks_like_person(word[length:]):
            return CompanyIn(0, length)
        if word[-length:] in units and looks_like_person(word[:-length]):
            return CompanyIn(len(word) - length, len(word))
    return None


def _branded(word: str) -> CompanyIn | None:
    brand = _BRAND.search(word)
    if brand is None:
        return None
    start = brand.start()
    if start and (_PREFIX.fullmatch(word[:start]) or not _can_be_apart(word[:start])):
        start = 0
    return CompanyIn(start, _end_of_company(word, brand.end()))


def _can_be_apart(before: str) -> bool:
    return looks_like_person(before) and not before.startswith("加盟")


def _worded(word: str) -> CompanyIn | None:
    endings = list(_ENDING.finditer(word))
    if not endings or endings[0].end() < 3:
        return CompanyIn(0, len(word)) if _SHOP.fullmatch(word) and not endings else None
    own = _OWN_NAME.match(word)
    return CompanyIn(own.end() if own else 0, _end_of_company(word, endings[-1].end()))


def _end_of_company(word: str, end: int) -> int:
    """Return where the company ends: behind further company words and a branch, unless a person's name follows."""
    further = _ENDINGS_IN_A_ROW.match(word, end)
    end = further.end() if further else end
    branch = _BRANCH_BEHIND.match(word, end)
    if branch:
        end = branch.end()
    rest = word[end:]
    if rest.startswith("的") and looks_like_person(rest[1:]):
        return end
    if not rest or looks_like_person(rest) or (further and len(rest) in (2, 3)) or _ends_with_word(word, end, rest):
        return end
    return _end_before_person(word, end)


def _ends_with_word(word: str, end: int, rest: str) -> bool:
    return len(rest) in (2, 3, 4) and any(word.endswith(ending, 0, end) for ending in _ENDINGS)


def _end_before_person(word: str, end: int) -> int:
    return len(word)
