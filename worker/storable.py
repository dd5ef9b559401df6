"""What both databases take: PostgreSQL refuses NUL, and Python's drivers a half of a character."""

from typing import Any


def storable(text: str) -> str:
    """Return the text without what a database refuses: NUL, and lone surrogates (which become `?`)."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def storable_payload(value: Any) -> Any:
    """Return a payload, or a part of one, whose texts are all `storable`: tables take them over as they stand."""
    match value:
        case str():
            return storable(value)
        case dict():
            return {storable_payload(name): storable_payload(each) for name, each in value.items()}
        case list() | tuple():
            return [storable_payload(each) for each in value]
    return value
