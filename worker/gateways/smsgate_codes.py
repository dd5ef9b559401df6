"""What the SMSGate app's failures mean for us, whichever way a reply came to the phone.

The app tells them in words (MessagesService.kt: resultToErrorMessage, processStateIntent, sendMessage). Android's name
in them is the code (android.telephony.SmsManager), and what has none gets one here.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from worker.gateways.base import Refused, Retry, SenderStopped

Failure = Retry | Refused | SenderStopped
Verdict = Callable[[str], Failure]

OTHER: Final = "SEND_FAILED"


def _number(words: str) -> Verdict:
    return lambda code: Refused(code, words, "number")


def _pair(words: str) -> Verdict:
    return lambda code: Refused(code, words, "pair")


def _content(words: str) -> Verdict:
    return lambda code: Refused(code, words, "content")


def _later(after_s: float, words: str) -> Verdict:
    return lambda code: Retry(after_s, code, words)


def _once_later(words: str) -> Verdict:
    return lambda code: Retry(600, code, words, once=True)


def _sender(words: str) -> Verdict:
    return lambda code: SenderStopped(code, words)


VERDICTS: Final[Mapping[str, Verdict]] = {
    "RESULT_ERROR_RADIO_OFF": _later(60, "the phone is in airplane mode"),
    "RESULT_ERROR_NO_SERVICE": _later(60, "the phone has no service"),
    "RESULT_RADIO_NOT_AVAILABLE": _later(60, "the phone has no service"),
    "RESULT_RIL_RADIO_NOT_AVAILABLE": _later(60, "the phone has no service"),
    "RESULT_RIL_NETWORK_NOT_READY": _later(60, "the phone has no service"),
    "RESULT_SMS_BLOCKED_DURING_EMERGENCY": _later(60, "the phone is in an emergency call"),
    "RESULT_ERROR_LIMIT_EXCEEDED": _later(1800, "Android's limit of texts in half an hour is reached"),
    "RESULT_RIL_REQUEST_RATE_LIMITED": _later(600, "the phone's radio wants to send more slowly"),
    "RESULT_UNEXPECTED_EVENT_STOP_SENDING": _later(600, "the phone asks on its screen whether it may go on sending"),
    "RESULT_ERROR_GENERIC_FAILURE": _once_later("the phone could not send it, for no known reason"),
    "RESULT_NETWORK_REJECT": _once_later("the carrier refused it: is there credit on the SIM?"),
    "RESULT_RIL_NETWORK_REJECT": _once_later("the carrier refused it: is there credit on the SIM?"),
    "RESULT_OPERATION_NOT_ALLOWED": _once_later("the carrier refused it: is there credit on the SIM?"),
    "RESULT_RIL_SIM_ABSENT": _sender("the phone has no SIM"),
    "RESULT_INVALID_SMSC_ADDRESS": _sender("the SIM has a wrong number of the message centre"),
    "RESULT_RIL_INVALID_SMSC_ADDRESS": _sender("the SIM has a wrong number of the message centre"),
    "RESULT_ERROR_FDN_CHECK_FAILURE": _sender("the SIM may text fixed numbers only"),
    "RESULT_RIL_ACCESS_BARRED": _sender("the SIM is barred from sending"),
    "RESULT_ERROR_SHORT_CODE_NOT_ALLOWED": _number("the phone may not text short numbers"),
    "RESULT_ERROR_SHORT_CODE_NEVER_ALLOWED": _number("the phone may not text short numbers"),
    "RESULT_ERROR_NULL_PDU": _content("the words cannot be sent"),
    "RESULT_ENCODING_ERROR": _content("the words cannot be sent"),
    "RESULT_RIL_ENCODING_ERR": _content("the words cannot be sent"),
    "NUMBER_INVALID": _number("the number is not valid"),
    "NUMBER_NOT_MOBILE": _number("the number is not a mobile number"),
    "NUMBER_UNREACHABLE": _number("the carrier could not deliver it"),
    "NOT_DELIVERED": _once_later("the carrier could not deliver it for now"),
    "NO_SIM": _sender("the phone has no SIM in this slot"),
    "NO_PERMISSION": _sender("the app may not read the state of the phone: allow it on the phone"),
    "TTL_EXPIRED": _later(1, "the phone took it for too old: set its clock"),
    "CANCELLED": _pair("it was cancelled on the phone"),
    OTHER: _once_later("the phone could not send it"),
}
"""Code → what it means. A phone without service sends again by itself once it has some; one that lacks a SIM or a
permission needs a person."""

WRITTEN: Final = (
    ("TTL expired", "TTL_EXPIRED"),
    ("Invalid phone number type", "NUMBER_NOT_MOBILE"),
    ("Invalid phone number", "NUMBER_INVALID"),
    ("did not seem to be a phone number", "NUMBER_INVALID"),
    ("READ_PHONE_STATE", "NO_PERMISSION"),
    ("No SIMs found", "NO_SIM"),
    ("ancelled", "CANCELLED"),
)
"""What stands in the app's words where Android gave no name → code, in this order."""

_NAMED: Final = re.compile(r"\bRESULT_[A-Z_]+")
_SIM_MISSING: Final = re.compile(r"\bSIM \d+ not found")
_BY_CARRIER: Final = re.compile(r"Delivery result(?: from SC [^:]*)?: (\d{1,3})")
_NO_MORE_TRIES: Final = range(0x40, 0x60)
"""TP-Status of a delivery report (3GPP TS 23.040, 9.2.3.15): errors that are permanent."""


def code_of(error: str | None) -> str:
    """Return the code of a failure that the app tells in these words; `OTHER` for words that nobody knows."""
    error = error or ""
    named = _NAMED.search(error)
    if named is not None:
        return named[0] if named[0] in VERDICTS else OTHER
    report = _BY_CARRIER.search(error)
    if report is not None:
        return "NUMBER_UNREACHABLE" if int(report[1]) in _NO_MORE_TRIES else "NOT_DELIVERED"
    if _SIM_MISSING.search(error):
        return "NO_SIM"
    return next((code for written, code in WRITTEN if written in error), OTHER)


def failure_of(error: str | None) -> Failure:
    """Return what it means for a reply that the app gives up with these words."""
    code = code_of(error)
    return VERDICTS[code](code)


@cache
def _in_chinese() -> Mapping[str, str]:
    return tomllib.loads(files("worker.gateways").joinpath("smsgate_zh.toml").read_text(encoding="utf-8"))


def explained(code: str, language: str) -> str:
    """Return what a code of the app means in a language, else in English; "" for one that is not its own."""
    verdict = VERDICTS.get(code)
    words = "" if verdict is None else verdict(code).words
    return _in_chinese().get(code, words) if language == "zh" else words
