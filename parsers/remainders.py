"""Digits that tell the rest of a number which is masked already, to be masked as well (L14)."""

import re
from collections.abc import Iterator
from typing import Final

from parsers.digits import DIGIT

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
_SHOWN: Final = re.compile(rf"{_HEAD}({_D}{{2,4}}){_STARS}(?={_D}{{0,4}}(?!{_D}))")
_EIGHT_SHOWN: Final = re.compile(rf"{_HEAD}({_D}){_STARS}(?={_D}{{4}}(?!{_D}))")
"""Four and three digits (1380****678) are spoilt and tell no more than three and four."""


def remainders(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the hidden digits of masked numbers stand all the same: 138****5678（1234）, 138中间1234尾号5678, 13812****78."""
    patterns = (_BEHIND, _BETWEEN, *_NAMED, _SEVEN_AND_FOUR, *_THREE_AND_EIGHT, *_MOST_SHOWN, _SHOWN, _EIGHT_SHOWN)
    for pattern in patterns:
        for match in pattern.finditer(text):
            yield match.span(1)
