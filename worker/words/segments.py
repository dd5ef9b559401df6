"""How many SMS segments a text takes: GSM-7 160/153, UCS-2 70/67 UTF-16 units (3GPP TS 23.038, TS 23.040)."""

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")
GSM_ONE, GSM_MANY = 160, 153
UCS_ONE, UCS_MANY = 70, 67


def units(text: str) -> int:
    """Return the length that counts: septets if all of it is GSM-7, else UTF-16 units."""
    if is_gsm(text):
        return sum(2 if c in _EXTENDED else 1 for c in text)
    return len(text.encode("utf-16-le")) // 2


def is_gsm(text: str) -> bool:
    """Tell whether every character is in the GSM-7 alphabet."""
    return all(c in _BASIC or c in _EXTENDED for c in text)


def segments(text: str) -> int:
    """Return how many segments a text is sent in."""
    one, many = (GSM_ONE, GSM_MANY) if is_gsm(text) else (UCS_ONE, UCS_MANY)
    length = units(text)
    return 1 if length <= one else -(-length // many)
