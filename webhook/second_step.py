"""The second step of an act that cannot be undone: the page shows what will happen and asks once more (L9).

first POST ─→ what it will do, with all that was posted and a digest of what is shown
       └─ “do it”   ─→ the same POST with the digest: the act, or what it will do anew if that is no longer the same
       └─ “go back” ─→ the same POST with `step=back`: the page that it came from

An act by which a stranger at an open page could take a site over asks for the password there (`proved`).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hmac import compare_digest

from flask import render_template, request

from webhook.login_tries import doubted

SEEN, STEP, BACK = "seen", "step", "back"
"""What the second step posts besides the act's own fields."""
PROOF = ("current", "code")
"""What a password is asked for by (`webhook.login_tries`); no page holds it."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What an act concerns, how it stands now, and how it will; `then` is "" where it goes on as it is."""

    what: str
    now: str
    then: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody who is told, in these words; `code`: of what, which does not change with the minute as words may."""

    who: str
    phone: str
    words: str
    code: str


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What an act will do, in the words of the page; `sure` is what its button says, `lasting` how it can be undone."""

    title: str
    sure: str
    lasting: str
    changes: tuple[Outlook, ...] = ()
    told: tuple[Told, ...] | None = None
    """None: it is no act of which anybody is told"""
    quoted: tuple[str, str] | None = None
    """what is entered, or the text that it is about, with its heading"""
    about: tuple[int, ...] = ()
    """ids of what it is done with, where what is shown of two may be alike"""
    proved: bool = False
    """whether it is done only for who knows the password of the account that is logged in"""

    @property
    def digest(self) -> str:
        """Return what tells this from what will happen when the state has changed (hex)."""
        shown = asdict(self) | {"told": [(each.phone, each.code) for each in self.told or ()]}
        return hashlib.sha256(json.dumps(shown, ensure_ascii=False).encode()).hexdigest()


def goes_back() -> bool:
    """Tell whether somebody has seen what his act would do, and goes back."""
    return request.form.get(STEP) == BACK


def second_step(foreseen: Foreseen, fields: Mapping[str, str] | None = None) -> str | None:
    """Return the page that asks once more; None when it was asked, what it showed still holds, and he is sure.

    `fields` are what the act posts, as it is posted again; by default as it came.
    """
    seen = request.form.get(SEEN, "")
    shown = compare_digest(seen.encode(), foreseen.digest.encode())
    fault = doubted() if shown and foreseen.proved else None
    if shown and fault is None:
        return None
    kept_back = (SEEN, STEP, *(PROOF if foreseen.proved else ()))
    posted = {name: value for name, value in (fields or request.form).items() if name not in kept_back}
    changed = bool(seen) and not shown
    return render_template("second_step.html", foreseen=foreseen, fields=posted, changed=changed, fault=fault)
