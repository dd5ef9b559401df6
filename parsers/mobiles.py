"""What a mobile number looks like in each country: its lengths and how it may begin (texts.md section 1)."""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

import phonenumbers
from phonenumbers.phonemetadata import PhoneMetadata

_LONGEST_COUNTRY_CODE: Final = 3
_FILLERS: Final = ("0", "1", "5", "9")
_TRIES: Final = 10 * len(_FILLERS)
_NOTHING: Final = r"(?!)"


@dataclass(frozen=True)
class MobileShape:
    """Mobile numbers of a country without its code: possible lengths, the trunk digit (or ""), phonenumbers' pattern."""

    country_code: int
    lengths: frozenset[int]
    trunk: str
    pattern: str

    @cached_property
    def beginnings(self) -> frozenset[str]:
        """The first three digits of all; found when first asked for, for it takes a while and is not always asked."""
        # Some number of these lengths begins so; all are tried in one go, which is much faster than one after another.
        whole = re.compile(rf"^(?:{self.pattern})$", re.MULTILINE)
        found = {match.start() // (n + 1) // _TRIES for n in self.lengths for match in whole.finditer(_tried(n))}
        return frozenset(map("{:03d}".format, found))

    def may_begin(self, first3: str) -> bool:
        """Tell whether a mobile number of the country may begin so, with or without the trunk digit."""
        if first3 in self.beginnings:
            return True
        rest = first3[1:]
        return bool(self.trunk) and first3.startswith(self.trunk) and any(b.startswith(rest) for b in self.beginnings)


@lru_cache(maxsize=4)
def _tried(length: int) -> str:
    """Return numbers of a length, one a line, `_TRIES` for each three digits; the fourth is tried, the others repeat."""
    ends = [fourth + filler * length for fourth in "0123456789" for filler in _FILLERS]
    return "\n".join(f"{beginning:03d}{end}"[:length] for beginning in range(1000) for end in ends)


@lru_cache(maxsize=256)
def shape_of_region(region: str) -> MobileShape:
    """Return the mobile shape of a region (ISO 3166, as "CN"); of China for a region nobody knows."""
    metadata = PhoneMetadata.metadata_for_region(region, None) or PhoneMetadata.metadata_for_region("CN")
    if metadata is None or metadata.mobile is None:
        return MobileShape(0, frozenset(), "", _NOTHING)
    mobile = metadata.mobile
    lengths = frozenset(n for n in mobile.possible_length or () if n > 0)
    trunk = metadata.national_prefix or ""
    pattern = mobile.national_number_pattern or _NOTHING
    return MobileShape(metadata.country_code or 0, lengths, trunk if trunk == "0" else "", pattern)


@lru_cache(maxsize=256)
def shape_of_code(country_code: int) -> MobileShape:
    """Return the mobile shape behind a country code; that of its main region where several share it."""
    return shape_of_region(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[country_code][0])


def leading_country_code(digits: str) -> int | None:
    """Return the country code a run of digits begins with, None when it begins with none."""
    for length in range(1, _LONGEST_COUNTRY_CODE + 1):
        if len(digits) >= length and int(digits[:length]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return int(digits[:length])
    return None
