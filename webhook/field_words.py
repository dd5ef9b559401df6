"""What a refusal says of one field of the form that it refuses: which, and what is wanted there."""

from typing import Final

from webhook.language import _l

_ANYWHERE: Final = {
    "refused_missing_name": ("client", _l("Write the client's name.")),
    "refused_missing_phone": ("phone", _l("Write the first three and last four digits, as 138****5678.")),
    "refused_bad_phone": ("phone", _l("Write the first three and last four digits, as 138****5678.")),
    "refused_full_phone_given": ("phone", _l("Write the first three and last four digits, as 138****5678.")),
    "refused_missing_agent": ("agent", _l("Write the agent or the unit.")),
    "refused_other_unit": ("agent", _l("This agent is not of this unit.")),
}
"""By the code of a refusal."""
_OF_FORM: Final = {
    ("arrive", "refused_late"): ("time", _l("The time of arrival has not come yet.")),
    ("arrive", "refused_ambiguous"): ("client", _l("Several clients of this number fit: write the full name.")),
    ("group", "group"): ("clients", _l("A group is two clients or more.")),
    ("group", "own_unit"): ("agent", _l("Write an agent of our own department.")),
    ("group", "refused_full_phone_given"): ("clients", _l("Write only the first three and last four digits.")),
    ("pay", "date"): ("day", _l("Write the day as 2026-11-02.")),
    ("pay", "future"): ("day", _l("This day is still to come.")),
    ("pay", "unit"): ("unit", _l("There is no such unit on the site's list.")),
    ("pay", "unsold"): ("what", _l("No sale of this client is recorded.")),
    ("relate", "two"): ("other", _l("Name another client than this one.")),
    ("relate", "relation"): ("relation", _l("Choose what they are to each other.")),
    ("relate", "refused_not_found"): ("other", _l("There is no such report.")),
    ("correct", "number"): ("phone", _l("This is the number that he has already.")),
    ("hand", "hand"): ("agent", _l("He is not on the unit's roster today.")),
    ("extend", "extend_days"): ("days", _l("Not so many days.")),
    ("rule", "unit"): ("unit", _l("There is no such unit on the site's list.")),
    ("rule", "party"): ("unit", _l("This unit is no party of the dispute.")),
    ("paper", "side"): ("unit", _l("This unit is no party of the dispute.")),
    ("paper", "date"): ("words", _l("No calendar has this day.")),
    ("paper", "future"): ("words", _l("This day is still to come.")),
}
"""By the form's name, and the reason or code of a refusal."""


def faults_of(form: str, code: str, reason: str) -> dict[str, str]:
    """Return what is wrong with which field of a form that was refused; nothing where no field alone is at fault."""
    found = _OF_FORM.get((form, reason)) or _OF_FORM.get((form, code)) or _ANYWHERE.get(code)
    return {found[0]: str(found[1])} if found is not None else {}
