"""Devices that somebody has logged in from: by a cookie they are known again, and count apart from strangers' tries.

After OWASP's “Slow Down Online Guessing Attacks with Device Cookies”. The cookie holds no secret of the account: it
lets nobody in.
"""

import hashlib
import hmac
import re
from secrets import token_hex

COOKIE = re.compile(r"([0-9a-f]{32})\.([0-9a-f]{64})")


def new_device(key: str, name: str) -> str:
    """Return the cookie of a device from which the user of this folded name has logged in; `key`: a secret of ours."""
    return _signed(key, name, token_hex(16))


def device_of(key: str, name: str, cookie: str) -> str | None:
    """Return the device (32 hex digits) that a cookie names for this folded name, None when we did not give it."""
    found = COOKIE.fullmatch(cookie)
    if found is None or not hmac.compare_digest(_signed(key, name, found[1]), cookie):
        return None
    return found[1]


def _signed(key: str, name: str, device: str) -> str:
    mac = hmac.new(key.encode(), f"device:{device}:{name}".encode(), hashlib.sha256).hexdigest()
    return f"{device}.{mac}"
