"""What is typed into a phone that is to be a gateway, also as codes that its camera reads."""

from dataclasses import dataclass

import segno
from markupsafe import Markup

from webhook.language import _


@dataclass(frozen=True, slots=True)
class TypedIn:
    """What is typed into a phone, once: the address, and the token, which is shown nowhere else."""

    address: str
    token: str

    @property
    def codes(self) -> tuple[tuple[str, str, Markup], ...]:
        """Return name, value and QR code of both."""
        return tuple(
            (name, value, _drawn(value)) for name, value in ((_("Address"), self.address), (_("Token"), self.token))
        )


def _drawn(value: str) -> Markup:
    # Black on white in the dark as well: readers look for a light margin of four modules.
    code = segno.make(value, error="m", micro=False)
    return Markup(code.svg_inline(omitsize=True, border=4, dark="#000", light="#fff", svgclass="qr"))  # noqa: S704
