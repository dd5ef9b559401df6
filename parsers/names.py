"""Names of persons: surnames, forms of address, and whether a word looks like a person (H1, H3)."""

import re
from typing import Final

from parsers.vocabulary import COMPOUND_SURNAMES, SURNAMES, surname_length

HONORIFICS: Final = (
    "先生", "女士", "小姐", "太太", "夫人", "总", "老板", "老师", "经理", "主任", "医生", "姐", "哥", "阿姨", "叔", "生",
    "Mr", "Mrs", "Ms",
)  # fmt: skip
"""Forms of address that make a name "surname + honorific" (H1)."""

_ADDRESS: Final = (
    "先生|女士|小姐|太太|夫人|总|老板|老师|经理|主任|医生|姐|哥|阿姨|叔叔|叔|生|老师|师傅|教授|院长|校长|律师|董事长|董|工|局|处|科长|"
    "总监|店长|大哥|大姐|同学|姑娘|老总|大夫|护士|警官|奶奶|爷爷|大爷|大妈|伯伯|嫂|婶|妹|弟|兄|某某|某|氏"
)
_COMPOUND: Final = "|".join(sorted((s for s in COMPOUND_SURNAMES), key=len, reverse=True))
_ADDRESSED: Final = re.compile(
    rf"(?:{_COMPOUND}|[{''.join(sorted(SURNAMES))}])(?:{_ADDRESS})(?:夫妇|夫妻|一家|他?太太|他?老婆)?"
)
_FULLY_ADDRESSED: Final = re.compile(
    r"\w{2,6}(?:先生|女士|小姐|太太|夫人|总|老板|老师|经理|主任|医生|阿姨|夫妇|夫妻|姐|哥|叔)"
)
_NICKNAME: Final = re.compile(rf"[小老阿大](?:{_COMPOUND}|[^\W\d_a-z])")
_ONLY_ADDRESS: Final = re.compile(rf"(?:{_ADDRESS}|mr|mrs|ms|miss)\.?")
_LATIN: Final = re.compile(r"[a-zà-ɏ][a-zà-ɏ'’. \-]*")
_LATIN_INSIDE: Final = re.compile(r"[a-zà-ɏ]")


def is_address_alone(word: str) -> bool:
    """Tell whether a word is a form of address without a name (先生)."""
    return bool(_ONLY_ADDRESS.fullmatch(word))


def looks_like_person(word: str) -> bool:
    """Tell whether a word (skeleton spelling) is surely a person's name, by surname, address, nickname, dot or Latin."""
    if "·" in word:
        return len(word) > 2
    length = surname_length(word)
    if length and length <= len(word) <= length + 2:
        return True
    if length and (_ADDRESSED.fullmatch(word) or (len(word) < 9 and _FULLY_ADDRESSED.fullmatch(word))):
        return True
    if _NICKNAME.fullmatch(word) or _LATIN.fullmatch(word):
        return True
    return bool(length) and bool(_LATIN_INSIDE.search(word)) and len(word) < 12
