"""Addresses hold no whole number: every proxy on the way, and the browser, would keep it (L14).

Our own pages make none. An old bookmark, or an address typed by hand, is answered by the same one without the middle.
"""

import re
from urllib.parse import unquote, urlencode

from flask import request, url_for

from parsers.digits import ANY_DIGIT
from parsers.mask import MASK_SIGN, mask_numbers
from parsers.numbers import DEFAULT_REGION
from webhook.runtime import runtime
from worker.decide.set_up import all_sites

FEWEST = 7
"""No number of any country is shorter."""


def masked_address(of_staff: bool) -> str | None:
    """Return this request's address with the middle of each number taken out, None where there is none in it.

    `of_staff`: it is of a page behind the login, where numbers of the sites' own regions are looked for as well.
    """
    if request.method not in ("GET", "HEAD") or request.endpoint is None:
        return None
    given = list(request.args.items(multi=True))
    digits = re.findall(f"[{ANY_DIGIT}]", unquote("".join(part for pair in given for part in pair)))
    regions = {DEFAULT_REGION}
    if of_staff and len(digits) >= FEWEST:
        regions |= {site.region for site in all_sites(runtime().engine)}
    masked = [(_masked(name, regions), _masked(value, regions)) for name, value in given]
    if masked == given:
        return None
    return f"{url_for(request.endpoint, **(request.view_args or {}))}?{urlencode(masked)}"


def _masked(typed: str, regions: set[str]) -> str:
    """Return a part of an address without the middle of a number, be that written plainly or once more in `%31`."""
    for each in (typed, unquote(typed)):
        masked = each
        for region in sorted(regions):
            masked = mask_numbers(masked, region)
        if masked != each:
            return masked.replace(MASK_SIGN, "*")
    return typed
