"""What a batch of messages mentions: the keys of the facts that its decisions can look at."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from parsers.message import Intent, Meaning
from worker.rules.client import Phone7
from worker.rules.identity import NameForm, fold, name_form
from worker.rules.model import Message
from worker.rules.state import State

ARRIVALS = ("visit", "walkin")
OF_FORMS = (*ARRIVALS, "sign", "verify", "settle")
LONGEST_NUMBER = 12


@dataclass(slots=True)
class Needs:
    """Keys of facts. Claims are wanted by phone7 and number; the live ones, too, by last four digits and stranger."""

    since: datetime
    strangers: set[str] = field(default_factory=set)
    """senders whose own claims are wanted: who is neither staff nor on the roster is known by them (E16), free words
    that name nobody are about the last of them (L22)"""
    phones: set[str] = field(default_factory=set)
    """phones that a set-up message speaks of"""
    recent: set[str] = field(default_factory=set)
    """senders whose last reports may be meant by what they say (L22, L24)"""
    names: set[str] = field(default_factory=set)
    units: set[str] = field(default_factory=set)
    phones7: set[Phone7] = field(default_factory=set)
    numbers: set[int] = field(default_factory=set)
    last4: set[str] = field(default_factory=set)
    visits: set[int] = field(default_factory=set)
    disputes: set[int] = field(default_factory=set)
    days: set[date] = field(default_factory=set)
    """days whose open visit forms may be meant"""
    arriving: set[NameForm] = field(default_factory=set)
    """names of clients who arrive: a claim of the same unit may have another number of theirs (B25)"""

    def refer(self, refs: Iterable[str]) -> None:
        """Want what these numbers mean: R1024, V2031, D12, or bare digits, which may be any of them."""
        for ref in refs:
            letter, digits = (ref[0], ref[1:]) if ref[:1] in ("R", "V", "D") else ("", ref)
            if not digits.isdecimal() or len(digits) > LONGEST_NUMBER:
                continue
            number = int(digits)
            if letter in ("R", ""):
                self.numbers.add(number)
            if letter in ("V", ""):
                self.visits.add(number)
                self.numbers.add(-number)
            if letter in ("D", ""):
                self.disputes.add(number)
            self.last4 |= {digits} if len(digits) == 4 and not letter else set()


def want(needs: Needs, message: Message, parsed: Meaning | None, state: State) -> None:
    """Add what a message needs; `parsed` is its meaning (None of a set-up message), `state` holds units and senders."""
    if message.sender not in state.site.staff and not state.listed(message.sender, state.day(message.received_at)):
        needs.strangers.add(message.sender)
    if parsed is not None:
        _of_parsed(needs, parsed, message, state)
        _of_forms(needs, parsed, message, state)
    # A set-up message is decided by itself, and may name many.
    for row in message.payload.get("rows", ()):
        needs.phones7.add((row["first3"], row["last4"]))
        needs.names.add(fold(row["agent"]))
    needs.phones |= {line["phone"] for line in message.payload.get("people", ())}
    if message.kind in ("unlist", "reopen"):
        needs.phones.add(message.payload["phone"])
    act = state.sender(message.sender).act
    if act is not None:
        needs.refer(act["parsed"]["refs"])
        needs.phones7 |= {(r["first3"], r["last4"]) for r in act["parsed"]["reports"]}


def _of_forms(needs: Needs, parsed: Meaning, message: Message, state: State) -> None:
    arrives = parsed.kind in ARRIVALS or parsed.arrival
    if parsed.kind in OF_FORMS or arrives:
        # Yesterday's forms, too: who signs after 24:00 hears that his is void (R16).
        today = state.day(message.received_at)
        needs.days |= {today, today - timedelta(days=1)}
        needs.visits |= set(state.sender(message.sender).sign_list)
    if arrives:
        needs.arriving |= {name_form(report.client) for report in parsed.reports if report.client}
        needs.names.add(fold(parsed.words.partition(" ")[0]))


def _of_parsed(needs: Needs, parsed: Meaning, message: Message, state: State) -> None:
    needs.refer(parsed.refs)
    if parsed.kind in ("query", "give_up") and not parsed.refs and not parsed.reports:
        # A question or a withdrawal that names nobody is about the sender's last report (L22).
        needs.strangers.add(message.sender)
    if parsed.kind == "affirm" or parsed.intent == Intent.CORRECTION:
        needs.recent.add(message.sender)
    if parsed.kind == "evidence":
        # Whoever made a call must have been on the roster (R27).
        needs.names |= {fold(word) for word in parsed.words.split()}
    if parsed.kind == "alias":
        needs.names.add(fold(parsed.words.split()[-1]) if parsed.words.split() else "")
    for report in parsed.reports:
        needs.phones7.add((report.first3 or "", report.last4 or ""))
        needs.names |= {fold(word) for word in (report.agent, report.distributor) if word}
        for word in (report.agent, report.distributor):
            unit = state.unit_named(word) if word else None
            needs.units |= {unit.name} if unit else set()
