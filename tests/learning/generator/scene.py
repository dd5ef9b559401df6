"""The scene of one text: who reports whom, and what of it has been written down so far.

Templates fill their slots here; what has been written decides what a reader is expected to find.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from . import labels, numbers, people, units
from .templates import Choice, Sequence, Slot, Tagged, Text, parsed, table, words

_NUMBERS: Final = frozenset(("P", "Q"))
SEPARATORS: Final = (
    (" ", 46), ("，", 14), (",", 4), ("/", 5), ("-", 2), ("|", 2), ("、", 3), ("；", 2), ("\n", 8), ("  ", 3), ("\t", 2),
    ("　", 1), ("+", 1), ("｜", 1), ("·", 1), ("。", 1), (" / ", 1), (" - ", 1), ("——", 1), ("_", 1), (";", 1), ("\n\n", 1),
)  # fmt: skip


@dataclass(slots=True)
class Client:
    """A client of the text, and whether name, number and agent stand in it yet."""

    number: numbers.Number
    name: str = ""
    has_name: bool = False
    has_number: bool = False
    is_bad: bool = False
    was_whole: bool = False
    agent: str = ""
    unit: str = ""


@dataclass(slots=True)
class Style:
    """How this writer writes: what parts his words, how he hides numbers, which names there are."""

    separator: str = " "
    glued: bool = False
    mask: str = "****"
    value: str = "："
    clients: tuple[tuple[str, int], ...] = people.CLIENT
    agents: tuple[tuple[str, int], ...] = people.AGENT
    units: tuple[tuple[str, int], ...] = units.FREE
    number: str = "masked"
    abroad: bool = False
    own_agents: bool = False
    wide: float = 0.5
    bracket: tuple[str, str] = ("", "")


@dataclass
class Scene:
    """One text that is being written."""

    rng: Random
    style: Style = field(default_factory=Style)
    parts: list[tuple[str, str]] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)
    agent: str = ""
    unit: str = ""
    names: list[str] = field(default_factory=list)
    drawn_agent: str = ""
    drawn_unit: str = ""
    turn: int = 0

    def __post_init__(self) -> None:
        self.clients.append(Client(numbers.draw(self.rng, self.style.abroad)))

    @property
    def client(self) -> Client:
        """The client who is being written of."""
        return self.clients[self.turn]

    def put(self, words: str, tag: str = "") -> None:
        """Write the words with that tag; without one they are other words and separators.

        Digits that are none of a telephone number never touch one.
        """
        if not words:
            return
        if (
            self.parts
            and words[0].isdigit()
            and self.parts[-1][0][-1].isdigit()
            and {tag, self.parts[-1][1]} & _NUMBERS
        ):
            self.parts.append((" ", ""))
        self.parts.append((words, tag))

    def write(self, template: str) -> None:
        """Write the template, its slots filled."""
        self._expand(parsed(template))

    def write_from(self, name: str) -> None:
        """Write a random template of the table."""
        self.write(table(name).pick(self.rng))

    def _expand(self, sequence: Sequence) -> None:
        for node in sequence:
            if isinstance(node, Text):
                self.put(node.words)
            elif isinstance(node, Slot):
                self.fill(node.name)
            elif isinstance(node, Choice):
                self._expand(self.rng.choice(node.options))
            else:
                self._tagged(node)

    def _tagged(self, node: Tagged) -> None:
        kept, self.parts = self.parts, []
        self._expand(node.inside)
        inside = "".join(words for words, _ in self.parts)
        self.parts = kept
        self.put(inside, node.tag)

    def fill(self, name: str) -> None:
        """Fill one slot: a part of the report, a random value, or a line of the table of that name."""
        kind, _, argument = name.partition(":")
        if slot := SLOTS.get(kind):
            slot(self, argument)
        else:
            self.write_from(name)

    # Who takes part

    def new_name(self, kinds: tuple[tuple[str, int], ...]) -> str:
        """Return a name that nobody else in the text bears."""
        while (name := people.draw(self.rng, kinds)) in self.names:
            continue
        self.names.append(name)
        return name

    def next_client(self) -> None:
        """Go on to another client."""
        self.clients.append(Client(numbers.draw(self.rng, self.style.abroad)))
        self.turn = len(self.clients) - 1
        if self.style.own_agents:
            self.drawn_agent = self.drawn_unit = ""

    def client_name(self) -> str:
        """Return the client's name, drawn when it is first asked for."""
        if not self.client.name:
            self.client.name = self.new_name(self.style.clients)
        return self.client.name

    def agent_name(self) -> str:
        """Return the agent's name, drawn when it is first asked for."""
        if not self.drawn_agent:
            self.drawn_agent = self.new_name(self.style.agents)
        return self.drawn_agent

    def unit_name(self) -> str:
        """Return the unit's name, drawn when it is first asked for."""
        if not self.drawn_unit:
            self.drawn_unit = units.draw(self.rng, self.style.units)
        return self.drawn_unit

    # What is expected

    def expected(self) -> dict[str, Any]:
        """Return what a reader must find, as the corpus has it (H7: the faults in their order)."""
        clients = self.clients
        reports = [self._report(client) for client in clients]
        if any(client.was_whole for client in clients):
            return {"error": "full_phone_given", "reports": reports}
        if any(client.is_bad for client in clients):
            return {"error": "bad_phone"}
        if not all(client.has_number for client in clients):
            return {"error": "missing_phone"}
        if not all(client.has_name for client in clients):
            return {"error": "missing_name"}
        if not all(report["agent"] or report["distributor"] for report in reports):
            return {"error": "missing_agent", "reports": reports}
        return {"reports": reports}

    def _report(self, client: Client) -> dict[str, str | None]:
        own = self.style.own_agents
        return {
            "client": client.name if client.has_name else None,
            "first3": client.number.first3 if client.has_number else None,
            "last4": client.number.last4 if client.has_number else None,
            "agent": (client.agent if own else self.agent) or None,
            "distributor": (client.unit if own else self.unit) or None,
        }


