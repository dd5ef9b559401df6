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
_SHOWN: Final = re.compile(rf"{_HEAD}({_D}{{2,4}}){_STARS}(?={_D}{{0,4}}(?!{_D}))")
_EIGHT_SHOWN: Final = re.compile(rf"{_HEAD}({_D}){_STARS}(?={_D}{{4}}(?!{_D}))")
"""Four and three digits (1380****678) are spoilt and tell no more than three and four."""


def remainders(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the hidden digits of masked numbers stand all the same: 138****5678（1234）, 138中间1234尾号5678, 13812****78."""
    for pattern in (_BEHIND, _BETWEEN, _SHOWN, _EIGHT_SHOWN):
        for match in pattern.finditer(text):
            yield match.span(1)
