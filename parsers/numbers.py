"""Phone numbers of senders and sites."""

from functools import lru_cache

import phonenumbers

DEFAULT_REGION = "CN"


@lru_cache(maxsize=1024)
def region_of(number: str) -> str:
    """Return the region (ISO 3166, as "CN") of an E.164 number; "CN" when it tells none."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return DEFAULT_REGION
    region = phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(
        parsed.country_code or 86
    )
    return DEFAULT_REGION if region in (None, "ZZ", "001") else region


@lru_cache(maxsize=4096)
def country_code_of(number: str) -> int | None:
    """Return the country code of an E.164 number, None when it is none (a short code, a name)."""
    try:
        return phonenumbers.parse(number).country_code
    except phonenumbers.NumberParseException:
        return None


def to_e164(typed: str, region: str = DEFAULT_REGION) -> str:
    """Return a number as typed (+86…, 0086…, 138…) in E.164; raises ValueError when it is no possible number."""
    try:
        parsed = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException as error:
        raise ValueError(f"“{typed}” is not a phone number; write it as +8613800000000") from error
    if not phonenumbers.is_possible_number(parsed):
        raise ValueError(f"“{typed}” is not a possible phone number; write it as +8613800000000")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
