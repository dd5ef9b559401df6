"""What Twilio's statuses and error codes mean for us (https://www.twilio.com/docs/api/errors)."""

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from importlib.resources import files
from typing import Final

from worker.gateways.base import Handover, Refused, Retry, SenderStopped, Sent, Stopped, Unknown

DELIVERY_OF: Final[Mapping[str, str]] = {
    "accepted": "queued",
    "scheduled": "queued",
    "queued": "queued",
    "sending": "sending",
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "undelivered",
    "failed": "failed",
    "canceled": "failed",
}
"""Twilio's word for a message's status → ours; other words say nothing about a reply of ours."""

Verdict = Callable[[str], Handover]


def _number(words: str) -> Verdict:
    return lambda code: Refused(code, words, "number")


def _content(words: str) -> Verdict:
    return lambda code: Refused(code, words, "content")


def _pair(words: str) -> Verdict:
    return lambda code: Refused(code, words, "pair")


def _later(after_s: float, words: str) -> Verdict:
    return lambda code: Retry(after_s, code, words)


def _once_later(after_s: float, words: str) -> Verdict:
    return lambda code: Retry(after_s, code, words, once=True)


def _account(words: str) -> Verdict:
    return lambda code: Stopped(code, words)


def _sender(words: str, recipients: int = 1) -> Verdict:
    return lambda code: SenderStopped(code, words, recipients)


VERDICTS: Final[Mapping[str, Verdict]] = {
    "21211": _number("the number is not valid"),
    "21614": _number("the number is not a mobile number"),
    "21217": _number("the number is not valid"),
    "30005": _number("the number does not exist"),
    "30006": _number("the number is a landline or cannot be reached"),
    "21610": lambda code: Refused(code, "the person has opted out", "number", opted_out=True),
    "30004": _content("the message was blocked"),
    "30007": _content("the carrier took the words for spam"),
    "21617": _content("the words are too long"),
    "20003": _account("Twilio refuses our account or token"),
    "20005": _account("our account is not active"),
    "30002": _account("our account is suspended"),
    "21603": _sender("no sending number was given"),
    "21606": _sender("our number cannot text to it, or not at all", recipients=5),
    "30034": _sender("our number is not registered with the carriers"),
    "21408": _pair("texts to this country are switched off"),
    "21612": _pair("our number cannot reach this one"),
    "20429": _later(1, "too many requests"),
    "21611": _later(1, "our number's queue is full"),
    "30001": _later(1, "the queue is full"),
    "14107": _later(60, "we send too fast"),
    "30003": _once_later(600, "the phone is off or out of reach"),
    "30008": _once_later(600, "not delivered, for no known reason"),
}
"""Twilio's error codes, as answers and as callbacks give them (https://www.twilio.com/docs/api/errors)."""


@cache
def _in_chinese() -> Mapping[str, str]:
    return tomllib.loads(files("worker.gateways").joinpath("twilio_zh.toml").read_text(encoding="utf-8"))


def explained(code: str, language: str) -> str:
    """Return what an error code means in a language, else in English; "" for one that is not known."""
    verdict = VERDICTS.get(code)
    outcome = verdict(code) if verdict is not None else None
    words = "" if outcome is None or isinstance(outcome, Sent) else outcome.words
    return _in_chinese().get(code, words) if language == "zh" else words


LONGEST_RETRY_AFTER_S: Final = 200.0
"""A reply is of use for hours only: jitter added, this is the table's five minutes."""


def refusal_of(status: int, text: str, retry_after: str = "", now: datetime | None = None) -> Handover:
    """Return what an answer that is no success means. After a 5xx the customer may have been texted all the same.

    `retry_after` is the header of that name: seconds, or a date, which is compared with `now`.
    """
    outcome = _refusal_of(status, text)
    if not isinstance(outcome, Retry):
        return outcome
    wanted = min(_seconds(retry_after, now), LONGEST_RETRY_AFTER_S)
    return replace(outcome, after_s=max(outcome.after_s, wanted))


def _seconds(retry_after: str, now: datetime | None) -> float:
    if re.fullmatch(r"[0-9]{1,9}", retry_after.strip()):
        return float(retry_after)
    try:
        until = parsedate_to_datetime(retry_after)
        return 0.0 if now is None else (until - now).total_seconds()
    except (ValueError, TypeError):
        return 0.0


def _refusal_of(status: int, text: str) -> Handover:
    code = _code(text) or str(status)
    if status >= 500:
        return Unknown(code, "Twilio failed")
    if status == 401:
        return VERDICTS["20003"](code)
    verdict = VERDICTS.get(code)
    if verdict is None and status == 429:
        verdict = VERDICTS["20429"]
    return verdict(code) if verdict else Unknown(code, "Twilio refused it for a reason that we do not know")


def _code(text: str) -> str | None:
    try:
        code = json.loads(text)["code"]
    except (ValueError, TypeError, KeyError):
        return None
    return str(code) if re.fullmatch(r"[0-9]{3,6}", str(code)) else None


def failure_of(delivery: str | None, code: str | None) -> Retry | Refused | Stopped | SenderStopped | None:
    """Return what a delivery that failed means for us; None for one that did not fail. Silence is never Sent."""
    if delivery not in ("undelivered", "failed"):
        return None
    verdict = VERDICTS.get(code or "")
    outcome = verdict(code or "") if verdict else None
    if isinstance(outcome, Retry | Refused | Stopped | SenderStopped):
        return outcome
    return Refused(code or "none", "not delivered", "number")
