"""What Twilio's statuses and error codes mean for us (https://www.twilio.com/docs/api/errors)."""

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
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
    "21214": _number("the number cannot be reached"),
    "21217": _number("the number is not valid"),
    "21265": _number("the number is a short code"),
    "21604": _number("no number was given"),
    "21614": _number("the number is not a mobile number"),
    "21635": _number("the number is a landline"),
    "30005": _number("the number does not exist"),
    "30006": _number("the number is a landline or cannot be reached"),
    "21610": lambda code: Refused(code, "the person has opted out", "number", opted_out=True),
    "21602": _content("there were no words"),
    "21605": _content("the words are too long"),
    "21617": _content("the words are too long"),
    "21618": _content("the words cannot be sent"),
    "21619": _content("there were no words"),
    "30004": _content("the message was blocked"),
    "30007": _content("the carrier took the words for spam"),
    "30019": _content("the words are too long"),
    "30038": _content("the words were taken for a verification code"),
    "30044": _content("the words are too long for a trial account"),
    "10001": _account("our account is not active"),
    "20003": _account("Twilio refuses our account or token"),
    "20005": _account("our account is not active"),
    "20006": _account("Twilio denies our account access"),
    "20008": _account("the credentials are for tests only"),
    "20403": _account("Twilio denies our account access"),
    "20404": _account("Twilio does not know our account"),
    "21609": _account("our address for statuses is not valid"),
    "21701": _account("our messaging service does not exist"),
    "21703": _account("our messaging service has no number"),
    "21704": _account("our messaging service has no number"),
    "21705": _account("our messaging service is not valid"),
    "30002": _account("our account is suspended"),
    "30037": _account("sending is switched off for our account"),
    "30127": _account("our messaging service is not valid"),
    "90010": _account("our account is not active"),
    "14108": _sender("our number cannot send texts"),
    "21212": _sender("our number is not valid"),
    "21601": _sender("our number cannot send texts"),
    "21603": _sender("no sending number was given"),
    "21606": _sender("our number cannot text to it, or not at all", recipients=5),
    "21607": _sender("our number may not be used by a trial account"),
    "21659": _sender("our number is not Twilio's"),
    "21660": _sender("our number belongs to another account"),
    "21661": _sender("our number cannot send texts"),
    "21712": _sender("our number is not in our messaging service"),
    "30024": _sender("our number is not registered with the carriers", recipients=5),
    "30032": _sender("our number is not verified"),
    "30033": _sender("our number's campaign is suspended"),
    "30034": _sender("our number is not registered with the carriers"),
    "21215": _pair("calls and texts to this place are switched off"),
    "21219": _pair("a trial account texts verified numbers only"),
    "21266": _pair("the number is our own"),
    "21408": _pair("texts to this country are switched off"),
    "21608": _pair("a trial account texts verified numbers only"),
    "21612": _pair("our number cannot reach this one"),
    "30018": _pair("the carrier wants our number registered"),
    "30041": _pair("the carrier wants our number registered"),
    "30450": _pair("blocked as pumping"),
    "30453": _pair("blocked as pumping"),
    "20429": _later(1, "too many requests"),
    "21611": _later(1, "our number's queue is full"),
    "21730": _later(60, "Twilio is under maintenance"),
    "30001": _later(1, "the queue is full"),
    "14107": _later(60, "we send too fast"),
    "30003": _once_later(600, "the phone is off or out of reach"),
    "30008": _once_later(600, "not delivered, for no known reason"),
    "30017": _once_later(600, "the carrier's network is busy"),
    "30022": _once_later(600, "the carrier finds that we send too fast"),
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

    Any other answer that carries one of Twilio's codes was Twilio's: nothing was sent, known to us or not (L19).

    `retry_after` is the header of that name: seconds, or a date, which is compared with `now`.
    """
    outcome = _refusal_of(status, text)
    if not isinstance(outcome, Retry):
        return outcome
    wanted_s = 0.0
    if re.fullmatch(r"[0-9]{1,9}", retry_after.strip()):
        wanted_s = float(retry_after)
    elif now is not None:
        with suppress(ValueError, TypeError):
            wanted_s = (parsedate_to_datetime(retry_after) - now).total_seconds()
    return replace(outcome, after_s=max(outcome.after_s, min(wanted_s, LONGEST_RETRY_AFTER_S)))


def _refusal_of(status: int, text: str) -> Handover:
    try:
        given = str(json.loads(text)["code"])
    except (ValueError, TypeError, KeyError):
        given = ""
    known = re.fullmatch(r"[0-9]{3,6}", given) is not None
    code = given if known else str(status)
    if status >= 500:
        return Unknown(code, "Twilio failed")
    if status == 401:
        return VERDICTS["20003"](code)
    verdict = VERDICTS.get(code)
    if verdict is None and status == 429:
        verdict = VERDICTS["20429"]
    if verdict is None and known and status >= 400:
        verdict = _pair("Twilio refused it for a reason that we do not know")
    # Without a code something before Twilio may have answered, which knows nothing of what became of it.
    return verdict(code) if verdict else Unknown(code, "the answer says nothing of the message")


def failure_of(delivery: str | None, code: str | None) -> Retry | Refused | Stopped | SenderStopped | None:
    """Return what a delivery that failed means for us; None for one that did not fail. Silence is never Sent."""
    if delivery not in ("undelivered", "failed"):
        return None
    verdict = VERDICTS.get(code or "")
    outcome = verdict(code or "") if verdict else None
    if isinstance(outcome, Retry | Refused | Stopped | SenderStopped):
        return outcome
    return Refused(code or "none", "not delivered", "number")
