"""Every crash point there is; a test compares them with the code."""

STEPS = (
    *("accept.commit", "ring", "decide.fold", "decide.commit", "notices.tell", "notices.commit"),
    *("lease.commit", "post", "outcome.commit", "status.commit"),
    *("lookup", "lookup.commit", "leases.commit", "retire.commit"),
    *("spool.write", "spool.remove", "backfill.begin", "backfill.list", "backfill.end"),
    *("found.commit", "enter.commit", "resume.commit", "forward.commit", "forwarded.commit"),
)
POINTS = [f"{step}.{side}" for step in STEPS for side in ("before", "after")]
