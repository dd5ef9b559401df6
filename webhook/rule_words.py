"""What each rule says, in a few words, for whoever asks why (rules.md)."""

from webhook.language import _l

RULES = {
    "R1": _l("reported before the arrival"),
    "R2": _l("the report was complete"),
    "R3": _l("the time of receipt counts"),
    "R4": _l("arrival to the minute"),
    "R5": _l("visit and report do not quite agree"),
    "R6": _l("nobody had reported him: a walk-in"),
    "R7": _l("a report holds for its days"),
    "R8": _l("unvisited at the end: public"),
    "R9": _l("renewed by reporting again"),
    "R10": _l("own group, entered by the manager"),
    "R11": _l("the earlier place in the line wins"),
    "R12": _l("every entry needs a visit form"),
    "R13": _l("confirmed by agent, consultant and manager"),
    "R14": _l("a visit protects for its days, while contacts go on"),
    "R15": _l("came by himself under a live report"),
    "R16": _l("a form counts on its own day only"),
    "R18": _l("objection in time after the deposit"),
    "R19": _l("evidence in time after the down payment"),
    "R20": _l("no evidence in time: the closing unit's"),
    "R21": _l("decided by the manager"),
    "R22": _l("inconsistent data, cured by written proof"),
    "R23": _l("one family: the earliest report"),
    "R24": _l("nobody of the family was reported"),
    "R25": _l("the true number was proved"),
    "R26": _l("the roster was handed in"),
    "R27": _l("call records of a roster agent"),
    "R28": _l("the same rules for walk-ins"),
}


def rule_words(rule: str) -> str:
    """Return what a rule says, "" for one that is not known here."""
    return str(RULES.get(rule, ""))