def _write_client(scene: Scene, _: str) -> None:
    scene.put(scene.client_name(), "C")
    scene.client.has_name = True


def _write_number(scene: Scene, _: str) -> None:
    client, style = scene.client, scene.style
    if style.number == "bad":
        client.is_bad = client.has_number = True
        scene.put(numbers.spoilt(scene.rng, client.number), "P")
        return
    client.has_number = True
    client.was_whole = style.number == "whole" or (style.number == "mixed" and scene.rng.random() < 0.5)
    if client.was_whole:
        scene.put(numbers.whole(scene.rng, client.number), "P")
    else:
        scene.put(numbers.masked(scene.rng, client.number, style.mask), "P")


def _write_halves(scene: Scene, where: str) -> None:
    """Write the first three and the last four as two fields, on two lines or on one; together they are the number."""
    rng, number = scene.rng, scene.client.number
    sign = rng.choice(("：", "：", ":", "", " "))
    joint = "\n" if where == "line" else rng.choice((" ", "，", " ", "；"))
    first, last = rng.choice(words("first_words")), rng.choice(words("last_words"))
    scene.client.has_number = True
    scene.put(f"{first}{sign}{number.first3}{joint}{last}{sign}{number.last4}", "P")


def _write_agent(scene: Scene, _: str) -> None:
    name = scene.agent_name()
    scene.put(name, "A")
    scene.agent = scene.agent or name
    scene.client.agent = name


def _write_unit(scene: Scene, _: str) -> None:
    name = scene.unit_name()
    scene.put(name, "U")
    scene.unit = scene.unit or name
    scene.client.unit = name


def _write_rival_unit(scene: Scene, _: str) -> None:
    scene.put(units.draw(scene.rng, units.BRANDED), "U")


def _write_other_number(scene: Scene, kind: str) -> None:
    number = numbers.draw(scene.rng)
    masked = kind == "masked" or (not kind and scene.rng.random() < 0.33)
    scene.put(numbers.masked(scene.rng, number, "****") if masked else numbers.whole(scene.rng, number), "Q")


