"""A client as people know him: a name, and the first three and last four digits of his phone."""

from typing import NamedTuple, Self

from parsers.message import Report

Phone7 = tuple[str, str]
"""First three and last four digits of a client's phone."""
ERASED = "—"
"""The name of a client whose records retention has erased."""


def mask_of(first3: str, last4: str) -> str:
    """Return a phone as people write it; of an erased client nothing is left to write."""
    return ERASED if last4.startswith("#") else f"{first3}****{last4}"


class Client(NamedTuple):
    """Who a text, a fact or a question is about. Whether two are one is for `families.same_client` to say (H1–H6)."""

    name: str
    first3: str
    last4: str

    @classmethod
    def of(cls, report: Report) -> Self:
        """Return the client of a text, empty in what the text lacks."""
        return cls(report.client or "", report.first3 or "", report.last4 or "")

    @property
    def phone7(self) -> Phone7:
        """Return the digits of his phone that are known: the key under which his claims are found."""
        return self.first3, self.last4

    @property
    def mask(self) -> str:
        """Return his phone as people write it."""
        return mask_of(self.first3, self.last4)

    def __str__(self) -> str:
        """Return him as people write him: 张三 138****5678."""
        return f"{self.name} {self.mask}"
