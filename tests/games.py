"""Games against a site: an opponent's texts, move by move, and what each phone hears of them.

The line is in memory (`scenarios/stage.py`) and the door is its own: texts are masked, repeats and echoes seen as the
webhook's door does. Whoever forges a sender's number hears nothing: answers go to the phone that owns the number.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from parsers.message import Meaning
from worker.rules.client import Client
from worker.rules.codes import Code
from worker.rules.decide import read
from worker.rules.model import Claim, Message
from worker.rules.state import State
from worker.scenarios.language import read_scenario
from worker.scenarios.lines import SetUp, beginning
from worker.scenarios.stage import MemoryStage, SentText

NUMBER, MANAGER, CONSULTANT, SERVICE = (f"+861380000000{n}" for n in range(4))
SECOND_MANAGER = "+8613800000009"
LI, ZHOU = "+8613900000011", "+8613900000012"
"""Of 链家: whose clients the games are about."""
WANG, SUN = "+8613900000021", "+8613900000022"
"""Of 贝壳: the rivals."""
STRANGER = "+8613900000099"
SITE, ZONE = "湾", ZoneInfo("Asia/Shanghai")
START = datetime(2026, 11, 2, 10, tzinfo=ZONE)
SETTING = f"""
site {SITE} number={NUMBER} manager={MANAGER},{SECOND_MANAGER} consultant={CONSULTANT} service={SERVICE}
policy notify=off quiet_hours=off
unit 链家 kind=distributor
unit 贝壳 kind=distributor
agent 钱进 {LI} 链家
agent 周涛 {ZHOU} 链家
agent 王五 {WANG} 贝壳
agent 孙权 {SUN} 贝壳
"""


class Game:
    """A site, a clock that stands until it is moved, and what has gone out."""

    def __init__(self, more: str = "") -> None:
        """`more`: further set-up lines of a scenario."""
        self.stage, self.now, self.site = MemoryStage(self._read), START, SITE
        self.states = dict[str, State]()
        scenario = read_scenario(SETTING + more)
        for line in scenario.lines:
            assert isinstance(line, SetUp)
            self.stage.set_up(line.site, line.kind, line.payload, line.at or min(START, beginning(scenario)))

    def text(self, sender: str, words: str, *, sent_ago: timedelta | None = None, site: str = "") -> list[SentText]:
        """Send a text, a second after what was before; return what went out because of it."""
        return self._put(sender, words, sent_ago, site or self.site, form=False)

    def form(self, sender: str, words: str) -> list[SentText]:
        """Let a member of staff do this on a page."""
        return self._put(sender, words, None, self.site, form=True)

    def said(self, sender: str, words: str) -> str:
        """Send a text and return the code of its one reply; empty where it is not answered."""
        replies = [sent.code for sent in self.text(sender, words) if sent.phone == sender]
        assert len(replies) <= 1
        return replies[0] if replies else ""

    def sure(self, sender: str, words: str) -> list[SentText]:
        """Do an act by text, with its code, which its owner reads."""
        asked = self.text(sender, words)
        assert [sent.code for sent in asked] == [Code.CONFIRM_CODE], asked
        return self.text(sender, asked[0].params["code"])

    def set_up(self, line: str) -> None:
        """Let a set-up line of a scenario hold from now on."""
        stamp = f"{self.now:%Y-%m-%d %H:%M:%S}"
        last = read_scenario(f"{SETTING}{stamp} {line}").lines[-1]
        assert isinstance(last, SetUp)
        self.stage.set_up(last.site, last.kind, last.payload, self.now)

    def pass_by(self, **span: float) -> list[SentText]:
        """Let time pass; return what it has said."""
        return self.until(self.now + timedelta(**span))

    def until(self, moment: datetime) -> list[SentText]:
        """Let time pass up to a moment, its own second included; return what it has said."""
        before = len(self.stage.outbox)
        self.now = moment
        self.stage.advance(moment)
        return self.stage.outbox[before:]

    def owner(self, client: str, at: datetime | None = None) -> str:
        """Return whose a client (name and mask) is: the unit's name, or nobody."""
        name, mask = client.rsplit(" ", 1)
        return self.stage.owner(self.site, Client(name, mask[:3], mask[-4:]), at or self.now).unit or "nobody"

    def claims(self) -> list[Claim]:
        """Return every claim as it stands."""
        return list(self.states[self.site].claims.values())

    def heard(self, phone: str) -> list[SentText]:
        """Return all that a phone was ever told."""
        return [sent for sent in self.stage.outbox if sent.phone == phone]

    def _read(self, state: State, message: Message) -> Meaning:
        self.states[state.site.name] = state
        return read(state, message)

    def _put(self, sender: str, words: str, sent_ago: timedelta | None, site: str, *, form: bool) -> list[SentText]:
        self.until(self.now + timedelta(seconds=1))
        before = len(self.stage.outbox)
        sent_at = self.now - sent_ago if sent_ago is not None else None
        self.stage.receive(site, sender, words, self.now, sent_at, None, form)
        return self.stage.outbox[before:]


def told(phone: str, sent: list[SentText]) -> list[str]:
    """Return the codes of what a phone is told among these."""
    return [each.code for each in sent if each.phone == phone]
