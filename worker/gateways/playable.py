"""What a gateway is that people try out on a page of ours."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Playable(Protocol):
    """A gateway without a carrier: whoever is at a page of ours texts as anybody."""

    @property
    def name(self) -> str:
        """Its name, as every gateway has one."""

    def typed(self, sender: str, recipient: str, text: str) -> tuple[dict[str, str], bytes]:
        """Return headers and body of the request by which a text comes in that is typed on one of its phones."""
