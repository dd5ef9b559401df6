"""The gateways: is each set up to reach us, does each site have one, and do its requests pass the signature check."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from worker.bell.forgeries import forgery_of
from worker.clock import utc_now
from worker.doctor.base import Advice, Ailment, Patient
from worker.doctor.stores import sqlite_file
from worker.gateways.base import GatewayAwayError
from worker.store.database import reading
from worker.store.schema import sites

FORGED_WITHIN: Final = timedelta(days=1)


def look_at_gateways(patient: Patient) -> Iterator[Ailment | Advice]:
    """Ask each gateway how it is set up for the numbers of our sites."""
    if patient.settings.sandbox:
        return
    numbers: dict[str, list[str]] = defaultdict(list)
    file = sqlite_file(patient)
    # Looked into, a file that is not there would be made.
    there = file is None or file.exists()
    if there:
        # None while the database is away, which is another check's finding.
        with suppress(SQLAlchemyError), reading(patient.runtime.engine).connect() as connection:
            for gateway, number in connection.execute(select(sites.c.gateway, sites.c.number).order_by(sites.c.id)):
                numbers[gateway].append(number)
    for name, adapter in (patient.runtime.gateways if there else patient.runtime.gateways.of_settings).items():
        url = patient.settings.address_of_texts(name)
        try:
            for flaw in adapter.examine(numbers.get(name, ()), url):
                yield Advice(flaw.sentence) if flaw.advice else Ailment(flaw.sentence)
        except GatewayAwayError as error:
            yield Ailment(
                f"Gateway {name} could not be asked how it is set up ({error}): see that this machine reaches it "
                "and that its address in the environment is right."
            )


def look_for_gateways_of_sites(patient: Patient) -> Iterator[Ailment | Advice]:
    """Look for sites whose gateway is not set up here."""
    with reading(patient.runtime.engine).connect() as connection:
        rows = connection.execute(select(sites.c.name, sites.c.gateway).order_by(sites.c.id)).all()
    for name, gateway in rows:
        if gateway not in patient.runtime.gateways:
            yield Ailment(
                f"Site {name} uses gateway {gateway}, which is not set up, so that its texts are not taken and its "
                "replies wait: set that gateway's variables, or add it (`baobei gateway add`)."
            )


def look_at_signatures(patient: Patient) -> Iterator[Ailment | Advice]:
    """Look for requests that failed the signature check; while texts come in all the same they are somebody else's."""
    with reading(patient.runtime.engine).connect() as connection:
        newest = func.max(sites.c.last_received_at, type_=sites.c.last_received_at.type)
        last = dict(map(tuple, connection.execute(select(sites.c.gateway, newest).group_by(sites.c.gateway))))
    for name in patient.runtime.gateways:
        forgery = forgery_of(patient.runtime.redis, name)
        if forgery is None or forgery.at < utc_now() - FORGED_WITHIN:
            continue
        sentence = (
            f"{forgery.count} request(s) to gateway {name} failed the signature check, the last at "
            f"{forgery.at:%Y-%m-%d %H:%M} UTC; it was checked for {forgery.url}: the address entered at the gateway "
            "must agree with that to the letter (PUBLIC_URL begins it), and the token must be the account's."
        )
        if name in last and last[name] > forgery.at:
            yield Advice(f"{sentence} Texts came in since then, so it may have been a stranger.")
        else:
            yield Ailment(sentence)
