"""The plain standard form, read without weighing: [报备] NAME NUMBER AGENT [UNIT] (R2). It saves time, nothing else.

Only names that can hardly be anything else are taken; whatever is not exactly so goes to the lattice. A test holds
both to the same readings.
"""

import re
from typing import Final

from parsers.edges import Known
from parsers.message import Report
from parsers.normalise import Reading
from parsers.vocabulary import (
    BRANDS,
    COMMON_SURNAMES,
    COMPOUND_SURNAMES,
    ENDINGS,
    FILLER,
    FUNCTION,
    LABELS,
)

_GIVEN: Final = "[\u4e00-\u9fff]"
_ADDRESSED: Final = "先生|女士|小姐|太太"
_NAME: Final = (
    rf"(?:(?:{'|'.join(sorted(COMPOUND_SURNAMES))})(?:{_GIVEN}{{1,2}}|{_ADDRESSED})"
    rf"|[{''.join(sorted(COMMON_SURNAMES))}](?:{_GIVEN}{{1,2}}|{_ADDRESSED}))"
)
_UNIT: Final = rf"(?:{'|'.join(sorted(map(re.escape, BRANDS), key=len, reverse=True))})(?:地产|置业|房产)?"
_GAP: Final = r"[ ,]{1,3}"
_FORM: Final = re.compile(
    rf"\s*(?:报备[ :,]{{1,3}})?({_NAME}){_GAP}(1[3-9]\d)\*{{4}}(\d{{4}}){_GAP}({_NAME})(?:{_GAP}({_UNIT}))?\s*"
)


def read_plain(reading: Reading, known: Known) -> Report | None:
    """Return the one report of a text in the plain form; None for any other."""
    found = _FORM.fullmatch(reading.skeleton)
    if found is None:
        return None
    for name in (found[1], found[4]):
        if name in LABELS or name in FUNCTION or any(name.endswith(ending) for ending in ENDINGS if len(ending) > 1):
            return None
        if any(char in FILLER or char in FUNCTION for char in name[1:]):
            return None
    if (
        known.units & {found[1], found[4]}
        or found[1] in known.people
        or (known.people and found[4] not in known.people)
    ):
        return None
    clean = reading.clean
    unit = clean[found.start(5) : found.end(5)] if found[5] else None
    return Report(clean[found.start(1) : found.end(1)], found[2], found[3], clean[found.start(4) : found.end(4)], unit)
