"""The audit: the register computed again from the line, and compared with what is kept (rules.md, “The one line”)."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from sqlalchemy import Connection, Row, select

from worker.proof.checks import check_chain, check_heads, check_line, check_site, cursor_of, decided_otherwise
from worker.proof.compare import compared_facts, compared_records, differences
from worker.proof.findings import Disagreement, Findings, place, written_key
from worker.proof.forwards import check_forwards
from worker.proof.scratch import UndecidableError, begin_line, recompute
from worker.proof.seals import Seal, begin_from_seal, check_against, check_seal, has_gaps, is_erased, seals_of
from worker.store.schema import inbox, sites

OnProgress = Callable[[str, int, int], None]
"""Is told the site's name, the place reached, and the place up to which the line is decided."""


@dataclass(frozen=True, slots=True)
class Audited:
    """What came out for one site. `after` is the place of the seal that it began behind, 0 for the whole line."""

    site: str
    after: int
    decided: int
    undecided: int
    heads: int
    head: str
    faults: tuple[Disagreement, ...]
    count: int

    @property
    def clean(self) -> bool:
        """Whether everything agrees."""
        return self.count == 0


def audit_site(
    source: Connection,
    scratch: Connection,
    site: Row[Any],
    since_seal: bool = False,
    on_progress: OnProgress = lambda *_: None,
) -> Audited:
    """Audit one site (a row of `sites`) as `source` shows it; the scratch database then holds what was computed.

    Begins behind the newest seal when that is asked for, or when texts before it have been erased.
    """
    # As it stands in this snapshot: texts may have come since whoever asks has read the row.
    site = source.execute(select(sites).where(sites.c.id == site.id)).one()
    found = Findings(site.name)
    cursor = cursor_of(source, site.id)
    line = check_line(source, site, found)
    check_chain(source, cursor, found)
    heads = check_heads(source, site.id, found)
    seals = seals_of(source, site.id)
    for each in seals:
        check_seal(source, each, found)
    since_seal = since_seal or line.erased > 0 or any(has_gaps(source, each) for each in seals)
    seal = seals[-1] if seals and since_seal else None
    after = seal.seq if seal is not None else 0
    if line.erased > after:
        found.add("inbox", place(line.erased), "text", "the text is erased and no seal covers this place.")
    begin_line(scratch, site)
    if seal is not None:
        begin_from_seal(source, scratch, seal)
    later = [each for each in seals if each.seq > after and each.emptied_at is None]
    computed = Findings(site.name)
    if _recompute(source, scratch, site, cursor, later, on_progress, computed):
        _compare(source, scratch, site.id, seal, computed)
    newer = [each for each in seals if each.seq >= after]
    _take_computed(found, computed, decided_otherwise(source, site.id, after), newer)
    check_site(site, cursor.state, found)
    check_forwards(source, site, found)
    undecided = max(0, line.last - cursor.decided_seq)
    told = tuple(found.told)
    return Audited(site.name, after, cursor.decided_seq, undecided, heads, cursor.head, told, found.count)


def _take_computed(found: Findings, computed: Findings, otherwise: tuple[int, int] | None, seals: list[Seal]) -> None:
    """Take in what disagrees; where other rules decided there is one sentence for all of it, as nothing can be told."""
    # The last seal that is known to be made under another version of phonenumbers than this one (L27).
    others = [seal for seal in seals if seal.phonenumbers not in (None, version("phonenumbers"))]
    numbered = others[-1] if others else None
    if otherwise is not None and computed.count > 0:
        places = f"places {otherwise[0]} to {otherwise[1]}"
        words = f"another version of the rules decided here, and {computed.count} values are not what this one gives; "
        numbers = f"the seal at {place(numbered.seq)} {_made_under(numbered)}; " if numbered is not None else ""
        mend = (
            "audit with that version, `baobei audit --seal` before an upgrade and `baobei audit --since-seal` after it."
        )
        found.add("decisions", places, "version", words + numbers + mend)
        return
    found.take(computed)
    if numbered is not None and computed.count > 0:
        mend = f"install phonenumbers {numbered.phonenumbers} and audit again to know whether that is why."
        found.add("seals", f"seal at {place(numbered.seq)}", "versions", f"it {_made_under(numbered)}; {mend}")


def _made_under(seal: Seal) -> str:
    return f"was made under phonenumbers {seal.phonenumbers}, this is {version('phonenumbers')}"


def _recompute(
    source: Connection,
    scratch: Connection,
    site: Row[Any],
    cursor: Row[Any],
    seals: list[Seal],
    on_progress: OnProgress,
    found: Findings,
) -> bool:
    """Decide the line again; on the way each seal is compared with what was computed up to its place."""

    def reached(seq: int) -> None:
        on_progress(site.name, seq, cursor.decided_seq)

    try:
        for seal in seals:
            recompute(source, scratch, site.id, inbox.c.seq <= seal.seq, reached)
            check_against(source, scratch, seal, found)
        recompute(source, scratch, site.id, inbox.c.seq <= cursor.decided_seq, reached)
    except UndecidableError as error:
        words = f"this message can no longer be decided ({error.kind}); nothing behind it was compared."
        found.add("inbox", place(error.seq), "", words)
        return False
    return True


def _compare(source: Connection, scratch: Connection, site_id: int, seal: Seal | None, found: Findings) -> None:
    after = seal.seq if seal is not None else 0
    for compared in (*compared_records(), *compared_facts()):
        for difference in differences(source, scratch, compared, site_id, after):
            if seal is not None and difference.kept and is_erased(source, seal, compared, difference):
                continue
            if difference.column:
                words = f"{difference.column} is not what the line gives."
            elif difference.kept:
                words = "the line gives no such row."
            else:
                words = "the row that the line gives is missing."
            key = written_key(difference.table, difference.key)
            found.add(difference.table, key, difference.column, words)
    if cursor_of(source, site_id).state != cursor_of(scratch, site_id).state:
        found.add("cursors", "", "state", "the site's state is not what the line gives.")
