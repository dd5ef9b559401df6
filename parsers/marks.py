"""What hides digits brought to one sign, and digits that are no number's taken away, before numbers are looked for.

The result is as long as the skeleton and serves `parsers.phones` alone; nothing is cut from it.
"""

import re
from typing import Final

HIDDEN: Final = "*"
GONE: Final = "\ue000"
"""Stands where digits are no number's, or a number was found already."""

_WEAK: Final = r"\-_.·…#?~x^o。▒+=°﹏口囗"
"""Signs that hide digits only where several of them stand together."""
_BETWEEN: Final = re.compile(rf"(?<=[0-9])[*{_WEAK}某]{{2,12}}(?=[0-9])")
_BESIDE: Final = re.compile(rf"(?<=[0-9])(?: ?)([{_WEAK}])\1{{2,11}}|([{_WEAK}])\2{{2,11}}(?= ?[0-9])")
_NAMED: Final = re.compile(r"(?<=[0-9]) ?([米星叉圈点杠])\1{1,7}(?= ?[0-9]{4})")
"""Signs by their names: 星星星星, 叉叉叉叉."""
_SOMEBODY: Final = re.compile(r"(?<=[0-9])某(?=[0-9])|(?<=[0-9]) ?某{2,8}|某{2,8}(?= ?[0-9])")
_COUNTED: Final = re.compile(
    r"([前头首])([346])(?=位|[^0-9]|[0-9]{3,6}(?![0-9]))"
    r"|(?<!然)([后末尾])([346](?=位|[^0-9])|4(?=[0-9]{3,4}(?![0-9]))|6(?=[0-9]{6}(?![0-9])))"
)
_COUNTS: Final = {"3": "三", "4": "四", "6": "六"}
_OF_SIGNS: Final = re.compile(r"(?<![0-9])[3-8](?= ?(?:个|位|颗|星(?!级)|hidden|masked|digit|star|asterisk))")
_NUMERALS: Final = "三四五六七八"
_REFERENCE: Final = re.compile(
    r"(?:工号|编号|单号|编码|代码|流水号|合同号?|邮编|学号|房号|qq)(?:是|为)?[\s:#]{0,3}[a-z]{0,4}[0-9]{1,20}(?![0-9*x])"
    r"|(?:预算|总价|均价|单价|房款|面积)(?:是|为|约|大约|大概|在)?[ :]{0,2}[0-9]{1,7}(?![0-9*x])"
    r"|(?:身份证|证件)(?:号码?|后[四六]位?|尾号)?(?:是|为)?[\s:]{0,3}[0-9*x]{3,20}"
)


def mark_hidden(skeleton: str) -> str:
    """Return the skeleton with one sign for each hidden digit, counts of digits as words, and no staff numbers, ids, prices."""
    marked = _COUNTED.sub(lambda m: (m[1] or m[3]) + _COUNTS[m[2] or m[4]], skeleton)
    marked = _OF_SIGNS.sub(lambda m: _NUMERALS[int(m[0]) - 3], marked)
    marked = _REFERENCE.sub(lambda m: GONE * len(m[0]), marked)
    for pattern in (_SOMEBODY, _NAMED, _BETWEEN, _BESIDE):
        marked = pattern.sub(lambda m: HIDDEN * len(m[0]), marked)
    return marked
