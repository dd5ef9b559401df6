"""The door of the pages: what somebody enters there goes into the line as his text would (decisions.md F5, D18).

The id of a form was made when it was shown, so that it is entered once however often it is sent.
"""

import time
from collections.abc import Callable, Collection
from typing import TypeVar

from parsers.message import Command
from worker.accounts.acts import record
from worker.accounts.users import User
from worker.line.door import PROGRAM, Entry, Receipt, enter
from worker.line.reopen import reopen
from worker.readers.closings import Closing, closings
from worker.readers.entries import Entered, entered
from worker.rules.form_payload import to_payload
from worker.runtime import Runtime
from worker.storable import storable
from worker.store.database import reading

Found = TypeVar("Found")
PATIENCE_S = 2.0
"""So long a page waits for the decision; after that it shows the place, and the outcome as soon as there is one."""
LOOK_S = 0.025
LONGEST_TEXT = 1_600
LONGEST_TOKEN = 1_000


class UnboundError(PermissionError):
    """Who is logged in has no registered phone: nothing that he enters could count as his."""


def enter_form(
    runtime: Runtime, site_id: int, user: User, token: str, text: str, form: str = "", meaning: Command | None = None
) -> Receipt:
    """Put what a form says into a site's line as the user's text, and ring; the same form again is `repeated`.

    `text` is its sentence, masked; `meaning` is what is decided, `form` the entry's name (`webhook.entries`). Raises
    UnboundError when the user has no phone.
    """
    if user.phone is None:
        raise UnboundError(f"user {user.id} has no registered phone")
    payload = {"form": form} | to_payload(meaning) if meaning is not None else None
    entry = Entry("form", PROGRAM, form_id(user, token), user.phone, text[:LONGEST_TEXT], payload)
    receipt = enter(runtime.engine, site_id, entry, runtime.line_clock)
    runtime.bell.ring_decide(site_id)
    return receipt


def form_id(user: User, token: str) -> str:
    """Return a form's message id; another user's form is another one, whatever token it sends."""
    # As the line keeps it: under any other id its outcome would not be found.
    return f"form:{user.id}:{storable(token[:LONGEST_TOKEN])}"


def await_outcome(runtime: Runtime, user: User, token: str) -> Entered | None:
    """Return what became of a form, as soon as it is decided; after two seconds as it stands, None if nothing came."""
    return _patiently(
        lambda: entered(runtime.engine, form_id(user, token)), lambda found: found is None or found.code is not None
    )


def note_set_up(runtime: Runtime, site_id: int, user: User, what: str, receipt: Receipt) -> None:
    """Keep who changed a site's set-up, by the place of what he put into its line, and ring for what it says."""
    record(runtime.engine, user.id, what, f"site {site_id} text {receipt.seq}", runtime.clock())
    runtime.bell.ring_send()


def closed_phones(runtime: Runtime, site_ids: Collection[int]) -> list[Closing]:
    """Return the phones of these sites from which no act by text is taken now (L6)."""
    with reading(runtime.engine).connect() as connection:
        return closings(connection, runtime.clock(), site_ids)


def open_acts(runtime: Runtime, user: User, closing: Closing) -> None:
    """Let acts by text be taken again from a closed phone, and wait a moment until it is decided.

    It is kept who did it. Raises SetUpError when the line's clock is wrong.
    """
    receipt = reopen(runtime.engine, closing.site_id, closing.phone, closing.until, runtime.line_clock)
    runtime.bell.ring_decide(closing.site_id)
    if receipt.outcome == "accepted":
        record(runtime.engine, user.id, "acts_opened", f"site {closing.site_id} text {closing.seq}", runtime.clock())
    _patiently(lambda: closed_phones(runtime, {closing.site_id}), lambda standing: closing not in standing)


def _patiently(look: Callable[[], Found], is_there: Callable[[Found], bool]) -> Found:
    patient_until = time.monotonic() + PATIENCE_S
    while True:
        found = look()
        if is_there(found) or time.monotonic() > patient_until:
            return found
        time.sleep(LOOK_S)
