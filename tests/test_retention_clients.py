"""Who is one client to retention, and how he stands: held against a few lines that keep all of it in memory."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.retention.clients import Clients, Due, Note
from worker.retention.wants import Marks, Refs
from worker.rules.client import Phone7
from worker.rules.erasure import LONG_AGO, Affairs
from worker.rules.policy import Policy

NOW = LONG_AGO + timedelta(days=10_000)
PHONES = [("138", f"{n:04}") for n in range(8)]
phones = st.sampled_from(PHONES)
notes = st.builds(
    Note, phones, st.integers(9_900, 10_001).map(lambda day: LONG_AGO + timedelta(days=day)), st.booleans(),
    st.sampled_from([False, False, False, True]),
)  # fmt: skip


def together(joins: list[tuple[Phone7, Phone7]], phone7: Phone7) -> set[Phone7]:
    """Return all phones of a client, looking until no more are found."""
    found = {phone7}
    while more := {p for pair in joins for p in pair if found & set(pair)} - found:
        found |= more
    return found


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(notes, max_size=12), st.lists(st.tuples(phones, phones), max_size=5), st.sampled_from([0, 30, 60]))
def test_phones_that_are_joined_are_one_client(
    noted: list[Note], joins: list[tuple[Phone7, Phone7]], visited_days: int
) -> None:
    noted = [Note(n.phone7, n.over_at, n.visited, n.living, number) for number, n in enumerate(noted, 1)]
    known = {note.phone7 for note in noted} | {p for pair in joins for p in pair if pair[0] != pair[1]}
    expected = {}
    for phone7 in known:
        his = [note for note in noted if note.phone7 in together(joins, phone7)]
        over_at = max((note.over_at for note in his), default=LONG_AGO)
        expected[phone7] = Affairs(over_at, any(n.visited for n in his), any(n.living for n in his))
    policy = Policy(keep_unvisited_days=40, keep_visited_days=visited_days)
    with Clients.kept() as clients:
        clients.note(noted[::2])
        clients.join(joins[:2])
        clients.join(joins[2:])
        clients.note(noted[1::2])
        assert clients.affairs(PHONES) == expected
        living = {note.number for note in noted if expected[note.phone7].living}
        assert {number for some in clients.living() for number in some} == living
        assert clients.phones_of(range(20)) == {note.number: note.phone7 for note in noted}
        gone = {phone7 for phone7, his in expected.items() if his.may_go(policy, NOW)}
        assert {*due(clients, policy)} == gone | {note.number for note in noted if note.phone7 in gone}


def due(clients: Clients, policy: Policy) -> Iterator[Phone7 | int]:
    """Yield phones and numbers of all who may go, two clients at a time."""
    last = ""
    while found := clients.next_due(policy, NOW, last, 2):
        last, his = found[-1], clients.still_due(policy, NOW, found)
        yield from (*his.phones7, *his.numbers)


def test_whoever_is_mentioned_lives_with_all_his_phones() -> None:
    policy = Policy(keep_unvisited_days=1)
    with Clients.kept() as clients:
        clients.note(Note(phone7, LONG_AGO, number=number) for number, phone7 in enumerate(PHONES[:4], 1))
        clients.join([(PHONES[0], PHONES[1])])
        found = clients.next_due(policy, NOW, "", 10)
        assert len(found) == 3
        assert sorted(clients.revive([PHONES[1], PHONES[2], PHONES[7]])) == [1, 2, 3]
        assert clients.still_due(policy, NOW, found) == Due([PHONES[3]], [4])
        assert clients.revive([PHONES[0]]) == []
        assert [*due(clients, policy)] == [PHONES[3], 4]


@given(st.sets(st.integers(0, 40_000)), st.sets(st.integers(0, 40_000)))
def test_marks_are_a_set_of_numbers(some: set[int], others: set[int]) -> None:
    marks = Marks()
    marks.update(some)
    assert {n for n in some | others | {n + 1 for n in some} if n in marks} == some


@pytest.mark.parametrize("ref", ["R2", "V1", "R", "", "R-1", "RR1", "D1"])
def test_refs_are_those_that_were_taken_in(ref: str) -> None:
    refs = Refs()
    refs.update({"R1", "V3", "R1024"})
    assert ("R1" in refs, "R1024" in refs, "V3" in refs) == (True, True, True)
    assert ref not in refs
