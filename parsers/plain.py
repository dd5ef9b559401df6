"""The plain standard form, read without weighing: [报备] NAME NUMBER AGENT UNIT (R2). It saves time, nothing else.

Agent and unit may stand in either order, and one of them be missing; behind 报备 both may. Only names that can hardly be
anything else are taken, and where the site has lists, only who stands there; whatever is not exactly so goes to the
lattice. Tests hold both to the same readings.
"""

import re
from typing import Final

from parsers.edges import Known
from parsers.message import Report, ReportText
from parsers.normalise import Reading
from parsers.vocabulary import ADDRESS, BRANDS, COMMON_SURNAMES, ENDINGS, FILLER, FUNCTION, TABLE

_NAME: Final = rf"[{''.join(sorted(COMMON_SURNAMES))}][\u4e00-\u9fff]{{1,2}}"
_ADDRESSED: Final = ("先生", "女士", "小姐", "太太")
_AGENT: Final = re.compile(_NAME)
_UNIT: Final = re.compile(rf"(?:{'|'.join(sorted(map(re.escape, BRANDS), key=len, reverse=True))})(?:地产|置业|房产)?")
_GAP: Final = r"[ ,]{1,3}"
_FORM: Final = re.compile(
    rf"\s*(报备[ :,]{{1,3}})?({_NAME}){_GAP}(1[3-9]\d)\*{{4}}(\d{{4}})(?:{_GAP}([^ ,]+))?(?:{_GAP}([^ ,]+))?\s*"
)
_REPORT, _CLIENT, _FIRST3, _LAST4, _BEHIND, _LAST = range(1, 7)


def read_plain(reading: Reading, known: Known) -> ReportText | None:
    """Return the one report of a text in the plain form; None for any other."""
    found = _FORM.fullmatch(reading.skeleton)
    if found is None or not _is_name(found[_CLIENT]) or known.lists(found[_CLIENT]):
        return None
    whose: dict[str, str] = {}
    for group in (_BEHIND, _LAST):
        if found[group]:
            tag = _tag(found[group], known)
            if tag is None or tag in whose:
                return None
            whose[tag] = reading.clean[found.start(group) : found.end(group)]
    if "A" not in whose and (whose or not found[_REPORT]):
        return None
    client = reading.clean[found.start(_CLIENT) : found.end(_CLIENT)]
    report = Report(client, found[_FIRST3], found[_LAST4], whose.get("A"), whose.get("U"))
    return ReportText(None if whose else "missing_agent", (report,))


def _tag(word: str, known: Known) -> str | None:
    """Return whether a word behind the number is an agent (A) or a unit (U), and None unless that is plain."""
    if known.roster:
        is_agent, is_unit = word in known.people, word in known.units
    else:
        is_agent, is_unit = True, _UNIT.fullmatch(word) is not None
    if is_unit:
        return None if word in known.people else "U"
    is_agent = is_agent and _AGENT.fullmatch(word) is not None and _is_name(word) and word[1:] not in ADDRESS
    return "A" if is_agent else None


def _is_name(word: str) -> bool:
    """Tell whether a word that begins with a surname is no word of ours."""
    rest = word[1:]
    if word in FUNCTION or word in TABLE.kinds or any(word.endswith(ending) for ending in ENDINGS if len(ending) > 1):
        return False
    return rest in _ADDRESSED or (rest not in ADDRESS and not any(char in FILLER or char in FUNCTION for char in rest))
