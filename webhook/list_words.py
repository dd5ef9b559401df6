"""What is wrong with a line of a list, in the language of the page: the reading's sentences, columns by their names."""

from parsers import numbers
from webhook.language import _, _l
from worker.errors import SetUpError

COLUMN_WORDS = {
    "name": _l("Full name"),
    "phone": _l("Phone"),
    "unit": _l("Unit"),
    "kind": _l("Kind of unit"),
    "from": _l("First day"),
    "to": _l("Last day on the list"),
    "aliases": _l("Further names"),
    "unit_aliases": _l("Further names of the unit"),
}
"""The columns of a roster file; with these headings it is read as well as with the English ones."""
NUMBER_WORDS = {
    numbers.NOT_A_NUMBER: _l("“%(typed)s” is not a phone number; write it as +8613800000000"),
    numbers.NOT_POSSIBLE: _l("“%(typed)s” is not a possible phone number; write it as +8613800000000"),
    numbers.DIGITS_LOST: _l(
        "“%(typed)s” lost its digits in a spreadsheet: format the column as text and type them again"
    ),
    numbers.MORE_THAN_A_NUMBER: _l("“%(typed)s” is not a phone number and nothing else; write it as +8613800000000"),
    numbers.NO_MOBILE: _l("“%(typed)s” is no mobile number in %(country)s; write one as +8613800000000"),
}
"""What the reading of numbers says, for the catalogue."""


def line_fault(fault: ValueError) -> str:
    """Return what a line, or a form that is read as one, has wrong."""
    if not isinstance(fault, (SetUpError, numbers.NumberError)):
        return str(fault)
    columns = {key: _named(value) for key, value in fault.values.items() if key in ("column", "columns", "header")}
    return _(fault.sentence, **{**fault.values, **columns})


def _named(columns: object) -> str:
    words = [part.strip() for part in str(columns).split(",")]
    return ", ".join(str(COLUMN_WORDS.get(word, word)) for word in words)
