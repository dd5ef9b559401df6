"""Values of the rules as JSON, and back: what tables and commitments hold of them. One codec for all.

Times are ISO strings, members of an enum their word, tuples lists, a value with fields a mapping of those that it does
not leave out.
"""

import typing
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from typing import Any

Read = Callable[[Any], Any]
_UNION = type(int | None)


def kept_fields(value: Any) -> dict[str, Any]:
    """Return the fields of a value that are kept: all but those that its `left_out` names."""
    left_out = getattr(value, "left_out", ())
    return {name: getattr(value, name) for name in value.__dataclass_fields__ if name not in left_out}


def plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return plain(kept_fields(value)) if is_dataclass(value) else value


def reader_of(kind: Any) -> Read | None:
    """Return what makes a value of this annotation of its JSON, None where they are the same."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple:
        return partial(_read_tuple, reader_of(inner[0]))
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return partial(_read_mapping, reader_of(inner[0]), reader_of(inner[1]))
    if origin in (_UNION, typing.Union):
        return next((read for read in map(reader_of, inner) if read is not None), None)
    if not isinstance(kind, type):
        return None
    if issubclass(kind, StrEnum):
        return partial(_read_written, kind, kind)
    if kind in (datetime, date):
        return partial(_read_written, kind, kind.fromisoformat)
    return _value_reader(kind) if is_dataclass(kind) else None


def _value_reader(kind: Any) -> Read:
    readers = {name: reader_of(field.type) for name, field in kind.__dataclass_fields__.items()}

    def read(stored: Any) -> Any:
        given = {name: (readers[name], value) for name, value in stored.items()}
        return kind(**{name: value if reader is None else reader(value) for name, (reader, value) in given.items()})

    return read


def _read_tuple(each: Read | None, stored: Any) -> Any:
    return tuple(stored) if each is None else tuple(map(each, stored))


def _read_mapping(name: Read | None, each: Read | None, stored: Any) -> Any:
    if name is None and each is None:
        return stored
    made = ((key if name is None else name(key), value) for key, value in stored.items())
    return {key: value if each is None else each(value) for key, value in made}


def _read_written(kind: type, make: Read, stored: Any) -> Any:
    """Make a value of its word; a table of times gives values of the kind itself."""
    return stored if stored is None or isinstance(stored, kind) else make(stored)
