"""Digits that tell the rest of a number which is masked already, to be masked as well (L14)."""

import re
from collections.abc import Iterator
from typing import Final

from parsers.digits import CHINESE_DIGITS, DIGIT

_D: Final = f"[{DIGIT}]"
_HEAD: Final = rf"(?<!{_D})[1１][3-9３-９]{_D}"
_SIGN: Final = r"(?:[^\w\s]|[xXⅹⅩ_某])"
_STARS: Final = r"(?:[*＊×✕✖﹡∗✱●○◯■□•·…xXⅹⅩ#＃]{2,8}|([^\w\s])\2{2,7})"
_NOT_LONE: Final = rf"(?!{_D}|\s?[年月日号点时万元平㎡米室栋幢楼岁人组套%:：\-/.~*xX＊×])"
_DATE: Final = r"(?:19|20)\d\d(?:[01]\d[0-3]\d)?(?!\d)"
_BEHIND: Final = re.compile(
    rf"{_HEAD}[ ]?{_SIGN}{{1,8}}[ ]?{_D}{{4}}(?!{_D})"
    r"(?=[ \u3000(（\[【,，中])[ \u3000]{0,3}[(（\[【,，]?[ ]?(?:中间)?(?:四位|4位)?(?:数字?)?(?:是|为|[:：])?[ ]?"
    rf"(?<![,，])(?<!{_D})(?!{_DATE}|1[3-9]\d{{5}}(?!\d)|1[3-9]\d{{6}}(?!\d))({_D}{{4,8}}){_NOT_LONE}"
)
_MASKED: Final = rf"{_HEAD}[ ]?{_SIGN}{{1,8}}[ ]?{_D}{{4}}(?!{_D})"
_ANOTHER: Final = rf"(?!{_DATE}|1[3-9]\d{{5,6}}(?!\d))"
_CALLED: Final = (
    r"(?:(?:其?中(?:间|段|位)?|当中|里面|缺|少|补[全上]?|完整|隐藏|打码|省略|星号|[*＊xX×]{1,4}|mid(?:dle)?|hidden)"
    r"|(?:遮住|遮挡|打星|打码|隐藏|隐去|省略|没显示|没写))的?(?:[四4][位个]|部分|数字?|号码?)?"
)
_N: Final = f"[{DIGIT}{''.join(CHINESE_DIGITS)}]"
_BEHIND_SIGNS: Final = (
    re.compile(
        rf"{_MASKED}[ ]?[/／|｜\\+＋=＝&＆_~～:：;；\-‐-―－<>→^*＊]{{1,3}}[ ]?{_ANOTHER}({_D}{{4,8}}){_NOT_LONE}"
    ),
    re.compile(
        rf"{_MASKED}[ \u3000,，]?[(（\[【]?(?:{_CALLED}[)）\]】]?[ ]?(?:是|为|[:：=＝])?|是|为|即|就是)[ ]?({_D}{{4,5}}){_NOT_LONE}"
    ),
    re.compile(rf"{_MASKED}[ ]?[(（\[【]({_N}(?:[ \-*.·]?{_N}){{3}})[)）\]】]"),
    re.compile(rf"{_MASKED}[ ]?([{''.join(CHINESE_DIGITS)}]{{4}})(?![{''.join(CHINESE_DIGITS)}十百千万年月号])"),
)
"""Behind a sign or a word, or in numerals: 138****5678/1234, 138****5678中1234, 138****5678（一二三四）."""
_BETWEEN: Final = re.compile(
    rf"{_HEAD}[ ,，]?中间(?:四位|4位)?(?:是|为|[:：])?[ ]?({_D}{{4,5}})[ ,，]?(?:尾号?|后四位?|末四位?|结尾)"
)
_LINKED: Final = r"[ \u3000]?(?:四位|4位|四个|4个)?(?:数字?)?(?:是|为|[:：])?[ ]?"
_MIDDLE: Final = rf"中间{_LINKED}({_D}{{4,5}}){_NOT_LONE}"
_NAMED: Final = (
    re.compile(rf"{_HEAD}(?!{_D}{{8}})[^\n]{{0,24}}?\n?{_MIDDLE}"),
    re.compile(rf"{_MIDDLE}(?=[^\d\n]{{0,16}}{_HEAD})"),
    re.compile(rf"(?<!{_D})({_D}{{4}})(?:是|为)中间(?=[^\d\n]{{0,8}}{_HEAD})"),
    re.compile(rf"[(（]({_D}{{4}})[)）][ ]?(?={_HEAD}{_SIGN}{{1,8}}{_D}{{4}}(?!{_D}))"),
)
"""The hidden digits called so, behind or before the rest of the number."""
_LAST_WORDS: Final = r"(?:尾号?|后[四4]位?|末[四4]位?|结尾)"
_SEVEN_AND_FOUR: Final = re.compile(
    rf"{_HEAD}({_D}{{4}})(?!{_D})[ ,，]{{0,2}}{_LAST_WORDS}(?:是|为|[:：])?[ ]?(?!\1){_D}{{4}}(?!{_D})"
)
_FOUR_AND_SEVEN: Final = re.compile(
    rf"{_LAST_WORDS}(?:是|为|[:：])?[ ]?{_D}{{4}}(?!{_D})[ ,，、]{{0,2}}前[七7]位?(?:是|为|[:：])?[ ]?{_HEAD}({_D}{{4}})(?!{_D})"
)
_THREE_AND_EIGHT: Final = (
    re.compile(rf"{_HEAD}(?!{_D})[^\d\n]{{0,4}}(?:后[八8]位?|后面|尾号){_LINKED}({_D}{{4}}){_D}{{4}}(?!{_D})"),
    re.compile(rf"(?:后[八8]位?|后面){_LINKED}({_D}{{4}}){_D}{{4}}(?!{_D})(?=[^\d\n]{{0,8}}{_HEAD}(?!{_D}))"),
)
_MASK_SIGN: Final = r"[*＊×✕✖xX?？]"
_MOST_SHOWN: Final = (
    re.compile(rf"{_HEAD}({_D}{{5,8}}){_MASK_SIGN}{{1,4}}(?!{_D}{{5}})"),
    re.compile(rf"{_HEAD}({_D}{{2,4}}){_MASK_SIGN}{{1,3}}(?={_D}{{4,7}}(?!{_D}))"),
    re.compile(rf"{_HEAD}{_D}{{0,4}}{_MASK_SIGN}{{1,3}}({_D}{{1,4}})(?={_D}{{4}}(?!{_D}))"),
)
"""One or two digits hidden and the others shown (13812*45678): all but three and four are hidden."""
_ONE_HIDDEN: Final = (
    re.compile(
        rf"(?<![{DIGIT}A-Za-z*])(?:[*＊?？][3-9]{_D}|[1１]{_MASK_SIGN}{_D}|[1１][3-9]{_MASK_SIGN})({_D}{{4}}){_D}{{4}}(?!{_D})"
    ),
    re.compile(rf"(?<![{DIGIT}A-Za-z*])[1１]{_MASK_SIGN}{{2}}({_D}{{4}}){_D}{{4}}(?!{_D})"),
    re.compile(rf"{_HEAD}({_D}{{4}})(?:{_MASK_SIGN}{_D}{{3}}|{_MASK_SIGN}{{2}}{_D}{{2}})(?!{_D})"),
)
"""A sign for one of the first three (1*812345678) or of the last four: the middle is shown."""
_LINK: Final = r"[万亿千百元角平㎡米室栋幢号年月日点]|[^\w\s*＊×✕✖…·•#＃○●]{1,3}|然后|接着?|再接?|和|与|跟|是|最后|中间?|加|减|杠|空"
_LINKED_APART: Final = re.compile(
    rf"{_HEAD}({_LINK})(?!(?:19|20)\d\d[年\-/.])({_D}{{4}})(?!\1)[ ]?(?:{_LINK}|尾号?|末尾?|后四位?)[ ]?{_D}{{4}}(?!{_D})"
)
"""Two unlike signs, units or words between the groups: 138万1234千5678."""
_ONE_BY_ONE: Final = re.compile(rf"{_HEAD}([*＊xX×#＃])({_D}\1{_D}\1{_D}\1{_D})\1{_D}{{4}}(?!{_D})")
_SHOWN: Final = re.compile(rf"{_HEAD}({_D}{{2,4}}){_STARS}(?={_D}{{0,4}}(?!{_D}))")
_EIGHT_SHOWN: Final = re.compile(rf"{_HEAD}({_D}){_STARS}(?={_D}{{4}}(?!{_D}))")
"""Four and three digits (1380****678) are spoilt and tell no more than three and four."""
_GROUPS: Final = {_LINKED_APART: 2, _ONE_BY_ONE: 2}
"""Which group is to be hidden, where it is not the first."""
_PATTERNS: Final = (
    *(_BEHIND, *_BEHIND_SIGNS, _BETWEEN, *_NAMED, _SEVEN_AND_FOUR, _FOUR_AND_SEVEN, *_THREE_AND_EIGHT),
    *(*_MOST_SHOWN, *_ONE_HIDDEN, _LINKED_APART, _ONE_BY_ONE, _SHOWN, _EIGHT_SHOWN),
)


def remainders(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the hidden digits of masked numbers stand all the same: 138****5678（1234）, 138中间1234尾号5678, 13812****78."""
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            yield match.span(_GROUPS.get(pattern, 1))
