"""What can be entered on pages: one table of entries, each with the command that it is, who may enter it, its fields.

An entry puts a sentence in line for people to read, and beside it the meaning that deciding takes
(`worker.rules.form_payload`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from parsers.keywords import KEYWORDS
from parsers.message import Command
from parsers.parse import parse
from webhook.entry_fields import (
    AGENT,
    CLIENT,
    CLIENTS,
    CLOSING,
    COLLEAGUE,
    DAY,
    DAYS,
    FORM,
    FORMS,
    KIN_PROOF,
    KIND,
    NOTE,
    OTHER,
    OWN_AGENT,
    PAPER_OF,
    PHONE,
    PROOF,
    REASON,
    REF,
    RELATION,
    SIDE,
    TIME,
    TRUE_PHONE,
    WHY_LONGER,
    WORDS,
    Draft,
    Field,
    FieldError,
)
from webhook.language import _

ON_CLIENT: Final = "/register/<int:site_id>/<int:seq>/<int:part>"
Page = Literal["cases", "desk", "client"]


@dataclass(frozen=True, slots=True)
class Choice:
    """What one of several buttons or options of a form says: a keyword, or an answer behind the number."""

    name: str
    words: Mapping[str, str]
    """what is posted → what the sentence has"""
    values: Mapping[str, str] = field(default_factory=dict)
    """what is posted → the answer that the meaning has; empty: the words are keywords"""
    usual: str = ""
    """what is meant where nothing is posted"""

    def posted(self, typed: str) -> str:
        """Return which of them was posted; raises FieldError where none was."""
        if typed in self.words:
            return typed
        if typed or not self.usual:
            raise FieldError(_("Choose one."))
        return self.usual


@dataclass(frozen=True, slots=True)
class EntryForm:
    """A form that puts something in line."""

    name: str
    path: str
    page: Page
    roles: tuple[str, ...]
    keyword: str
    fields: tuple[Field, ...]
    choice: Choice | None = None
    fixed: str = ""
    """the answer of a form that has but one"""

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all that is posted."""
        return (*(each.name for each in self.fields), *([self.choice.name] if self.choice is not None else []))

    def key(self, fields: Mapping[str, str]) -> str:
        """Return what tells the form from others of its page: a case's is one of many, each about its own number."""
        return f"{self.name}-{fields.get(REF.name, '')}" if self.page == "cases" else self.name


@dataclass(frozen=True, slots=True)
class Taken:
    """A form as it was typed: `fields` by name, what is wrong with which; its sentence and meaning if nothing is."""

    fields: Mapping[str, str]
    faults: Mapping[str, str]
    sentence: str = ""
    meaning: Command | None = None


def take(entry: EntryForm, form: Mapping[str, str], region: str) -> Taken:
    """Read a form that was posted to a site of this region."""
    read: dict[str, str] = {}
    faults: dict[str, str] = {}
    for each in entry.fields:
        try:
            read[each.name] = each.read(form.get(each.name, ""), region)
        except FieldError as error:
            faults[each.name] = str(error)
    try:
        chosen = entry.choice.posted(form.get(entry.choice.name, "")) if entry.choice is not None else ""
    except FieldError as error:
        faults[entry.choice.name if entry.choice is not None else ""] = str(error)
    if faults:
        return Taken({name: form.get(name, "").strip() for name in entry.names}, faults)
    return Taken(read, {}, _sentence(entry, read, chosen), _meaning(entry, read, chosen, region))


def _sentence(entry: EntryForm, read: Mapping[str, str], chosen: str) -> str:
    first, *rest = entry.fields
    answer = entry.choice.words[chosen] if entry.choice is not None and entry.choice.values else entry.fixed
    said = f"{_keyword(entry, chosen)} {read[first.name]} {answer}".rstrip()
    for each in rest:
        if read[each.name]:
            said += ("\n" if each.lines else " ") + read[each.name]
    return said


def _keyword(entry: EntryForm, chosen: str) -> str:
    by_choice = entry.choice is not None and not entry.choice.values
    return entry.choice.words[chosen] if by_choice and entry.choice is not None else entry.keyword


