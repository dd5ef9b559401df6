"""The ids by which one text is followed through the log: the site, and its place in the site's line.

accepted → decided → reply written → leased → handed over → status
"""

import re
from typing import TypedDict

OF_MESSAGE = re.compile(r"m:([0-9]+)")


class Trail(TypedDict, total=False):
    """What a log line about a reply is found by."""

    site: int
    seq: int
    cause: str


def trail(site_id: int, cause: str) -> Trail:
    """Return the fields of a log line about a reply: `seq` is the text that caused it; a notice has its `cause`."""
    message = OF_MESSAGE.fullmatch(cause)
    return {"site": site_id, "seq": int(message[1])} if message else {"site": site_id, "cause": cause}
