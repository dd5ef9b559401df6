"""Courtesies around a command: a greeting before it, thanks behind it. They say nothing, and are passed over."""

import re
from typing import Final

_SPACED: Final = r"[\s,.;!~。，！、]"
_THANKS: Final = r"(?:非常|太|十分)?(?:谢|感谢|多谢)|辛苦|麻烦|拜托|劳驾|好的?|嗯|ok|okay|thanks|thank you|thx|please|pls|🙏|👌|👍|\[抱拳\]|\[玫瑰\]"
_WHOM: Final = r"(?:您|你|各位|大家|经理|领导|老师|哥|姐|美女|帅哥|亲|了|啦|哈|啊|呀|哦|喔)"
_TRAILING: Final = re.compile(rf"(?:^|(?<=[\s,.;!~。，！、\ue000])|(?<=了))(?:(?:{_THANKS}){_WHOM}*{_SPACED}*)+$")
_LONGEST: Final = 40
GREETING: Final = (
    r"(?:(?:您好|你好|早上好|上午好|中午好|下午好|晚上好|早|各位好|hi|hello)"
    r"(?:经理|领导|老师)?[\s,!~:.，！]+|(?:\S{0,3}(?:经理|领导|老师|主管))好?[\s,!~:，！]+)?"
)
"""A pattern: what greets before a keyword."""
ASKING_FOR: Final = r"(?:(?:请问|麻烦|劳驾|烦请|请|帮忙|帮我|帮|能否|您|你|再)[\s,]*){0,3}"
"""A pattern: what asks for an answer or a withdrawal. A signature is not asked for but given: 请签V3 is not one."""


def without_thanks(text: str) -> int:
    """Return where the thanks at the end of a text begin, its length where it has none."""
    begin = max(0, len(text) - _LONGEST)
    found = _TRAILING.search(text[begin:])
    return begin + found.start() if found else len(text)
