"""What each rule says, in a few words, for whoever asks why (rules.md)."""

from webhook.language import _l
from worker.rules.numbers import Rule

RULES: dict[str, str] = {
    Rule.R1: _l("reported before the arrival"),
    Rule.R2: _l("the report was complete"),
    Rule.R3: _l("the time of receipt counts"),
    Rule.R4: _l("arrival to the minute"),
    Rule.R5: _l("visit and report do not quite agree"),
    Rule.R6: _l("nobody had reported him: a walk-in"),
    Rule.R7: _l("a report holds for its days"),
    Rule.R8: _l("unvisited at the end: public"),
    Rule.R9: _l("renewed by reporting again"),
    Rule.R10: _l("own group, entered by the manager"),
    Rule.R11: _l("the earlier place in the line wins"),
    Rule.R12: _l("every entry needs a visit form"),
    Rule.R13: _l("confirmed by agent, consultant and manager"),
    Rule.R14: _l("a visit protects for its days, while contacts go on"),
    Rule.R15: _l("came by himself under a live report"),
    Rule.R16: _l("a form counts on its own day only"),
    Rule.R18: _l("objection in time after the deposit"),
    Rule.R19: _l("evidence in time after the down payment"),
    Rule.R20: _l("no evidence in time: the closing unit's"),
    Rule.R21: _l("decided by the manager"),
    Rule.R22: _l("inconsistent data, cured by written proof"),
    Rule.R23: _l("one family: the earliest report"),
    Rule.R24: _l("nobody of the family was reported"),
    Rule.R25: _l("the true number was proved"),
    Rule.R26: _l("the roster was handed in"),
    Rule.R27: _l("call records of a roster agent"),
    Rule.R28: _l("the same rules for walk-ins"),
}


def rule_words(rule: str) -> str:
    """Return what a rule says, "" for one that is not known here."""
    return str(RULES.get(rule, ""))
