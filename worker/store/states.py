"""The states of replies and phones, and the sets of them that anybody asks for: each is declared here alone."""

from enum import StrEnum
from typing import Final


class ReplyState(StrEnum):
    """How a reply stands. The value is what the table holds."""

    PENDING = "pending"
    """it waits for its first attempt, or for another one"""
    SENDING = "sending"
    """a courier has leased it: it is being handed over, or may have been"""
    SENT = "sent"
    """its gateway has taken it"""
    FAILED = "failed"
    """it surely did not go out, and is not tried again"""
    UNKNOWN = "unknown"
    """nobody knows whether it went out; it is looked up at the gateway"""
    REVIEW = "review"
    """nobody knows, after a second attempt either: for a person to settle"""
    STALE = "stale"
    """it was not sent in time, and is of no use any more"""


class PhoneState(StrEnum):
    """How a phone stands that is a gateway's. The value is what the table holds."""

    WAITING = "waiting"
    """it has registered, and a person has to approve it"""
    APPROVED = "approved"
    """its texts are taken, and it is given the replies of its sites"""
    ENDED = "ended"
    """its keys are good for nothing any more"""


TO_SEND: Final = (ReplyState.PENDING, ReplyState.SENDING)
IN_DOUBT: Final = (ReplyState.UNKNOWN, ReplyState.REVIEW)
"""Those that a person may settle, by what he knows."""
UNDELIVERED: Final = (ReplyState.FAILED, ReplyState.UNKNOWN, ReplyState.REVIEW, ReplyState.STALE)
"""Those that did not arrive, as far as we know; a person may have them sent once more."""
SETTLED: Final = (ReplyState.SENT, ReplyState.FAILED, ReplyState.STALE)
"""Those that nothing happens to any more."""
AT_REST: Final = (*SETTLED, ReplyState.REVIEW)
"""Those that nothing happens to by itself."""
FEW: Final = (*TO_SEND, *IN_DOUBT, ReplyState.STALE)
"""Those that there are never many of, so that counting them is cheap."""
