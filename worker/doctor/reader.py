"""What texts are read by: are the words and weights here those that decisions are made with (L27)."""

from collections.abc import Iterator

from parsers.weights import digest
from worker.doctor.base import Ailment, Patient
from worker.rules.chain import READER


def look_at_reader(_: Patient) -> Iterator[Ailment]:
    """Look whether the reader's data files are those of this version of the rules."""
    if digest() != READER:
        yield Ailment(
            "The words or weights that texts are read by are not those of this version: install baobei again, or its"
            " decisions will not be what an audit computes."
        )
