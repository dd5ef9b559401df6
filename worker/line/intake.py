"""How a text that arrives becomes durable: in the line, else in the spool, else its gateway is told to come again."""

import logging
from functools import partial

from sqlalchemy import Engine

from worker.gateways.base import Inbound
from worker.line.door import NotDurableError, Receipt, accept
from worker.line.spool import Spool, number_of
from worker.log import complain, say
from worker.patience import within

log = logging.getLogger(__name__)


def take_in(engine: Engine, spool: Spool, inbound: Inbound, patience_s: float) -> Receipt:
    """Put a text in line within `patience_s`, or behind those that wait in the spool.

    Raises NotDurableError when neither takes it.
    """
    try:
        nothing_waits = spool.is_empty()
    except OSError as error:
        raise NotDurableError("nobody can tell whether a text waits in the spool") from error
    if nothing_waits:
        try:
            if engine.dialect.name == "sqlite":
                # It ends every wait by itself; a thread for each text would only cost time.
                return accept(engine, inbound, at_once=True)
            return within(patience_s, partial(accept, engine, inbound, at_once=True))
        except TimeoutError as error:
            # It may get into line yet: what the spool holds of it is a silent repeat then.
            complain(log, "database too slow", error, gateway=inbound.gateway)
        except NotDurableError as error:
            complain(log, "database away", error.__cause__ or error, gateway=inbound.gateway)
        except Exception as error:
            # Not all that a driver raises is wrapped. Whatever it is, the text is kept.
            complain(log, "not taken", error, gateway=inbound.gateway)
    # Those that wait were first: while there is one, nobody passes it.
    try:
        name = spool.keep(inbound)
    except Exception as error:
        raise NotDurableError("neither the database nor the spool took the message") from error
    say(log, "in the spool", gateway=inbound.gateway, spool=number_of(name))
    return Receipt("spooled")
