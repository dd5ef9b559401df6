"""What people of the roster call themselves besides their names: aliases (别名), and usual forms of a name (L21)."""

from collections.abc import Iterable
from dataclasses import replace

from parsers.message import Command
from parsers.names import is_address_alone
from worker.rules.answers import Outcome, answered, refused
from worker.rules.codes import Code
from worker.rules.identity import fold, name_form, names_agree, same_name
from worker.rules.model import Decision, Listed
from worker.rules.numbers import Rule
from worker.rules.turn import Turn

_BEFORE_A_CHARACTER = ("阿", "小", "老", "大")


def calls_himself(person: Listed, named: str) -> bool:
    """Tell whether a person of the roster means himself by a name: an alias, 阿强 of 张强, 张经理, 小张."""
    folded = fold(named)
    if folded in map(fold, person.aliases):
        return True
    if _is_nickname(folded) and folded[1] in person.name_key:
        return True
    return name_form(named).bare and names_agree(person.name, named)


def may_be_himself(person: Listed, people: Iterable[Listed], named: str) -> bool:
    """Tell whether a name on no roster may become somebody's alias by his own 是.

    It is no name, alias or usual form of a colleague, and no form of address (陈先生), which says of nobody who he is.
    """
    folded = fold(named)
    if is_address_alone(folded) or (name_form(named).bare and not _is_nickname(folded)):
        return False
    others = (p for p in people if p.phone != person.phone)
    return not any(folded == p.name_key or calls_himself(p, named) for p in others)


def _is_nickname(folded: str) -> bool:
    return len(folded) == len("阿强") and folded[0] in _BEFORE_A_CHARACTER


def also_called(person: Listed, alias: str) -> Listed:
    """Return a line of the roster with one more alias."""
    return replace(person, aliases=tuple(dict.fromkeys((*person.aliases, alias))))


def is_client_of(turn: Turn, unit: str, alias: str) -> bool:
    """Tell whether a live client of a unit is so called: a text that names him would be read as naming the agent."""
    clients = (c for c in turn.state.claims.values() if c.unit == unit and c.live(turn.now))
    return any(same_name(client.client, alias) for client in clients)


def decide_alias(turn: Turn, parsed: Command) -> Decision:
    """别名 阿强 张强: the manager says what else somebody of the roster is called."""
    if turn.role != "manager":
        return refused(turn, "alias", Code.REFUSED_ROLE)
    alias, _, name = " ".join(parsed.words.split()).rpartition(" ")
    if not alias or not name:
        return refused(turn, "alias", Code.REFUSED_INVALID, {"reason": "alias"})
    called = [p for p in turn.state.people(turn.state.day(turn.now)) if p.name_key == fold(name)]
    if len(called) != 1:
        return refused(turn, "alias", Code.REFUSED_AMBIGUOUS if called else Code.REFUSED_NOT_FOUND)
    person = called[0]
    if is_client_of(turn, person.unit, alias):
        return refused(turn, "alias", Code.REFUSED_INVALID, {"reason": "alias_of_client", "alias": alias})
    turn.state.put(also_called(person, alias))
    params = {"alias": alias, "agent": person.name, "unit": person.unit}
    return answered(turn, "alias", [Outcome(Code.ALIAS_SET, params, "", (Rule.R2a,))])
