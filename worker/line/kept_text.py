"""What the line keeps of a text, and whether that is an echo of ours: for the stage in memory as well."""

from typing import Any

from parsers.mask import mask_numbers

ECHO_LEAST = 12
ECHO_LOOK_BACK = 5
"""So many of the newest replies to a phone can come back as an echo."""


def carries(text: str, words: str, region: str) -> bool:
    """Tell whether `text`, as the line keeps it, carries the whole of a reply's words."""
    return len(words) >= ECHO_LEAST and mask_numbers(words, region) in text


def storable(text: str) -> str:
    """Return the text without what a database refuses: NUL, and lone surrogates (which become `?`)."""
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
