"""What a batch of messages mentions: the keys of the facts that its decisions can look at."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from parsers.message import PASSING, Command, Intent, Meaning, Report, ReportText, clients_named, readings_of
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
    people: bool = False
    """whether colleagues of those who have the claims that are named may be meant, and whose these are now (转, 延)"""
    relisted: set[str] = field(default_factory=set)
    """who gets a line of the roster, or whose line ends: whatever it says, one that stood may be over by it (L17)"""
    figures: bool = False
    """whether what came in this week is asked for (统计)"""
    arriving: set[NameForm] = field(default_factory=set)
    """names of clients who arrive: a claim of the same unit may have another number of theirs (B25); aliases that may
    be the name of one (L21)"""

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


def want(needs: Needs, message: Message, meaning: Meaning | None, state: State) -> None:
    """Add what a message needs; `meaning` is None of a set-up message, `state` holds units and senders."""
    if message.sender not in state.site.staff and not state.listed(message.sender, state.day(message.received_at)):
        needs.strangers.add(message.sender)
    for each in readings_of(meaning) if meaning is not None else ():
        _of_forms(needs, each, message, state)
        _of_clients(needs, clients_named(each), state)
    if isinstance(meaning, Command):
        _of_command(needs, meaning, message, state)
    if isinstance(meaning, ReportText) and meaning.intent == Intent.CORRECTION:
        needs.recent.add(message.sender)
    # A set-up message is decided by itself, and may name many.
    for row in message.payload.get("rows", ()):
        needs.phones7.add((row["first3"], row["last4"]))
        needs.names.add(fold(row["agent"]))
    people = message.payload.get("people", ())
    needs.phones |= {line["phone"] for line in people}
    if message.kind in ("unlist", "reopen"):
        needs.phones.add(message.payload["phone"])
    if message.kind == "moved":
        needs.phones |= {message.payload["old"], message.payload["new"]} - {""}
    if message.kind == "appointed":
        needs.phones |= message.payload.keys()
    lines = Counter(line["phone"] for line in people)
    needs.relisted |= set(lines) | ({message.payload["phone"]} if message.kind == "unlist" else set())
    # Of several lines of one phone a later one may end what an earlier one began.
    needs.strangers |= {phone for phone, count in lines.items() if count > 1}
    act = state.sender(message.sender).act
    if act is not None:
        needs.refer(act["parsed"]["refs"])
        needs.phones7 |= {(r["first3"], r["last4"]) for r in act["parsed"]["reports"]}
        needs.people |= act["kind"] in PASSING


def _of_forms(needs: Needs, meaning: Meaning, message: Message, state: State) -> None:
    kind, words = (meaning.kind, meaning.words) if isinstance(meaning, Command) else ("", "")
    arrives = kind in ARRIVALS or (isinstance(meaning, ReportText) and meaning.arrival is not None)
    if kind in OF_FORMS or arrives:
        # Yesterday's forms, too: who signs after 24:00 hears that his is void (R16).
        today = state.day(message.received_at)
        needs.days |= {today, today - timedelta(days=1)}
        needs.visits |= set(state.sender(message.sender).sign_list)
    if arrives:
        needs.arriving |= {name_form(report.client) for report in clients_named(meaning) if report.client}
        needs.names.add(fold(words.partition(" ")[0]))


def _is_told_figures(message: Message, state: State) -> bool:
    """Tell whether figures are said to the sender: he is the manager, and was not told enough this hour or day (L11).

    His number can be forged, and a week's claims are many.
    """
    in_hour, in_day = state.sender(message.sender).told(state.hour(message.received_at))
    told_enough = in_hour >= state.policy.messages_per_hour or in_day >= state.policy.messages_per_day
    return state.site.staff.get(message.sender) == "manager" and not told_enough


def _of_command(needs: Needs, command: Command, message: Message, state: State) -> None:
    needs.refer(command.refs)
    about_nobody = command.kind in ("query", "give_up") and not command.refs and not command.reports
    if about_nobody or command.kind in ("mine", "next"):
        # A question or a withdrawal that names nobody is about the sender's last report (L22).
        needs.strangers.add(message.sender)
    needs.people |= command.kind in PASSING
    needs.figures |= command.kind == "figures" and _is_told_figures(message, state)
    if command.kind == "affirm":
        needs.recent.add(message.sender)
    if command.kind == "evidence":
        # Whoever made a call must have been on the roster (R27).
        needs.names |= {fold(word) for word in command.words.split()}
    if command.kind == "alias" and command.words:
        alias, _, name = command.words.rpartition(" ")
        needs.names.add(fold(name))
        needs.arriving.add(name_form(alias))


def _of_clients(needs: Needs, clients: Iterable[Report], state: State) -> None:
    for report in clients:
        needs.phones7.add((report.first3 or "", report.last4 or ""))
        needs.names |= {fold(word) for word in (report.agent, report.distributor) if word}
        for word in (report.agent, report.distributor):
            unit = state.unit_named(word) if word else None
            needs.units |= {unit.name} if unit else set()
