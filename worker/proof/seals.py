"""Sealed checkpoints: what stood in the tables of facts at a place of an audited line, as salted commitments.

A fact can be erased later (content, salt, and a personal key emptied): its commitment stays, and with it the state
hash. Whoever erases texts up to a seal erases the same facts in the seal and in their tables, in one transaction.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Date, Engine, Row, Table, delete, insert, select, update

from worker.decide.heads import publish
from worker.proof.checks import cursor_of
from worker.proof.compare import AT_ONCE, Compared, Difference, stream
from worker.proof.findings import Findings, place
from worker.rules.chain import READER, VERSION, canonical
from worker.rules.erasure import names_nobody
from worker.store.database import in_key_order
from worker.store.facts import TABLES
from worker.store.schema import cursors, decisions, metadata, reports, sealed_facts, seals
from worker.store.search_words import SEARCHED
from worker.store.types import UtcTime

STATE: Final = "cursors"
"""The kind of the one fact that is the site's state."""


@dataclass(frozen=True, slots=True)
class Seal:
    """A checkpoint of a site's line: everything up to `seq` is in it."""

    site_id: int
    seq: int
    head: str
    facts: int
    state_hash: str
    sealed_at: datetime
    emptied_at: datetime | None = None
    """when its facts were taken away because a newer seal had taken its place"""
    versions: str | None = None
    """`versions()` of when it was sealed; None when that was not noted yet"""

    @property
    def phonenumbers(self) -> str | None:
        """The version of phonenumbers by which it was computed, None when that is not known."""
        try:
            said = json.loads(self.versions or "{}")
        except ValueError:  # Somebody has changed it, which the state hash tells.
            return None
        return said.get("phonenumbers") if isinstance(said, dict) else None


def versions() -> str:
    """Return what a line comes to its facts by, as canonical JSON (L27).

    It is the version of the rules, the digest of the reader's words and weights, and the version of phonenumbers, whose
    tables say which number is one.
    """
    return canonical({"rules": VERSION, "reader": READER, "phonenumbers": version("phonenumbers")}).decode()


@dataclass(frozen=True, slots=True)
class Sealed:
    """One fact of a seal. Once it is erased its salt is None, and `content` what is left of it, or None.

    Its key goes where it is a person's.
    """

    kind: str
    key: str | None
    content: str | None
    salt: str | None
    commitment: str

    @property
    def holds(self) -> bool:
        """Whether the content is what was sealed; of an erased one, whether it names nobody."""
        if self.salt is None:
            return self.content is None or names_nobody(self.kind, json.loads(self.content))
        if self.content is None:
            return False
        return self.commitment == _commitment(self.kind, self.content, self.salt)


_PARSED: Final[Mapping[type, Callable[[str], Any]]] = {UtcTime: datetime.fromisoformat, Date: date.fromisoformat}
"""How values are read for which JSON has no word of its own."""
_BESIDE: Final = ("site_id", SEARCHED)
_SEALED: Final = tuple(Sealed.__dataclass_fields__)


def sealed_tables() -> list[Table]:
    """Return the tables that a seal holds, in its order; the site's state comes last."""
    return [reports, *TABLES.values()]


def seals_of(connection: Connection, site_id: int) -> list[Seal]:
    """Return a site's seals, the oldest first."""
    rows = connection.execute(select(seals).where(seals.c.site_id == site_id).order_by(seals.c.seq))
    return [Seal(*row) for row in rows]


