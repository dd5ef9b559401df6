"""What a text means, as far as the reader of reports is judged by it."""

from parsers.message import Meaning, ReportText, Unknown


def as_read(meaning: Meaning) -> ReportText | Unknown:
    """Return a meaning as `end_of` weighs it: a command or a silent text is no report."""
    return meaning if isinstance(meaning, ReportText | Unknown) else Unknown()
