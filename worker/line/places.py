"""Places in lines whose sites are locked: what each message gets there, and the rows that say so, many at a time.

All that needs no database was done before (`Unplaced`), so that no lock is held meanwhile.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, update

from worker.line.kept_text import ECHO_LEAST, REPEAT_LOOK_BACK, own_part
from worker.line.look_ups import Key, LockedLine, last_replies, same_before
from worker.rules.decide import BY_PERSON
from worker.rules.door_notes import note_of_clock, note_of_first, note_of_stated
from worker.storable import storable_payload
from worker.store.schema import inbox, sites, unrouted

SENDER_LONGEST: Final = 64


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A message as its line keeps it, but for what the locked line alone can tell.

    `text` is masked and storable, `body` the masked text with nothing else taken away; `region` is the number's of its
    line. `repeats_within`: its gateway may bring it twice, under two ids, so far apart. `at_once`: its gateway has just
    brought it, so that a time which it states can be held against the line's.
    """

    kind: str
    gateway: str
    provider_id: str
    sender: str
    text: str
    body: bytes
    region: str
    payload: Mapping[str, Any] | None = None
    sent_at: datetime | None = None
    repeats_within: timedelta | None = None
    at_once: bool = False

    @property
    def key(self) -> Key:
        """What is unique in all lines together."""
        return self.gateway, self.provider_id


_GO_ON: Final = (
    update(sites)
    .where(sites.c.id == bindparam("site"))
    .values(last_seq=bindparam("seq"), last_received_at=bindparam("at"))
)
_PUT: Final = insert(inbox)
_APART: Final = insert(unrouted)


def place(
    connection: Connection,
    drafts: Sequence[tuple[LockedLine, Unplaced]],
    ours: Collection[str],
    now: datetime,
    believed: datetime | None,
) -> list[int]:
    """Put messages into their locked lines, in the order given, and return the place of each.

    `ours` are the senders that are numbers of sites: whoever answered one of them would answer himself. `now` is the
    line's clock, `believed` what a second one says.
    """
    rows: list[dict[str, Any]] = []
    owned = _own_parts(connection, drafts)
    before = same_before(
        connection, [(line, draft.sender, own) for line, draft, own, _ in owned if draft.repeats_within]
    )
    for line, draft, own, echo in owned:
        line.last_seq, line.last_received_at = line.last_seq + 1, max(now, line.last_received_at)
        sent, same = draft.sent_at or line.last_received_at, before[line.site_id, draft.sender, own]
        # Those of the same batch are among them.
        recent = (each for each in same if each[0] >= line.last_seq - REPEAT_LOOK_BACK)
        noted = note_of_first(sent, recent, draft.repeats_within) if draft.repeats_within else {}
        noted |= note_of_clock(line.last_received_at, believed) if draft.kind in BY_PERSON else {}
        noted |= note_of_stated(line.last_received_at, draft.sent_at) if draft.at_once else {}
        payload = storable_payload({**(draft.payload or {}), **noted} if noted else draft.payload)
        if draft.kind == "text":
            same.append((line.last_seq, sent, payload))
        rows.append(_row(line, draft) | {"text": own, "payload": payload, "echo": echo or draft.sender in ours})
    for line in {line.site_id: line for line, _ in drafts}.values():
        connection.execute(_GO_ON, {"site": line.site_id, "seq": line.last_seq, "at": line.last_received_at})
    connection.execute(_PUT, rows)
    return [row["seq"] for row in rows]


def keep_apart(connection: Connection, drafts: Sequence[tuple[str, Unplaced]], now: datetime) -> None:
    """Keep texts to numbers of no site, each with its number, among the unrouted ones."""
    rows = [
        {
            "received_at": now,
            "gateway": draft.gateway,
            "provider_id": draft.provider_id,
            "sender": draft.sender,
            "recipient": recipient[:SENDER_LONGEST],
            "text": draft.text,
            "body": draft.body,
        }
        for recipient, draft in drafts
    ]
    connection.execute(_APART, rows)


def _row(line: LockedLine, draft: Unplaced) -> dict[str, Any]:
    return {
        "site_id": line.site_id,
        "seq": line.last_seq,
        "received_at": line.last_received_at,
        "kind": draft.kind,
        "gateway": draft.gateway,
        "provider_id": draft.provider_id,
        "sender": draft.sender,
        "body": draft.body,
        "sent_at": draft.sent_at,
        "salt": secrets.token_hex(16),
    }


def _own_parts(
    connection: Connection, drafts: Sequence[tuple[LockedLine, Unplaced]]
) -> list[tuple[LockedLine, Unplaced, str, bool]]:
    """Return with each message its text without our last replies to its phone, and whether it is but an echo."""
    may_echo = [draft.kind == "text" and len(draft.text) >= ECHO_LEAST for _, draft in drafts]
    asked = {(line.site_id, draft.sender) for (line, draft), may in zip(drafts, may_echo, strict=True) if may}
    said = last_replies(connection, sorted(asked))
    return [
        (
            line,
            draft,
            *(own_part(draft.text, said[line.site_id, draft.sender], draft.region) if may else (draft.text, False)),
        )
        for (line, draft), may in zip(drafts, may_echo, strict=True)
    ]
