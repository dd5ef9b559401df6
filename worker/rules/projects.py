"""Which site a report is for (decisions.md, L25): this one, others of the installation, or one that nobody knows."""

from dataclasses import dataclass

from parsers.projects import known_project
from worker.rules.model import Site


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another site of the installation."""

    number: str
    name: str


@dataclass(frozen=True, slots=True)
class Meant:
    """The sites that a text names. `here`: this one, or none; `unknown`: it names one that nobody knows."""

    here: bool = True
    elsewhere: tuple[Elsewhere, ...] = ()
    unknown: bool = False


def names_of(site: Site) -> frozenset[str]:
    """Return every name and alias of the installation's sites, as far as this line has heard of them."""
    others = (name for other in site.others.values() for name in (other["name"], *other["aliases"]))
    return frozenset((site.name, *site.aliases, *others))


def sites_meant(site: Site, projects: tuple[str, ...]) -> Meant:
    """Return the sites that these developments are, each once and in the order in which they are written."""
    known = [known_project(written, names_of(site)) for written in projects]
    own = (site.name, *site.aliases)
    elsewhere: dict[Elsewhere, None] = {}
    for name in (name for name in known if name is not None and name not in own):
        called_so = (
            (number, other) for number, other in site.others.items() if name in (other["name"], *other["aliases"])
        )
        number, other = next(called_so)
        elsewhere[Elsewhere(number, other["name"])] = None
    here = any(name in own for name in known) or not elsewhere
    return Meant(here, tuple(elsewhere), unknown=None in known)
