"""Reading form posts: everything as it was received, nothing guessed, little of it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Self
from urllib.parse import parse_qsl

from worker.gateways.base import LARGEST_BODY, MOST_FIELDS, MalformedError

FORM_TYPE = "application/x-www-form-urlencoded"


class Form(Mapping[str, str]):
    """The fields of a form. `form[name]` is the first value of the name, or empty when there is none."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    @classmethod
    @lru_cache(maxsize=2)
    def of(cls, raw: bytes) -> Self:
        """Read a body or a query string, once for who verifies it and who reads it. Raises MalformedError."""
        try:
            pairs = parse_qsl(
                raw.decode("ascii"), keep_blank_values=True, errors="surrogatepass", max_num_fields=MOST_FIELDS
            )
        except UnicodeDecodeError:
            raise MalformedError("the form is not UTF-8") from None
        except ValueError:
            raise MalformedError(f"the form has more than {MOST_FIELDS} fields", 413) from None
        return cls(pairs)

    def __getitem__(self, name: str) -> str:
        """Return the first value, or empty."""
        return self._values.get(name, [""])[0]

    def __iter__(self) -> Iterator[str]:
        """Yield each name once."""
        return iter(self._values)

    def __len__(self) -> int:
        """Return how many different names there are."""
        return len(self._values)

    def __contains__(self, name: object) -> bool:
        """Tell whether the form has such a field."""
        return name in self._values

    def getall(self, name: str) -> list[str]:
        """Return every value of a name; Twilio's validator signs them all."""
        return self._values.get(name, [])

    def refuse_repeated(self, names: Iterable[str]) -> None:
        """Raise MalformedError when one of these fields is there twice: which of the two would be meant?"""
        if any(len(self.getall(name)) > 1 for name in names):
            raise MalformedError("a field is there twice")

    def demand(self, name: str, pattern: re.Pattern[str]) -> None:
        """Raise MalformedError unless the field looks like this."""
        if not pattern.fullmatch(self[name]):
            raise MalformedError(f"{name} is missing or malformed")


def header(headers: Mapping[str, str], name: str) -> str:
    """Return a header's value whatever the case of its name, or empty."""
    wanted = name.lower()
    for given, value in headers.items():
        if given.lower() == wanted:
            return value
    return ""


def read_form(headers: Mapping[str, str], raw: bytes) -> Form:
    """Return the body's form. Raises MalformedError: too large, not a form, not readable."""
    if len(raw) > LARGEST_BODY:
        raise MalformedError("the body is too large", 413)
    if header(headers, "Content-Type").partition(";")[0].strip().lower() != FORM_TYPE:
        raise MalformedError("only form posts are taken", 415)
    return Form.of(raw)
