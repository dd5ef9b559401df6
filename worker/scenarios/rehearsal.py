"""Plays a scenario on a stage and tells each expectation that broke, with its line number."""

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from worker.rules.codes import Code
from worker.rules.model import NO_AGENT
from worker.scenarios.lines import Expected, Incoming, Owner, RowLine, Scenario, SetUp, beginning
from worker.scenarios.stage import SentText, Stage, StandingReport


@dataclass(frozen=True, slots=True)
class Break:
    """An expectation that does not hold."""

    line: int
    expected: str
    got: str


def rehearse(scenario: Scenario, stage: Stage) -> list[Break]:
    """Play a scenario and return its broken expectations in the order of their lines."""
    return _Rehearsal(scenario, stage).play()


class _Rehearsal:
    def __init__(self, scenario: Scenario, stage: Stage) -> None:
        self.scenario = scenario
        self.stage = stage
        self.breaks: list[Break] = []
        self.consumed: set[int] = set()
        self.caused_by: list[int] = []
        self.names: dict[str, str] = {}
        self.never: list[Expected] = []

    def play(self) -> list[Break]:
        start = beginning(self.scenario)
        now = start
        for line in self.scenario.lines:
            if (line.at is not None and not isinstance(line, Owner) and line.at >= now) or (
                isinstance(line, Owner) and line.at is not None and line.at > now
            ):
                now = line.at
                self.stage.advance(now)
                self._mark(line.number)
            at = line.at or start
            match line:
                case SetUp():
                    self.stage.set_up(line.site, line.kind, line.payload, at)
                case Incoming():
                    self._receive(line, at)
                case Expected(never=True):
                    self.never.append(line)
                case Expected():
                    self._expect(line, at)
                case Owner():
                    self._owner(line, at)
                case RowLine():
                    self._register(line, at)
            self._mark(line.number)
        self._rest()
        return sorted(self.breaks, key=lambda b: b.line)

    def _mark(self, line: int) -> None:
        self.caused_by += [line] * (len(self.stage.outbox) - len(self.caused_by))

    def _receive(self, line: Incoming, at: datetime) -> None:
        said = [sent for sent in self.stage.outbox if sent.phone == line.sender]
        if line.echo:
            text = next((sent.words for sent in reversed(said) if sent.site == line.site), "")
        else:
            codes = [str(sent.params["code"]) for sent in said if sent.code == Code.CONFIRM_CODE]
            names = self.names | ({"code": codes[-1]} if codes else {})
            # Of 转$R2王五 the name is R2, unless the whole is one.
            known = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
            text = (
                re.sub(rf"\$({known})(?![0-9a-zA-Z_])", lambda found: names[found[1]], line.text)
                if names
                else line.text
            )
        self.stage.receive(line.site, line.sender, text, at, line.sent_at, line.provider_id, line.form, line.believed)

    def _expect(self, line: Expected, at: datetime) -> None:
        waiting = self._waiting(line)
        if self.scenario.lenient:
            waiting = [i for i in waiting if self.stage.outbox[i].at == at and self._fits(line, self.stage.outbox[i])]
        if not waiting:
            self._broke(line, self._written(line), "nothing")
            return
        index = waiting[0]
        sent = self.stage.outbox[index]
        if self.scenario.lenient:
            self.consumed |= set(self._waiting(line)[: self._waiting(line).index(index) + 1])
        else:
            self.consumed.add(index)
            if sent.at != at or not self._fits(line, sent):
                self._broke(line, self._written(line), self._shown(sent))
        if line.name:
            self.names[line.name] = sent.ref

    def _waiting(self, line: Expected) -> list[int]:
        return [
            index
            for index, sent in enumerate(self.stage.outbox)
            if index not in self.consumed and _addressed(line, sent)
        ]

    def _fits(self, line: Expected, sent: SentText) -> bool:
        if line.code is not None and sent.code != line.code:
            return False
        if line.ref is not None and sent.ref != line.ref:
            return False
        if line.glob is None:
            return True
        # Only * is special; both ends are anchored; the words' own stars match (F15).
        pattern = ".*".join(re.escape(words) for words in line.glob.split("*"))
        return re.fullmatch(pattern, sent.words, re.DOTALL) is not None

    def _owner(self, line: Owner, at: datetime) -> None:
        answer = self.stage.owner(line.site, line.client, at)
        unit, _, agent = line.owner.partition("/")
        holds = unit == (answer.unit or "nobody") and (not agent or agent == (answer.agent or "-"))
        if not line.differs:
            lacking = set(line.rules) - set(answer.rules) or set(line.flags) - set(answer.flags)
            beyond = set(answer.rules) - set(line.rules) or set(answer.flags) - set(line.flags)
            holds = holds and not lacking and not (line.exact and beyond) and line.until in (None, answer.until)
        if holds != line.differs:
            return
        zone = self.scenario.zones[line.site]
        sign = "!=" if line.differs else "==" if line.exact else "="
        written = [f"{line.client} {sign} {line.owner}", *line.rules, *_limits(line.until, line.flags, zone)]
        whose = f"{answer.unit}/{answer.agent or '-'}" if answer.unit else "nobody"
        shown = [whose, *answer.rules, *_limits(answer.until, answer.flags, zone)]
        self._broke(line, " ".join(written), " ".join(shown))

    def _register(self, line: RowLine, at: datetime) -> None:
        rows = list(self.stage.register(line.site, at))
        stated = (line.ref, line.status, line.client, line.unit, line.agent)
        for row in rows:
            same = stated == (row.ref, row.status, row.client, row.unit, row.agent or NO_AGENT)
            # Times only where the line states them.
            if same and line.until in (None, row.until) and line.visited in (None, row.visited):
                return
        zone = self.scenario.zones[line.site]
        near = [row for row in rows if row.client == line.client or (line.ref and row.ref == line.ref)]
        shown = "; ".join(_row_shown(row, row.until, row.visited, zone) for row in near)
        self._broke(line, _row_shown(line, line.until, line.visited, zone), shown or "no row")

    def _rest(self) -> None:
        for line in self.never:
            assert line.at is not None  # noqa: S101  (only timed lines can forbid)
            # From its time on; without a code just then.
            later = [sent for sent in self.stage.outbox if sent.at >= line.at and (line.code or sent.at == line.at)]
            for sent in later:
                if _addressed(line, sent) and self._fits(line, sent):
                    self._broke(line, f"no {line.code or 'message'} to {line.phone}", self._shown(sent))
        if self.scenario.lenient:
            return
        for index, sent in enumerate(self.stage.outbox):
            if index not in self.consumed:
                self.breaks.append(Break(self.caused_by[index], "no further message", self._shown(sent)))

    def _broke(self, line: Expected | Owner | RowLine, expected: str, got: str) -> None:
        self.breaks.append(Break(line.number, expected, got))

    def _written(self, line: Expected) -> str:
        return " ".join(filter(None, (self._time(line.at, line.site), line.phone, line.code, line.ref, line.glob)))

    def _shown(self, sent: SentText) -> str:
        return " ".join(filter(None, (self._time(sent.at, sent.site), sent.phone, sent.code, sent.ref, sent.words)))

    def _time(self, at: datetime | None, site: str) -> str:
        return f"{at.astimezone(self.scenario.zones[site]):%Y-%m-%d %H:%M:%S}" if at else ""


def _addressed(line: Expected, sent: SentText) -> bool:
    """Tell whether a message went to the line's phone, from its site where it names one (F4)."""
    return sent.phone == line.phone and (not line.named_site or sent.site == line.site)


def _row_shown(row: RowLine | StandingReport, until: datetime | None, visited: datetime | None, zone: ZoneInfo) -> str:
    words = [row.ref or "-", row.status, str(row.client), f"{row.unit}/{row.agent or NO_AGENT}"]
    return " ".join(
        [
            *words,
            *_limits(until, (), zone),
            *([f"visited={visited.astimezone(zone):%Y-%m-%dT%H:%M:%S}"] if visited else []),
        ]
    )


def _limits(until: datetime | None, flags: tuple[str, ...], zone: ZoneInfo) -> list[str]:
    """Return an end and flags as a scenario writes them (F10)."""
    ends = [f"until={until.astimezone(zone):%Y-%m-%dT%H:%M:%S}"] if until else []
    return [*ends, *(f"flag={flag}" for flag in flags)]
