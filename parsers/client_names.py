"""The name of a client before his number in a command: what may stand there, and what shows a free sentence.

定金 张三 138****5678 names a client; 定金已经交了 张三 138****5678 is a sentence, and no command.
"""

import re
from typing import Final

from parsers.message import Lexicon
from parsers.names import is_address_alone, looks_like_person
from parsers.vocabulary import SURNAMES, surname_length

_BEFORE: Final = re.compile(
    r"([\s,;:、。.\-=+\]]*)((?:客户|顾客|客人|业主)?(?:姓名|名字|名称)?[\s:,]*(?:client|customer|name)?[\s:]*)"
)
_BEHIND: Final = re.compile(
    r"(?:[\s,;:、。.\-=]+|[(\[][^()\[\]]{0,12}[)\]]|(?:客户)?(?:电话|手机号?码?|号码|联系方式|tel|phone)|(?<=[\s,])[男女])$"
)
_BRACKETED: Final = re.compile(r"[(\[]([^()\[\]]+)[)\]]\s*")
_SENTENCE: Final = re.compile(r"[的了吗么呢吧是把被没不已要请我你她这哪给就还]|一下|可以|时候|什么|怎么")
"""What a name never holds, but a sentence."""
_CJK: Final = re.compile(r"[\u3400-\u9fff·*某]{1,12}")
_LATIN: Final = re.compile(r"[a-zà-ɏ][a-zà-ɏ'’.\-]*(?:\s{1,3}[a-zà-ɏ][a-zà-ɏ'’.\-]*){0,5}")
_MIXED: Final = re.compile(
    r"[a-zà-ɏ'’.\-]{1,16}\s?[\u3400-\u9fff]{1,4}|[\u3400-\u9fff]{1,4}\s?[a-zà-ɏ][a-zà-ɏ'’.\-]{0,16}"
)
_BETWEEN_TWO: Final = re.compile(r"\s*[/&、+]\s*|(?<=.)和(?=.)")
_LONGEST_UNDOTTED: Final = 8
_LONGEST: Final = 60


def name_in(span: str, lexicon: Lexicon) -> tuple[int, int] | None:
    """Return where the name stands in what is written before a number; an empty place if nothing is.

    `span` is skeleton spelling, from the keyword (or the client before) to the number. None: this is no name.
    """
    before = _BEFORE.match(span)
    if before is None or len(span) - before.end() > _LONGEST:
        return None
    start, end = before.end(), len(span)
    if bracketed := _BRACKETED.fullmatch(span, start, end):
        start, end = bracketed.span(1)
    while end > start and (behind := _BEHIND.search(span[start:end])):
        end -= len(behind[0])
    return (start, end) if start == end or is_name(span[start:end], lexicon, glued=start == 0) else None


def is_name(text: str, lexicon: Lexicon, *, glued: bool = False) -> bool:
    """Tell whether words are the name of one client, or of a couple; `glued`: the keyword stands right before."""
    if text in lexicon.people:
        return True
    if is_address_alone(text):
        return False
    if _LATIN.fullmatch(text) or _MIXED.fullmatch(text):
        return not glued or not text[0].isascii()
    words = text.split()
    if len(words) == 2 and surname_length(words[0]) == len(words[0]):
        return bool(_CJK.fullmatch(words[1])) and len(words[1]) < 5 and not _SENTENCE.search(words[1])
    for word in _BETWEEN_TWO.split(text):
        if " " in text or not _CJK.fullmatch(word) or _SENTENCE.search(word):
            return False
        if len(word) == 1:
            named = word in SURNAMES and not glued
        else:
            hidden = word[0] in SURNAMES and word[1] in "*某"
            named = hidden or looks_like_person(word) or (not glued and len(word) <= _LONGEST_UNDOTTED)
        if not named:
            return False
    return True
