"""Commands that are a word alone: 我的, 下, 帮助; and 统计, behind which at most a unit stands (L16).

They are whole texts: 我的客户张三 138****5678 李四 is a report, 统计一下今天的人数 is a sentence.
"""

import re
from typing import Final

from parsers.courtesy import without_thanks
from parsers.message import Command, Lexicon
from parsers.normalise import Reading, fold_for_reading
from parsers.reader import read_whose
from parsers.trie import words_pattern

ALONE: Final = {
    "我的": "mine", "我的客户": "mine", "我的报备": "mine", "我的单": "mine", "查我的": "mine", "查我的客户": "mine",
    "查我的报备": "mine", "mine": "mine", "my clients": "mine",
    "下": "next", "下页": "next", "下一页": "next", "下一个": "next", "下一批": "next", "next": "next",
    "help": "help",
}  # fmt: skip
"""Text → kind; skeleton spelling (simplified, lower case, ASCII signs)."""
FIGURES: Final = ("统计", "统计数据", "查统计", "figures")
_FIGURES: Final = re.compile(
    rf"(?:{words_pattern(FIGURES)})([\s:,]*)(?:(?:今[天日]|本周|这周|一下)(?=[\s:,]|$)[\s:,]*)*((?!今|本周|这周)[^\s几多谁哪吗么的了]{{0,20}})"
    rf"(?:[\s:,]+(?:今[天日]|本周|这周))?"
)
_AROUND: Final = " \n。.!,:;?"


def read_short_command(reading: Reading, lexicon: Lexicon) -> Command | None:
    """Return the command that a whole text is, thanks behind it left out; None when it is none of these."""
    skeleton = reading.skeleton
    begin = len(skeleton) - len(skeleton.lstrip(_AROUND + "["))
    said = skeleton[begin : without_thanks(skeleton)].rstrip(_AROUND + "]")
    if said in ALONE:
        return Command(ALONE[said])
    figures = _FIGURES.fullmatch(said)
    if figures is None:
        return None
    unit = reading.clean[begin + figures.start(2) : begin + figures.end(2)].strip()
    # Glued to its keyword stands a unit that is known, or one that its word tells.
    spaced = figures[1] or begin + figures.start(2) > begin + figures.end(1)
    known = unit in lexicon.units or read_whose(fold_for_reading(unit), lexicon)[1] == unit
    # Digits are a client's number, or a sentence's, unless they are of a unit's name.
    if any(map(str.isdigit, unit)) and unit not in lexicon.units:
        return None
    return Command("figures", words=unit) if not unit or spaced or known else None
