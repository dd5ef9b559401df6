"""Phone numbers of senders and sites."""

import re
from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberType

NOT_A_NUMBER = "“%(typed)s” is not a phone number; write it as +8613800000000"
NOT_POSSIBLE = "“%(typed)s” is not a possible phone number; write it as +8613800000000"
DIGITS_LOST = "“%(typed)s” lost its digits in a spreadsheet: format the column as text and type them again"
MORE_THAN_A_NUMBER = "“%(typed)s” is not a phone number and nothing else; write it as +8613800000000"
NO_MOBILE = "“%(typed)s” is no mobile number in %(country)s; write one as +8613800000000"

DEFAULT_REGION = "CN"
_MOBILE_TYPES: Final = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
_OF_SPREADSHEETS: Final = re.compile(r"\.0$")
_IN_POWERS: Final = re.compile(r"\d(?:[.,]\d+)?[eE][+＋]?\d+")
_SIGNS_OF_NUMBERS: Final = re.compile(r"[+＋]?[\s\d()（）‐-―－-]+(?:\.\d{2,}[\s\d()-]*)*")
_CHINA: Final = 86
_CHINESE_MOBILE: Final = re.compile(r"1[3-9][0-9]{9}")
_FEWEST: Final = 7
_OF_PERSONS: Final = (*_MOBILE_TYPES, PhoneNumberType.PERSONAL_NUMBER, PhoneNumberType.VOIP)


class NumberError(ValueError):
    """What is no number of the kind that is wanted: a sentence, and what fills its %(names)s."""

    def __init__(self, sentence: str, **values: object) -> None:
        """Say this sentence, filled in."""
        super().__init__(sentence % values)
        self.sentence, self.values = sentence, values


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


def country_code_of_region(region: str) -> int:
    """Return the country code of a region (ISO 3166, as "CN"); raises ValueError when there is none so called."""
    code = phonenumbers.country_code_for_region(region)
    if not code:
        raise ValueError(f"“{region}” is no country; write it as CN")
    return code


@lru_cache(maxsize=4096)
def is_persons(number: str) -> bool:
    """Tell whether an E.164 number can be a person's, who texts with it, as far as its country's plan tells.

    Service numbers (+8610086), short codes, landlines, toll-free and premium numbers are machines'. A number of a range
    that the plan does not know yet is taken for a person's where its length is that of one.
    """
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return False
    kind = phonenumbers.number_type(parsed)
    if kind != PhoneNumberType.UNKNOWN:
        return kind in _OF_PERSONS
    national = phonenumbers.national_significant_number(parsed)
    if parsed.country_code == _CHINA:
        return _CHINESE_MOBILE.fullmatch(national) is not None
    return phonenumbers.is_possible_number(parsed) and len(national) >= _FEWEST


def to_e164(typed: str, region: str = DEFAULT_REGION) -> str:
    """Return a number as typed (+86…, 0086…, 138…) in E.164; raises ValueError when it is no possible number."""
    try:
        parsed = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException as error:
        raise NumberError(NOT_A_NUMBER, typed=typed) from error
    if not phonenumbers.is_possible_number(parsed):
        raise NumberError(NOT_POSSIBLE, typed=typed)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def to_mobile(typed: str, region: str = DEFAULT_REGION) -> str:
    """Return a person's mobile number in E.164; raises ValueError with a sentence for whatever else it is.

    It is one that its country gives out, by phonenumbers. The `.0` of a spreadsheet that took it for a quantity goes.
    """
    if _IN_POWERS.fullmatch(typed):
        raise NumberError(DIGITS_LOST, typed=typed)
    written = _OF_SPREADSHEETS.sub("", typed)
    if not _SIGNS_OF_NUMBERS.fullmatch(written):
        raise NumberError(MORE_THAN_A_NUMBER, typed=typed)
    e164 = to_e164(written, region)
    number = phonenumbers.parse(e164)
    if phonenumbers.number_type(number) not in _MOBILE_TYPES:
        country = phonenumbers.region_code_for_country_code(number.country_code or 0)
        raise NumberError(NO_MOBILE, typed=typed, country=country)
    return e164