def _write_landline(scene: Scene, _: str) -> None:
    rng = scene.rng
    area = rng.choice(("0571", "021", "010", "0755", "020", "400", "028"))
    scene.put(f"{area}{rng.choice(('-', '-', ''))}{numbers.digits(rng, 8 if area != '400' else 7)}", "Q")


def _write_staff(scene: Scene, kind: str) -> None:
    kinds = {"title": (("title", 1),), "nick": (("nickname", 1),), "honorific": (("honorific", 1),)}.get(
        kind, (("short", 3), ("long", 4), ("nickname", 3), ("title", 3))
    )
    scene.put(scene.new_name(kinds), "S")


def _write_separator(scene: Scene, _: str) -> None:
    scene.put(scene.style.separator)


def _write_gap(scene: Scene, _: str) -> None:
    scene.put("" if scene.style.glued else scene.style.separator)


def _write_value_sign(scene: Scene, _: str) -> None:
    scene.put(scene.style.value)


def _write_label(scene: Scene, role: str) -> None:
    word = labels.pick(scene.rng, role, scene.style.wide)
    if scene.style.wide and len(word) in (2, 3) and scene.rng.random() < 0.02:
        word = scene.rng.choice((" ", "　", "  ")).join(word)
    left, right = scene.style.bracket
    scene.put(left)
    scene.put(word, f"L:{role}" if role in labels.ROLES else "L:other")
    scene.put(right)


def _count(scene: Scene, bounds: str) -> None:
    low, high = bounds.split("-")
    scene.put(str(scene.rng.randint(int(low), int(high))))


def _two_digits(scene: Scene, bounds: str) -> None:
    low, high = bounds.split("-")
    scene.put(f"{scene.rng.randint(int(low), int(high)):02d}")


def _digits(scene: Scene, count: str) -> None:
    scene.put(numbers.digits(scene.rng, int(count)))


def _letters(scene: Scene, count: str) -> None:
    scene.put("".join(scene.rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(int(count))))


def _signs(scene: Scene, count: str) -> None:
    scene.put("".join(scene.rng.choice(people.common_signs()) for _ in range(int(count))))


def _word(scene: Scene, name: str) -> None:
    scene.put(scene.rng.choice(words(name)))


def _kinds(scene: Scene, kind: str) -> None:
    """Fix which names this text has, before any is written."""
    if kind == "plain":
        scene.style.clients = scene.style.agents = people.PLAIN
    elif kind == "agent":
        scene.style.agents = people.PLAIN
    elif kind == "polite":
        scene.style.clients = (("honorific", 1),)
    elif kind == "surname":
        scene.style.clients = (("surname", 1),)
    elif kind == "branded":
        scene.style.units = units.BRANDED
    elif kind == "english":
        scene.style.clients = scene.style.agents = people.ENGLISH
        scene.style.units = units.ENGLISH
    else:
        scene.style.units = units.BESIDE_AGENT


def _next(scene: Scene, _: str) -> None:
    scene.next_client()


def _first(scene: Scene, _: str) -> None:
    scene.turn = 0


def _second(scene: Scene, _: str) -> None:
    scene.turn = 1


def _place(scene: Scene, _: str) -> None:
    scene.put(units.place(scene.rng))


def _other_name(scene: Scene, kind: str) -> None:
    """Write a name that is nobody's of the report, without a tag of its own."""
    scene.put(scene.new_name(people.PLAIN if kind != "agent" else people.AGENT))


SLOTS: Final[dict[str, Callable[[Scene, str], None]]] = {
    "c": _write_client, "p": _write_number, "halves": _write_halves, "a": _write_agent, "u": _write_unit,
    "q": _write_other_number, "u2": _write_rival_unit, "landline": _write_landline, "s": _write_staff, "_": _write_separator, "g": _write_gap,
    "v": _write_value_sign, "L": _write_label, "n": _count, "nn": _two_digits, "d": _digits, "letters": _letters, "signs": _signs,
    "word": _word, "kinds": _kinds, "next": _next, "first": _first, "second": _second, "place": _place, "name": _other_name,
}  # fmt: skip
