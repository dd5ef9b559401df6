"""Several lines audited together: each in a process of its own, as many at once as there are cores.

A line can only be computed from its beginning to its end, but no line waits for another.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Final

from sqlalchemy import Engine, select

from worker.clock import utc_now
from worker.proof.audit import Audited, OnProgress, audit_site
from worker.proof.scratch import scratch_database
from worker.proof.seals import Seal, seal_line
from worker.store.database import open_engine, reading, snapshot
from worker.store.schema import sites

WORTH_IT: Final = 5_000
"""Places of all lines but the longest from which on processes, which take a second to begin, are worth it."""

MOST_PROCESSES: Final = 4
"""Each holds the reader's model and a scratch database."""

Result = tuple[Audited, Seal | None]


def audit_one(engine: Engine, name: str, since_seal: bool, sealing: bool, on_progress: OnProgress) -> Result:
    """Audit the site of this name, and seal its line when that is wanted and all agrees."""
    with scratch_database() as scratch:
        with snapshot(engine) as source:
            site = source.execute(select(sites).where(sites.c.name == name)).one()
            audited = audit_site(source, scratch, site, since_seal, on_progress)
        return audited, seal_line(engine, scratch, site.id, utc_now()) if sealing and audited.clean else None


def audit_all(
    engine: Engine,
    names: Sequence[str],
    since_seal: bool,
    sealing: bool,
    progress: Callable[[], OnProgress],
    cores: int | None = None,
) -> Iterator[Result]:
    """Yield what comes out for each site of these names, in their order.

    `progress` makes what is told of one line; in another process it is made there, so it must be a module's own.
    """
    with reading(engine).connect() as connection:
        lengths = sorted(connection.execute(select(sites.c.last_seq).where(sites.c.name.in_(names))).scalars())
    at_once = min(cores or os.cpu_count() or 1, MOST_PROCESSES, len(names))
    # What is sealed is sealed here: a process that outlived this one would seal what nobody holds any more.
    if sealing or at_once < 2 or sum(lengths[:-1]) < WORTH_IT:
        for name in names:
            yield audit_one(engine, name, since_seal, sealing, progress())
        return
    url = engine.url.render_as_string(hide_password=False)
    # Not forked: a connection of this process must not be used in another.
    with ProcessPoolExecutor(at_once, get_context("spawn")) as processes:
        yield from processes.map(partial(_audit_in_process, url, since_seal, progress), names)


def _audit_in_process(url: str, since_seal: bool, progress: Callable[[], OnProgress], name: str) -> Result:
    engine = open_engine(url)
    try:
        return audit_one(engine, name, since_seal, False, progress())
    finally:
        engine.dispose()
