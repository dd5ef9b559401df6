"""How the gateways of phones that were added to an installation come by what they need: its secret, and its phones."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Engine, bindparam, select

from worker.clock import Clock
from worker.gateways.smsgate import SmsGate
from worker.gateways.smsgate_client import SimLine, SmsgateAccount, SmsgateClient, signing_key
from worker.gateways.smsgate_reader import PhoneLine
from worker.gateways.strongbox import unseal
from worker.log import complain
from worker.settings import Settings
from worker.store.database import reading
from worker.store.failures import hits_all, in_time
from worker.store.schema import phone_sims, phones, sites
from worker.store.states import PhoneState
from worker.var_folder import secret_key_of

log = logging.getLogger(__name__)

PATIENCE_S: Final = 1.0
"""The app waits five seconds for its answer, in which the text has to be kept as well."""

_LINES = (
    select(phones.c.id, phones.c.state, phone_sims.c.sim, sites.c.number)
    .outerjoin(phone_sims, phone_sims.c.phone == phones.c.id)
    .outerjoin(sites, sites.c.id == phone_sims.c.site_id)
    .where(phones.c.gateway == bindparam("gateway"), phones.c.state != PhoneState.ENDED)
    .order_by(phones.c.id, phone_sims.c.sim)
)


def open_phones(name: str, settings: Settings, clock: Clock, engine: Callable[[], Engine], account: Any) -> SmsGate:
    """Return the gateway of phones of this name, whose server we are."""
    return SmsGate(name, secret_key_of(settings), KnownLines(name, engine), clock)


def open_smsgate(
    name: str, settings: Settings, clock: Clock, engine: Callable[[], Engine], account: Mapping[str, Any]
) -> SmsgateClient:
    """Return the gateway of this name whose phones are behind somebody's server, by the account in the table."""
    secret = secret_key_of(settings)
    try:
        password = unseal(secret, account["password"])
    except ValueError as error:
        # SECRET_KEY was changed. Without a password the server refuses us, which stops the gateway and is told.
        complain(log, "password not readable", error, gateway=name)
        password = ""
    given = SmsgateAccount(
        account["base_url"], account["login"], password, signing_key(secret, name), account["keeps_list"]
    )

    known = KnownLines(name, engine)

    def lines() -> dict[str, SimLine]:
        approved = (line for line in known() if line.approved)
        return {number: SimLine(line.phone, sim) for line in approved for sim, number in line.numbers.items()}

    return SmsgateClient(name, given, lines, secret, clock)


@dataclass(slots=True)
class KnownLines:
    """The phones of a gateway now; while the database is away those that were there when it last answered.

    So a text is known for a phone's, and waits in the spool with its own time, instead of waiting on the phone.
    """

    gateway: str
    engine: Callable[[], Engine]
    known: Sequence[PhoneLine] = ()

    def __call__(self) -> Sequence[PhoneLine]:
        """Return them. Raises what the database does where none has ever been read."""
        engine = self.engine()
        try:
            self.known = in_time(engine, PATIENCE_S, lambda: phone_lines(engine, self.gateway))
        except Exception as error:
            if not self.known or not hits_all(error):
                raise
            complain(log, "phones not read", error, gateway=self.gateway)
        return self.known


def phone_lines(engine: Engine, gateway: str) -> Sequence[PhoneLine]:
    """Return the phones of a gateway that may sign now.

    Read each time: a key that has ended has ended, for every process.
    """
    lines: dict[str, tuple[str, dict[int, str]]] = {}
    with reading(engine).connect() as connection:
        for phone, state, sim, number in connection.execute(_LINES, {"gateway": gateway}):
            numbers = lines.setdefault(phone, (state, {}))[1]
            if number is not None:
                numbers[sim] = number
    return [PhoneLine(phone, state == PhoneState.APPROVED, numbers) for phone, (state, numbers) in lines.items()]
