"""The states of claims, forms and disputes, their flags, signers and sides, and the kinds of deadlines.

Each is declared once; the value is what their table holds.

No state follows from time alone: a claim is over when its end is past, a form is void after its day, whatever its
state says.
"""

from enum import StrEnum
from typing import Final


class ClaimState(StrEnum):
    """How a claim stands."""

    LIVE = "live"
    """it holds its client until its end (R7)"""
    WALK_IN = "walkin"
    """the site's own client, held as one (R6, B2)"""
    SUSPECTED = "suspected"
    """the same number under another name: it holds provisionally, until 判 (R11, B18)"""
    CONTESTED = "contested"
    """sent before another's claim and received after it, or after one that lapsed by a clock's jump alone: it holds
    nothing until 判 (R11, B21)"""
    WITHDRAWN = "withdrawn"
    """given up by its agent, or taken back by the manager (撤)"""
    DISPLACED = "displaced"
    """its client turned out to be another's (E14)"""
    DENIED = "denied"
    """its client said at his arrival that he came by nobody (核实 否, R15, B3)"""


PENDING: Final = (ClaimState.SUSPECTED, ClaimState.CONTESTED)
"""Those that wait for the manager's 判."""
LASTING: Final = (ClaimState.LIVE, *PENDING)
"""Those of registrations that nothing but time has ended."""
LIVING: Final = (*LASTING, ClaimState.WALK_IN)
"""Those of claims that nothing but time has ended."""


class FormState(StrEnum):
    """How a visit form stands on its day."""

    OPEN = "open"
    """it waits for signatures, or for proof of what differs (R13, R22)"""
    ASKED = "asked"
    """client service was asked with whom he came (R15)"""
    CONFIRMED = "confirmed"
    """all have signed"""
    DENIED = "denied"
    """he came by nobody, or what differs was not proved"""


WAITING: Final = (FormState.OPEN, FormState.ASKED)
"""Those in which a form may still be signed or answered."""
CLOSED: Final = (FormState.CONFIRMED, FormState.DENIED)


class FormKind(StrEnum):
    """How the client of a visit form came."""

    LED = "led"
    """with an agent (到访)"""
    OWN = "own"
    """alone, under a live report (自访, R15)"""
    WALK_IN = "walkin"
    """alone, under none (现场客, R6)"""


class DisputeState(StrEnum):
    """How a dispute stands."""

    OPEN = "open"
    """nobody has ruled; a default judgement (R20) follows from the times"""
    DECIDED = "decided"
    """the manager has ruled (R21)"""
    CANCELLED = "cancelled"
    """the manager withdrew it (J9)"""


class Flag(StrEnum):
    """What is noted on a claim or stands beside an answer."""

    UNSURE = "unsure"
    """nobody has confirmed its reading (R2b, L24)"""
    UNLISTED = "unlisted"
    """its agent or sender is on no roster (R26)"""
    ASKED = "asked"
    """its sender was asked whether its unlisted agent is himself (L21)"""
    FULL_NUMBER = "full_number"
    """the client's number stood in the text whole (C1)"""
    SHORTENED = "shortened"
    """its unit gave the client up before: the end is that of then (R7, B47)"""
    PROJECT = "project"
    """it names a project that no site is (L25)"""
    GROUP = "group"
    """it was reported in a group (R10)"""
    IMPORTED = "imported"
    """it came from an old register"""
    TOLD = "told"
    """the managers were told of it by itself: they hear, too, when it is amended (L23)"""
    RIVAL = "rival"
    """another unit reported its client after it (R11)"""
    SUSPECTED = "suspected"
    """beside an answer: the same number under another name (R11)"""
    CONTESTED = "contested"
    """a text that was sent earlier came after it, and nobody has decided (R11, B21)"""
    CLOCK = "clock"
    """it lapsed by a jump of the line's clock alone, and stands until somebody decides (`jumps`)"""
    JUMPED = "jumped"
    """of a contested claim: the one before it had lapsed by a jump of the line's clock alone"""
    GAP_BROKEN = "gap_broken"
    """a gap between follow-ups was too long to renew it (R9)"""
    EXTENDED = "extended"
    """the manager has given it more days: no contact takes them away (延, L16)"""
    SHORT_LEAD = "short_lead"
    """its client arrived so soon after the report that it smells of poaching (R4)"""
    DISPUTED = "disputed"
    """an arrival named another unit, or a dispute is open (R15, R18)"""
    CLAIMED = "claimed"
    """beside an answer: a family that is only said to be one (B17)"""
    LATE_ENTRY = "late_entry"
    """a payment was recorded on a later day than it was made on (J3)"""
    EARLY = "early"
    """of a walk-in: he came before he was reported (R1)"""
    LAPSED = "lapsed"
    """of a walk-in: his report had run out (R8)"""
    DENIED = "denied"
    """of a walk-in: his reporter was denied by him (R15)"""


class Signer(StrEnum):
    """Who has to sign a visit form (R13)."""

    AGENT = "agent"
    """who brings the client; not where he came alone (R15)"""
    CONSULTANT = "consultant"
    """who received him"""
    MANAGER = "manager"
    """who answers for the site"""


class Side(StrEnum):
    """On which side a party of a dispute stands (R18, J4)."""

    HOLDER = "holder"
    """it has the client"""
    OBJECTOR = "objector"
    """it says that he is its own"""


class DeadlineKind(StrEnum):
    """What a deadline will make us say; `due_notices.TELL` has the words of each."""

    EXPIRED = "expired"
    """a claim's end (R8)"""
    REMINDER = "reminder"
    """its report's days are nearly over (E9)"""
    GAP_REMINDER = "gap_reminder"
    """the gap between its contacts nearly ends it (R14)"""
    DIGEST = "digest"
    """the hour's digest for managers (E25)"""
    DAILY = "daily"
    """the day's digest (F32)"""
    FOLDED = "folded"
    """what a phone was not told one by one (L11)"""
    LEFT = "left"
    """an agent's line of the roster ends, and he has clients (L17)"""
    SIGN_REMINDER = "sign_reminder"
    """a form still waits for signatures in the evening (R13)"""
    VISIT_VOID = "visit_void"
    """a form's day is over (R16)"""
    OPINION_REMINDER = "opinion_reminder"
    """client service owes an opinion (R21)"""
    DEFAULT_JUDGEMENT = "default_judgement"
    """an objector's time for papers is over (R20)"""


COUNTED: Final = (DeadlineKind.DIGEST, DeadlineKind.DAILY, DeadlineKind.FOLDED)
"""Those that count on until they are told."""
