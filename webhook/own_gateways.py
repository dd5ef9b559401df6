"""Which gateways of phones are one's own to look after."""

from collections.abc import Mapping

from webhook.access import user
from webhook.runtime import runtime
from worker.decide.set_up import all_sites
from worker.phones.gateways import AddedGateway, added_gateways

LOOK_AFTER = ("ops", "manager")


def own_gateways() -> Mapping[str, AddedGateway]:
    """Return the added gateways that whoever is logged in looks after: all, or those that carry his sites alone."""
    who = user()
    if who is None or not who.may(LOOK_AFTER):
        return {}
    carried: dict[str, list[int]] = {}
    for site in all_sites(runtime().engine):
        carried.setdefault(site.gateway, []).append(site.id)
    return {
        each.name: each
        for each in added_gateways(runtime().engine)
        if who.everywhere or (each.name in carried and all(map(who.sees, carried[each.name])))
    }
