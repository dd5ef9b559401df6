"""Gateways that are phones: has each of their sites one, and would anybody notice if texts stopped coming in?"""

from collections.abc import Iterator

from sqlalchemy import exists, select

from worker.doctor.base import Advice, Ailment, Patient
from worker.gateways.table import PHONE
from worker.store.database import reading
from worker.store.schema import canary_ways, gateways, phone_sims, sites


def look_at_phones(patient: Patient) -> Iterator[Ailment | Advice]:
    """Look for sites without a phone, and for phones that nobody tries out. What is wrong with phones are alarms."""
    served = exists().where(phone_sims.c.site_id == sites.c.id)
    carried = sites.join(gateways, gateways.c.name == sites.c.gateway)
    bare = select(sites.c.name, gateways.c.name.label("gateway")).select_from(carried).where(~served)
    tried = exists().where(canary_ways.c.gateway == gateways.c.name)
    untried = select(gateways.c.name).select_from(carried).where(served, ~tried, gateways.c.kind == PHONE).distinct()
    with reading(patient.runtime.engine).connect() as connection:
        lacking = connection.execute(bare.order_by(sites.c.id)).all()
        unnoticed = connection.execute(untried.order_by(gateways.c.name)).scalars().all()
    for row in lacking:
        yield Ailment(
            f"No phone of gateway {row.gateway} is approved for site {row.name}, so that its texts are not taken and "
            "its replies wait: approve one on /setup/gateways, or with `baobei gateway approve`."
        )
    for name in unnoticed:
        yield Advice(
            f"Nothing would tell if the phones of gateway {name} went on giving signs of life but took no texts any "
            f"more: try them out by texts to yourself, `baobei gateway canary {name} --every 60`."
        )
