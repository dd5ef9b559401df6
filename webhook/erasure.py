"""How pages show what retention has erased."""

from webhook.language import _
from worker.rules.client import ERASED


def shown(words: str) -> str:
    """Return words as they are; for what was erased, that it was."""
    return _("erased") if words == ERASED else words
