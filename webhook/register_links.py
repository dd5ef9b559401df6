"""Addresses of the register that carry what is searched for and where one is."""

from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlencode

from flask import request, url_for

from worker.decide.set_up import SiteRow
from worker.readers.register import Key
from worker.readers.search import CLAIMS, NEWEST, ORDERS, Search, read_search
from worker.rules.dates import whole_moment

LONGEST_SEARCH = 100
EVERY_TEXT = "all"
"""In an address of the page instead of a status: all reports, whatever became of them. Without one it shows CLAIMS."""
DAY = timedelta(days=1)
DAY_LONG = len("2026-11-28")


@dataclass(frozen=True, slots=True)
class Links:
    """Makes addresses of the register with one thing changed and the rest as it is searched for."""

    site: SiteRow
    search: Search

    def page(self, **changed: str | None) -> str:
        """Return the address of the page."""
        return self._address("register.page", changed)

    def rows(self, **changed: str | None) -> str:
        """Return the address of the table alone."""
        return self._address("register.rows", changed)

    def chips(self) -> str:
        """Return the address of the filters alone."""
        return self._address("register.chips", {})

    def view(self, status: str | None = CLAIMS, flag: str | None = None, soon: bool = False) -> str:
        """Return the address of the page with what is searched for, of one kind."""
        search = replace(self.search, status=status, flag=flag, soon=soon)
        return Links(self.site, search).page()

    @property
    def since(self) -> str:
        """Return the first day that is looked for, as a field holds it; "" where none is said."""
        return f"{self.search.since.astimezone(self.site.zone):%Y-%m-%d}" if self.search.since else ""

    @property
    def until(self) -> str:
        """Return the last day that is looked for, likewise."""
        return f"{self.search.until.astimezone(self.site.zone) - DAY:%Y-%m-%d}" if self.search.until else ""

    @property
    def kept(self) -> dict[str, str]:
        """Return what a form of the page posts beside what is typed into it."""
        return {name: self._given[name] for name in ("status", "flag", "soon") if self._given[name]}

    @property
    def exported(self) -> dict[str, str]:
        """Return what the form of a file posts, so that it holds what the page shows."""
        return self._given | {"status": self.search.status or ""}

    @property
    def narrowed(self) -> bool:
        """Tell whether the page shows something else than all registrations, the newest first."""
        return any(self._given.values())

    @property
    def by_more(self) -> bool:
        """Tell whether anything but words is typed or chosen in the search."""
        return any(self._given[name] for name in ("unit", "from", "to", "sort"))

    @property
    def _given(self) -> dict[str, str]:
        search = self.search
        return {
            "q": search.typed,
            "unit": search.unit or "",
            "status": "" if search.status == CLAIMS else search.status or EVERY_TEXT,
            "flag": search.flag or "",
            "soon": "1" if search.soon else "",
            "from": self.since,
            "to": self.until,
            "sort": search.order if search.order != NEWEST else "",
        }

    def _address(self, endpoint: str, changed: dict[str, str | None]) -> str:
        given = {name: value for name, value in (self._given | changed).items() if value}
        return f"{url_for(endpoint)}?{urlencode({'site': str(self.site.id)} | given)}"


def asked_words() -> str:
    """Return what was typed into the field of a search, as this request carries it."""
    return request.values.get("q", "")[:LONGEST_SEARCH]


def asked_search(site: SiteRow, usual: str | None = None) -> Search:
    """Return what this request looks for at a site; `usual` is the status where it says none."""
    given = request.values
    status = None if given.get("status") == EVERY_TEXT else given.get("status") or usual
    search = read_search(asked_words(), given.get("unit"), status, given.get("flag"), site.region)
    since, last = (whole_moment(given.get(name, "")[:DAY_LONG], site.zone) for name in ("from", "to"))
    return replace(
        search,
        soon=given.get("soon") == "1",
        since=since,
        until=None if last is None else last + DAY,
        order=given["sort"] if given.get("sort") in ORDERS else NEWEST,
    )


def asked_key(name: str) -> Key | None:
    """Return the key that this request goes on from."""
    seq, _dash, part = request.args.get(name, "").partition("-")
    return (int(seq), int(part)) if seq.isdecimal() and part.isdecimal() and len(seq + part) < 18 else None


def written(key: Key | None) -> str | None:
    """Return a key as it stands in an address."""
    return None if key is None else f"{key[0]}-{key[1]}"
