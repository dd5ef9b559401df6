"""Every form's sentence, read as a text, means what the form carries: people and machine are told the same."""

import pytest

from parsers.message import Command
from parsers.parse import parse
from webhook.entries import ENTRIES, entry_named, take, typed_of
from worker.rules.form_payload import payload_meaning, to_payload

FORMS: dict[str, list[dict[str, str]]] = {
    "arrive": [
        {"client": "张三", "phone": "138****5678", "agent": "李四", "time": "13:45", "how": "led"},
        {"client": "李梅", "phone": "139****5678", "agent": "", "time": "", "how": "alone"},
    ],
    "sign": [{"forms": "V1 V2 V30"}],
    "unsign": [{"form": "V1"}],
    "verify": [{"form": "V1", "answer": "yes"}, {"form": "V1", "answer": "no"}],
    "group": [{"agent": "郑丽", "clients": "赵敏 150****1111\n钱伟 151****2222"}],
    "settle": [
        {"ref": "R2", "answer": "duplicate", "reason": "陈静 138****5678 与本案无关"},
        {"ref": "V1", "answer": "valid", "reason": "客户签字书面证明"},
    ],
    "rule": [{"ref": "D1", "unit": "贝壳", "reason": "通话记录在先"}],
    "paper": [{"ref": "D1", "unit": "贝壳", "kind": "通话记录", "words": "王五 11-1"}],
    "opine": [{"ref": "D1", "words": "支持链家"}],
    "follow": [{"ref": "R1", "words": "电话沟通，周末再来"}],
    "pay": [
        {"ref": "R1", "what": "deposit", "day": "2026-11-02", "unit": "链家"},
        {"ref": "R1", "what": "refund", "day": "", "unit": ""},
    ],
    "relate": [
        {"ref": "R1", "other": "R2", "relation": "夫妻", "proof": "结婚证"},
        {"ref": "R1", "other": "李梅 139****5678", "relation": "母女", "proof": ""},
    ],
    "correct": [{"ref": "R1", "phone": "139****1111", "proof": "客户签字，原号138****5678"}],
    "hand": [{"ref": "R1", "agent": "周涛"}, {"ref": "R1", "agent": "周涛 0012"}],
    "extend": [{"ref": "R1", "days": "7", "why": "客户9-30出差"}],
    "check": [{"ref": "R1"}],
    "withdraw": [{"ref": "R1", "reason": "客户不买了"}],
}
"""Name of the entry → forms as they are typed."""
SAMPLES = [(name, form) for name, forms in FORMS.items() for form in forms]


def read(name: str, form: dict[str, str]) -> tuple[str, Command]:
    entry = entry_named(name)
    assert entry is not None
    taken = take(entry, form, "CN")
    assert taken.faults == {}
    assert taken.meaning is not None
    return taken.sentence, taken.meaning


def core(parsed: Command) -> tuple[object, ...]:
    """Return what is decided of a meaning; where a side stands apart from the words, both together."""
    clients = [(r.client, r.first3, r.last4, r.agent) for r in parsed.reports]
    words = " ".join(part for part in (parsed.unit, parsed.words) if part)
    return parsed.kind, parsed.refs, clients, parsed.date, parsed.time, parsed.answer, words


def test_every_entry_is_tried() -> None:
    assert [entry.name for entry in ENTRIES] == list(FORMS)


@pytest.mark.parametrize(("name", "form"), SAMPLES)
def test_the_sentence_means_what_the_form_carries(name: str, form: dict[str, str]) -> None:
    sentence, meaning = read(name, form)
    assert core(parse(sentence)) == core(meaning)


@pytest.mark.parametrize(("name", "form"), SAMPLES)
def test_a_meaning_comes_out_of_the_line_as_it_went_in(name: str, form: dict[str, str]) -> None:
    _, meaning = read(name, form)
    assert payload_meaning(to_payload(meaning)) == meaning


@pytest.mark.parametrize(("name", "form"), SAMPLES)
def test_a_refused_form_shows_what_was_typed(name: str, form: dict[str, str]) -> None:
    entry = entry_named(name)
    assert entry is not None
    # The day of a call is the meaning's, which writes it in its own way.
    shown = form | ({"words": "王五 11-01"} if name == "paper" else {})
    assert typed_of(entry, read(name, form)[1]) == shown


@pytest.mark.parametrize(
    ("name", "form", "fields"),
    [
        ("arrive", {"client": "", "phone": "5678", "time": "25:00"}, {"client", "phone", "time"}),
        ("pay", {"ref": "R1", "day": "11-2"}, {"day", "what"}),
        ("pay", {"ref": "R1", "what": "deposit", "day": "0202-11-02"}, {"day"}),
        ("settle", {"ref": "R2", "answer": "maybe", "reason": ""}, {"answer", "reason"}),
        ("relate", {"ref": "R1", "other": "他老婆", "relation": ""}, {"other", "relation"}),
        ("group", {"agent": "", "clients": ""}, {"agent", "clients"}),
        ("withdraw", {"ref": "x", "reason": " "}, {"ref", "reason"}),
    ],
)
def test_each_field_says_what_is_wrong_with_it(name: str, form: dict[str, str], fields: set[str]) -> None:
    entry = entry_named(name)
    assert entry is not None
    assert set(take(entry, form, "CN").faults) == fields
