"""Addresses of the register that carry what is searched for and where one is."""

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import request, url_for

from parsers.numbers import region_of
from worker.decide.set_up import SiteRow
from worker.readers.register import Key
from worker.readers.search import Search, read_search

LONGEST_SEARCH = 100


@dataclass(frozen=True, slots=True)
class Links:
    """Makes addresses of the register with one thing changed and the rest as it is searched for."""

    site: SiteRow
    search: Search

    def page(self, **changed: str | None) -> str:
        """Return the address of the page."""
        return self._address("register.page", **changed)

    def rows(self, **changed: str | None) -> str:
        """Return the address of the table alone."""
        return self._address("register.rows", **changed)

    def _address(self, endpoint: str, **changed: str | None) -> str:
        searched = {"q": self.search.typed, "unit": self.search.unit, "status": self.search.status}
        searched["flag"] = self.search.flag
        given = {name: value for name, value in (searched | changed).items() if value}
        return f"{url_for(endpoint)}?{urlencode({'site': str(self.site.id)} | given)}"


def asked_words() -> str:
    """Return what was typed into the field of a search, as this request carries it."""
    return request.values.get("q", "")[:LONGEST_SEARCH]


def asked_search(site: SiteRow) -> Search:
    """Return what this request looks for at a site."""
    given = request.values
    unit, status, flag = given.get("unit"), given.get("status"), given.get("flag")
    return read_search(asked_words(), unit, status, flag, region_of(site.number))


def asked_key(name: str) -> Key | None:
    """Return the key that this request goes on from."""
    seq, _dash, part = request.args.get(name, "").partition("-")
    return (int(seq), int(part)) if seq.isdecimal() and part.isdecimal() and len(seq + part) < 18 else None


def written(key: Key | None) -> str | None:
    """Return a key as it stands in an address."""
    return None if key is None else f"{key[0]}-{key[1]}"
