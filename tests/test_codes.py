"""Codes and states are declared once: what has words is one of them, and stored bytes are those of the plain words."""

from enum import StrEnum

import pytest

from parsers.message import FAULTS, SILENT
from webhook.codes import CODES
from webhook.ops_words import STATES
from webhook.rule_words import RULES
from worker.rules.chain import canonical
from worker.rules.codes import Code, refusal_of
from worker.rules.numbers import Rule
from worker.rules.states import LIVING, ClaimState, DisputeState, FormState
from worker.store.states import AT_REST, FEW, ReplyState
from worker.words.render import catalogue


@pytest.mark.parametrize("language", ["zh", "en"])
def test_whatever_has_words_is_a_code(language: str) -> None:
    words = catalogue(language)
    assert {key.partition(".")[0] for table in ("say", "part") for key in words[table]} <= set(Code)


def test_every_code_that_is_said_or_recorded_of_a_known_sender_has_words_on_the_pages() -> None:
    assert set(CODES) >= set(Code) - {Code(fault) for fault in FAULTS}
    assert set(STATES) == set(ReplyState)


def test_every_fault_and_every_silent_text_has_a_code() -> None:
    assert {refusal_of(fault) for fault in FAULTS} <= set(Code)
    assert {Code(kind) for kind in SILENT if kind not in ("stop", "start")} <= set(Code)
    assert [code for code in Code if code.refuses] == [code for code in Code if code.startswith("refused_")]


@pytest.mark.parametrize("kind", [Code, Rule, ClaimState, FormState, DisputeState, ReplyState])
def test_commitments_are_the_same_over_a_member_and_its_word(kind: type[StrEnum]) -> None:
    for member in kind:
        assert canonical({member: [member]}) == canonical({str(member.value): [str(member.value)]})


def test_sets_of_states_leave_out_what_they_say() -> None:
    assert set(ClaimState) - set(LIVING) == {ClaimState.WITHDRAWN, ClaimState.DISPLACED, ClaimState.DENIED}
    assert set(ReplyState) - set(AT_REST) == {ReplyState.PENDING, ReplyState.SENDING, ReplyState.UNKNOWN}
    assert set(ReplyState) - set(FEW) == {ReplyState.SENT, ReplyState.FAILED}


def test_every_rule_of_the_regime_has_words_on_the_pages() -> None:
    assert set(RULES) <= set(Rule)
    assert set(Rule) - set(RULES) <= {Rule.R2a, Rule.R2b}
    assert Rule.R20 in RULES