def seal_line(engine: Engine, scratch: Connection, site_id: int, now: datetime) -> Seal:
    """Seal what an audit has computed, at the place that it reached; a place that is sealed already stays so.

    The facts are written in short transactions, which let texts pass; only the last one makes them a seal.
    """
    cursor = cursor_of(scratch, site_id)
    with engine.begin() as connection:
        known = [seal for seal in seals_of(connection, site_id) if seal.seq == cursor.decided_seq]
        if known:
            return known[0]
        left_over = (sealed_facts.c.site_id == site_id) & (sealed_facts.c.seq == cursor.decided_seq)
        connection.execute(delete(sealed_facts).where(left_over))
    place_of = {"site_id": site_id, "seq": cursor.decided_seq}
    made_by = versions()
    state_hash = _StateHash(cursor.decided_seq, cursor.head, made_by)
    for some in _in_batches(enumerate(_facts(scratch, site_id), 1)):
        rows = []
        for number, (kind, key, content) in some:
            salt = secrets.token_hex(16)
            sealed = Sealed(kind, key, content, salt, _commitment(kind, content, salt))
            state_hash.cover(sealed)
            rows.append(place_of | {"number": number} | {name: getattr(sealed, name) for name in _SEALED})
        with engine.begin() as connection:
            connection.execute(insert(sealed_facts), rows)
    stands = (site_id, cursor.decided_seq, cursor.head, state_hash.count, state_hash.hex, now)
    seal = Seal(*stands, versions=made_by)
    with engine.begin() as connection:
        connection.execute(insert(seals).values({name: getattr(seal, name) for name in Seal.__dataclass_fields__}))
        publish(connection, site_id, seal.seq, seal.head, "seal", now)
    return seal


class _StateHash:
    """One hash over place, head, versions where they were noted, and the commitments of all facts in their order."""

    def __init__(self, seq: int, head: str, made_by: str | None) -> None:
        self._hash = hashlib.sha256(canonical([seq, head] if made_by is None else [seq, head, made_by]))
        self.count = 0

    def cover(self, sealed: Sealed) -> Sealed:
        """Take in the next fact, and return it."""
        self._hash.update(bytes.fromhex(sealed.commitment))
        self.count += 1
        return sealed

    @property
    def hex(self) -> str:
        """Return the hash as it stands."""
        return self._hash.hexdigest()


def _facts(scratch: Connection, site_id: int) -> Iterator[tuple[str, str, str]]:
    """Yield kind, key and content of every fact, in the order of the seal."""
    for table in sealed_tables():
        key = [c for c in table.primary_key if c.name != "site_id"]
        columns = [c for c in table.c if c.name not in _BESIDE]
        query = select(*columns).where(table.c.site_id == site_id).order_by(*in_key_order(scratch, key))
        for values in stream(scratch, query):
            row = dict(zip((c.name for c in columns), values, strict=True))
            yield table.name, fact_key([row[c.name] for c in key]), sealed_row(row)
    yield STATE, fact_key([]), canonical(cursor_of(scratch, site_id).state).decode()


def sealed_row(row: Mapping[str, Any]) -> str:
    """Return a row as sealed facts carry it: without its site, and without what only searches go by."""
    return canonical({name: value for name, value in row.items() if name not in _BESIDE}).decode()


def fact_key(values: Iterable[Any]) -> str:
    """Return a row's key (without its site) as sealed facts carry it."""
    return canonical(list(values)).decode()


def _commitment(kind: str, content: str, salt: str) -> str:
    return hashlib.sha256(bytes.fromhex(salt) + canonical([kind, content])).hexdigest()


