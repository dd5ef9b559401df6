"""Families: parents, children and spouses are one client group (R23, R24); linked by the manager with proof.

A client is himself under every number that he is known by (R25), and his group is found from each of them.
"""

from collections.abc import Iterator
from datetime import datetime

from worker.rules.client import Client
from worker.rules.identity import names_agree
from worker.rules.model import Claim, Kin
from worker.rules.state import State


def family_of(state: State, client: Client, at: datetime, proved: bool = True) -> list[Client]:
    """Return the client and all who by then are proved (or, not `proved`, claimed) to be of his group (D5)."""
    family, unseen = [client], [client]
    while unseen:
        member = unseen.pop()
        relatives = list(_other_numbers(state, member))
        for link in state.kin_at(member.phone7):
            if stands(link, at) and (link.proved or not proved):
                one, other = ends_of(link)
                if same_client(member, one):
                    relatives.append(other)
                elif same_client(member, other):
                    relatives.append(one)
        fresh = [r for r in relatives if not any(same_client(r, f) for f in family)]
        family += fresh
        unseen += fresh
    return family


def _other_numbers(state: State, client: Client) -> Iterator[Client]:
    """R25: yield the client under the numbers that were shown to be his as well."""
    for claim in state.claims_at(client.phone7):
        if names_agree(claim.client, client.name) and (others := state.aliases_of(claim.number)):
            yield claim.who
            yield from (Client(claim.client, *alias.phone7) for alias in others)


def is_himself(state: State, client: Client, claim: Claim) -> bool:
    """Tell whether a claim is on the client himself, under whichever of his numbers, and not on a relative."""
    return any(same_client(claim.who, one) for one in (client, *_other_numbers(state, client)))


def stands(link: Kin, at: datetime) -> bool:
    """Tell whether a link is in force at `at`: from its place on, never backwards (B17)."""
    return link.at <= at and (link.undone_at is None or at < link.undone_at)


def ends_of(link: Kin) -> tuple[Client, Client]:
    """Return the two clients of a link."""
    return link.who, link.other


def same_client(one: Client, other: Client) -> bool:
    """Tell whether two are the same client: same phone7 and names that agree."""
    return one.phone7 == other.phone7 and names_agree(one.name, other.name)


def claims_of_family(state: State, client: Client, at: datetime) -> list[Claim]:
    """Return every claim on the client and on the proved members of his group, in line order."""
    found = {
        claim.number: claim
        for one in family_of(state, client, at)
        for claim in state.claims_at(one.phone7)
        if names_agree(claim.client, one.name)
    }
    return sorted(found.values(), key=lambda claim: (claim.reported_at, claim.seq, claim.part))