def _meaning(entry: EntryForm, read: Mapping[str, str], chosen: str, region: str) -> Command:
    draft = Draft(region)
    for each in entry.fields:
        if read[each.name]:
            each.puts(draft, read[each.name])
    if entry.choice is not None and entry.choice.values:
        draft.values["answer"] = entry.choice.values[chosen]
    elif entry.fixed:
        draft.values["answer"] = "valid"
    meaning = draft.meaning(KEYWORDS[_keyword(entry, chosen)])
    if entry.name == "paper":
        # The day of the call is taken out of a paper's words, as it is in a text (D6).
        written = parse(f"材料 D1 {meaning.words}")
        if isinstance(written, Command) and written.kind == "evidence":
            return replace(meaning, date=written.date, words=written.words)
    return meaning


def entry_named(name: str) -> EntryForm | None:
    """Return an entry by its name."""
    return next((entry for entry in ENTRIES if entry.name == name), None)


def typed_of(entry: EntryForm, parsed: Command) -> dict[str, str]:
    """Return what was typed into an entry's fields, as far as its meaning tells."""
    typed = {each.name: each.takes(parsed) for each in entry.fields}
    if entry.choice is not None:
        told = parsed.answer if entry.choice.values else parsed.kind
        shown = entry.choice.values or {posted: KEYWORDS[word] for posted, word in entry.choice.words.items()}
        typed[entry.choice.name] = next((posted for posted, value in shown.items() if value == told), "")
    return typed


AT_DESK: Final = ("manager", "consultant")
ENTRIES: Final = (
    EntryForm("arrive", "/desk/<int:site_id>/arrivals", "desk", AT_DESK, "到访", (CLIENT, PHONE, AGENT, TIME),
          Choice("how", {"led": "到访", "alone": "自访"}, usual="led")),
    EntryForm("sign", "/desk/<int:site_id>/signatures", "desk", AT_DESK, "签", (FORMS,)),
    EntryForm("unsign", "/desk/<int:site_id>/signatures/back", "desk", AT_DESK, "撤", (FORM,)),
    EntryForm("verify", "/desk/<int:site_id>/checks", "desk", ("service",), "核实", (FORM,),
          Choice("answer", {"no": "否", "yes": "是"}, {"no": "no", "yes": "yes"})),
    EntryForm("group", "/desk/<int:site_id>/groups", "desk", ("manager",), "团报", (OWN_AGENT, CLIENTS)),
    EntryForm("settle", "/cases/<int:site_id>/judgements", "cases", ("manager",), "判", (REF, REASON),
          Choice("answer", {"duplicate": "重复", "valid": "有效"}, {"duplicate": "duplicate", "valid": "valid"})),
    EntryForm("rule", "/cases/<int:site_id>/rulings", "cases", ("manager",), "裁定", (REF, SIDE, REASON)),
    EntryForm("paper", "/cases/<int:site_id>/papers", "cases", ("service",), "材料", (REF, PAPER_OF, KIND, NOTE)),
    EntryForm("opine", "/cases/<int:site_id>/opinions", "cases", ("service",), "意见", (REF, WORDS)),
    EntryForm("follow", f"{ON_CLIENT}/contacts", "client", ("consultant",), "跟进", (REF, WORDS)),
    EntryForm("pay", f"{ON_CLIENT}/payments", "client", ("manager",), "定金", (REF, DAY, CLOSING),
          Choice("what", {"deposit": "定金", "downpayment": "首付", "refund": "退定"})),
    EntryForm("relate", f"{ON_CLIENT}/relatives", "client", ("manager",), "亲属", (REF, OTHER, RELATION, KIN_PROOF)),
    EntryForm("correct", f"{ON_CLIENT}/corrections", "client", ("manager",), "更正", (REF, TRUE_PHONE, PROOF)),
    EntryForm("hand", f"{ON_CLIENT}/handovers", "client", ("manager",), "转", (REF, COLLEAGUE)),
    EntryForm("extend", f"{ON_CLIENT}/extensions", "client", ("manager",), "延", (REF, DAYS, WHY_LONGER)),
    EntryForm("check", f"{ON_CLIENT}/checks", "client", ("manager",), "判", (REF,), fixed="有效"),
    EntryForm("withdraw", f"{ON_CLIENT}/withdrawals", "client", ("manager",), "撤", (REF, REASON)),
)  # fmt: skip
"""Every form that puts something in line."""
