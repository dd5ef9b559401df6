"""What first has to notice a mutant: the scenario files, in memory.

Imported where the mutant stands, never by what plants it: the modules of worker/ that it takes are the copy's.
"""

from pathlib import Path

from worker.scenarios.language import read_scenario
from worker.scenarios.rehearsal import rehearse
from worker.scenarios.stage import MemoryStage


def broken_scenario() -> str:
    """Return the first scenario file that does not hold, or nothing."""
    for path in sorted(Path("tests/scenarios").glob("*.txt")):
        try:
            if rehearse(read_scenario(path.read_text("utf-8")), MemoryStage()):
                return path.stem
        except Exception as error:  # Whatever a mutant raises, it was noticed.
            return f"{path.stem}: {type(error).__name__}"
    return ""
