"""Faults of the SMSGate app by its version: which texts it loses or doubles (read in its sources, tag by tag)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

Version = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of the versions from `first` to before `mended`, in words that follow on “the app”.

    `loses`: whatever is done, texts never arrive by it.
    """

    code: str
    first: Version
    mended: Version
    words: str
    loses: bool = False


FAULTS: Final[tuple[Fault, ...]] = (
    Fault(
        # Mended by 64ce33b.
        *("same_words_lost", (1, 65, 2), (1, 66, 2)),
        words="drops every text whose sender has sent the same words before",
        loses=True,
    ),
    Fault("no_look", (0, 0, 0), (1, 65, 2), "cannot be asked for the texts that came while it was dead"),
    Fault("no_date", (1, 63, 0), (1, 65, 2), "gives the same words of a sender one id, whenever they were sent"),
    Fault("two_times", (1, 66, 0), (1, 66, 2), "can post one text twice, with two times"),
    Fault("twice", (1, 65, 0), (1, 65, 1), "posts texts twice"),
    Fault("twice", (0, 0, 0), (1, 52, 3), "posts texts twice"),
    Fault("no_start", (0, 0, 0), (1, 66, 0), "does not say that it has started, nor which cards it has then"),
)
"""The worst first; every version before `FIRST_GOOD` has one."""
FIRST_GOOD: Final = "1.66.2"
"""The first version without any of them."""
FIRST_TO_POST_ONCE: Final = (1, 65, 2)
"""Before it an app that is asked for the texts of a period posts all of them, dated by the phone's clock: as others."""
EVENTS: Final[Mapping[str, Version]] = {
    "sms:received": (0, 0, 0),
    "system:ping": (0, 0, 0),
    "mms:downloaded": (1, 56, 0),
    "app:started": (1, 66, 0),
}
"""What we ask an app to post, each since which version it knows it (WebHookEvent.kt).

Of a list with an event that it does not know it takes nothing (WebhooksUpdateWorker.kt: all is tried again, in vain).
"""
_VERSION: Final = re.compile(r"(?:me\.capcom\.smsgateway/)?v?([0-9]{1,4})\.([0-9]{1,4})(?:\.([0-9]{1,4}))?(?![0-9.])")


def version_of(said: str) -> Version | None:
    """Return the version that a User-Agent (`me.capcom.smsgateway/1.66.2`) or a person names, None for another."""
    found = _VERSION.match(said.strip())
    return None if found is None else (int(found[1]), int(found[2]), int(found[3] or 0))


def faults_of(said: str) -> tuple[Fault, ...]:
    """Return the faults of a version, worst first; none of one that cannot be read."""
    version = version_of(said)
    return () if version is None else tuple(each for each in FAULTS if each.first <= version < each.mended)


def posts_once(said: str) -> bool:
    """Tell whether an app of this version, asked for the texts of a period, posts those alone that it never has."""
    version = version_of(said)
    return version is not None and version >= FIRST_TO_POST_ONCE


def events_of(said: str) -> tuple[str, ...]:
    """Return which of `EVENTS` an app of this version knows; of a version that cannot be read those that all know."""
    version = version_of(said) or (0, 0, 0)
    return tuple(event for event, since in EVENTS.items() if since <= version)
