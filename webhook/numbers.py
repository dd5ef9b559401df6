"""Numbers in addresses: none is larger than the database's columns take."""

from typing import Final

from flask import request

LARGEST_NUMBER: Final = 2**31 - 1
"""No id, place or number of a form is larger: an address with a larger one is of no page."""


def asked_number(name: str) -> int | None:
    """Return the number that the address or form asks for, None where it names none, or one that nothing has."""
    found: int | None = request.values.get(name, type=int)
    return found if found is not None and 0 <= found <= LARGEST_NUMBER else None
