"""What is asked second: tests that need no database, and those about a module whose subject needs one or a page."""

import sys

IN_MEMORY = ("tests/test_codes.py", "tests/test_commitment.py", "tests/test_arrivals.py", "tests/test_cited_rules.py")
FURTHER = {
    "worker/rules/affirming.py": ("tests/test_unsure.py",),
    "worker/rules/amendment.py": ("tests/test_unsure.py",),
    "worker/rules/first_text.py": ("tests/test_unsure.py",),
    "worker/rules/first_report.py": ("tests/test_unsure.py",),
    "worker/rules/disputes.py": ("tests/test_deals_and_disputes.py",),
    "worker/rules/deadlines.py": ("tests/test_scenarios.py",),
    "worker/rules/due_notices.py": ("tests/test_unsure.py",),
    "worker/rules/opting.py": ("tests/test_opting.py",),
    "worker/rules/confirming.py": ("tests/test_scenarios.py",),
    "worker/rules/identity.py": ("tests/test_identity.py",),
    "worker/rules/state.py": ("tests/test_undecidable.py",),
    "worker/rules/codec.py": ("tests/test_codec.py",),
    "worker/rules/story.py": ("tests/test_explain.py",),
    "worker/rules/erasure.py": ("tests/test_retention.py", "tests/test_retention_clients.py"),
    "worker/rules/plans.py": ("tests/test_planning.py",),
    "worker/rules/needs.py": ("tests/test_scenarios.py",),
    "worker/rules/form_payload.py": ("tests/test_cases.py", "tests/test_desk.py"),
}


def quick_tests(file: str) -> list[str]:
    """Return the command that runs them, for a change in `file`; of databases only SQLite is taken."""
    words = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", "-k", "not postgresql"]
    return [*words, *IN_MEMORY, *FURTHER.get(file, ())]
