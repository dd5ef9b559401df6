"""The plain standard form, read without weighing: [报备] NAME NUMBER AGENT UNIT (R2). It saves time, nothing else.

Agent and unit may stand in either order, the unit may be missing, and behind 报备 both. Only names that can hardly be
anything else are taken: nothing in them is a word of ours. Where the site has lists, only who stands there is an agent or
a unit. Whatever is not exactly so goes to the lattice. Tests hold both to the same readings.
"""

import re
from functools import lru_cache
from typing import Final

from parsers.edges import Known
from parsers.message import Report, ReportText
from parsers.moments import find_moments
from parsers.normalise import Reading
from parsers.shapes import company_shape
from parsers.vocabulary import BRANDS, COMMON_SURNAMES, FILLER, FUNCTION, LABELS, TABLE

PLAIN_REGION: Final = "CN"
"""The region (ISO 3166) of the sites at which the form's numbers are telephone numbers."""
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
        return None if word in known.people or word in FUNCTION or word in LABELS else "U"
    return "A" if is_agent and _AGENT.fullmatch(word) and _is_name(word) and word[1:] not in _ADDRESSED else None


@lru_cache(maxsize=4096)
def _is_name(word: str) -> bool:
    """Tell whether a word that begins with a surname is no company or moment, and has no word of ours in it."""
    if word[1:] in _ADDRESSED:
        return True
    has_ours = any(TABLE.longest_at(word, at, len(word)) > at or word[at] in FILLER for at in range(len(word)))
    return not has_ours and company_shape(word) == "-" and not find_moments(word)