def _in_batches(things: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(things)
    while some := list(islice(rest, AT_ONCE)):
        yield some


def _sealed_rows(connection: Connection, seal: Seal) -> Iterator[Sealed]:
    columns = [sealed_facts.c[name] for name in _SEALED]
    mine = (sealed_facts.c.site_id == seal.site_id) & (sealed_facts.c.seq == seal.seq)
    for values in stream(connection, select(*columns).where(mine).order_by(sealed_facts.c.number)):
        yield Sealed(*values)


def check_seal(source: Connection, seal: Seal, found: Findings) -> None:
    """Check that a seal holds what was sealed: each fact by its commitment, all by the state hash, the chain's head.

    Of one that was emptied only the head can still be checked.
    """
    key = f"seal at {place(seal.seq)}"
    if seal.emptied_at is None:
        state_hash = _StateHash(seal.seq, seal.head, seal.versions)
        for sealed in _sealed_rows(source, seal):
            state_hash.cover(sealed)
            if not sealed.holds:
                found.add("sealed_facts", f"{key}, fact {state_hash.count}", "content", "this is not what was sealed.")
        if (state_hash.count, state_hash.hex) != (seal.facts, seal.state_hash):
            found.add("seals", key, "state_hash", "facts and versions are not those that were sealed.")
    mine = (decisions.c.site_id == seal.site_id) & (decisions.c.seq == seal.seq)
    if source.execute(select(decisions.c.head).where(mine)).scalar() != seal.head:
        found.add("seals", key, "head", "the head is not the one of the chain.")


def check_against(source: Connection, scratch: Connection, seal: Seal, found: Findings) -> None:
    """Check a seal against what has been computed up to its place, fact by fact."""
    computed, count = _facts(scratch, seal.site_id), 0
    for count, sealed in enumerate(_sealed_rows(source, seal), 1):
        fact = next(computed, None)
        erased = sealed.content is None and fact is not None and fact[0] == sealed.kind
        if not erased and fact != (sealed.kind, sealed.key, sealed.content):
            key = f"seal at {place(seal.seq)}, fact {count}"
            found.add("sealed_facts", key, "content", "this is not what the line gives.")
    if next(computed, None) is not None:
        found.add("sealed_facts", f"seal at {place(seal.seq)}", "", "there are fewer facts than the line gives.")


def begin_from_seal(source: Connection, scratch: Connection, seal: Seal) -> None:
    """Put the sealed facts into the scratch database and its cursor at the seal; what is erased stays away."""
    for some in _in_batches(_sealed_rows(source, seal)):
        by_table: dict[Table, list[dict[str, Any]]] = {}
        for sealed in some:
            if sealed.content is None:
                continue
            content = json.loads(sealed.content)
            if sealed.kind == STATE:
                stands = {"decided_seq": seal.seq, "head": seal.head, "state": content}
                scratch.execute(update(cursors).where(cursors.c.site_id == seal.site_id).values(stands))
                continue
            table = metadata.tables[sealed.kind]
            row = {"site_id": seal.site_id} | content
            for column in table.c:
                if row.get(column.name) is not None and type(column.type) in _PARSED:
                    row[column.name] = _PARSED[type(column.type)](row[column.name])
            by_table.setdefault(table, []).append(row)
        for table, rows in by_table.items():
            scratch.execute(insert(table), rows)
    scratch.commit()


def has_gaps(connection: Connection, seal: Seal) -> bool:
    """Tell whether something in a seal has been erased, so that a line before it cannot be computed again."""
    mine = (sealed_facts.c.site_id == seal.site_id) & (sealed_facts.c.seq == seal.seq)
    erased = select(sealed_facts.c.number).where(mine, sealed_facts.c.salt.is_(None))
    return connection.execute(erased.limit(1)).first() is not None


def empty_older_seals(engine: Engine, newest: Seal, now: datetime) -> int:
    """Take the facts of the seals before this one away, in short transactions; return how many seals that were.

    What they prove stands in the chain; what they hold would have to be erased in each of them again.
    """
    mine = (seals.c.site_id == newest.site_id) & (seals.c.seq < newest.seq)
    with engine.begin() as connection:
        fresh = update(seals).where(mine, seals.c.emptied_at.is_(None)).values(emptied_at=now)
        count = connection.execute(fresh).rowcount
        places = list(connection.execute(select(seals.c.seq, seals.c.facts).where(mine)))
    for seq, facts in places:
        for begin in range(0, facts, AT_ONCE):
            some = sealed_facts.c.number.between(begin + 1, begin + AT_ONCE)
            with engine.begin() as connection:
                own = (sealed_facts.c.site_id == newest.site_id) & (sealed_facts.c.seq == seq)
                connection.execute(delete(sealed_facts).where(own, some))
    return count


def is_erased(source: Connection, seal: Seal, compared: Compared, difference: Difference) -> bool:
    """Tell whether a row that the line no longer gives is one whose sealed fact has been erased."""
    key = fact_key(difference.key.values())
    mine = (sealed_facts.c.site_id == seal.site_id) & (sealed_facts.c.seq == seal.seq)
    gone = mine & (sealed_facts.c.kind == compared.table.name) & sealed_facts.c.content.is_(None)
    found: Row[Any] | None = source.execute(
        select(sealed_facts.c.number).where(gone, sealed_facts.c.key == key)
    ).first()
    return found is not None and not difference.column
