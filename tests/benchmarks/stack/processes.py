"""What the processes use, as Linux counts it: CPU by /proc/PID/stat, memory by /proc/PID/smaps_rollup."""

import os
import re
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_NAMES = {
    "web": r"-m webhook\b|empty_view|baobei-web",
    "decide": r"\bwork decide\b|^rq:.*\bdecide\b",
    "send": r"\bwork send\b|^rq:.*\bsend\b",
    "sweeper": r"-m worker sweep\b",
    "redis": r"valkey-server|redis-server",
    "guard": r"worker\.up\.guard",
    "forks": r"worker\.up\.fork_server",
    "up": r"-m worker up\b",
    "postgres": r"postgres",
}
"""By what a process is known, also where a package renames it; one that is none of these goes by its parent's name."""


def family(*roots: int) -> dict[int, str]:
    """Return the living processes of these roots, they included, by name; the web has a master and workers."""
    found: dict[int, str] = {}
    for root in roots:
        with suppress(psutil.Error):
            leader = psutil.Process(root)
            for process in (leader, *leader.children(recursive=True)):
                with suppress(psutil.Error):
                    found[process.pid] = _name(process, found)
    return found


def _name(process: psutil.Process, known: dict[int, str]) -> str:
    words, parent = " ".join(process.cmdline()), known.get(process.ppid(), "other")
    name = next((name for name, pattern in _NAMES.items() if re.search(pattern, words)), parent)
    if name != "web":
        return name
    return "web worker" if parent.startswith("web") else "web master"


def cpu_s(pids: Iterable[int]) -> dict[int, float]:
    """Return the seconds of CPU of each process and of its children that have ended."""
    used: dict[int, float] = {}
    for pid in pids:
        with suppress(OSError):
            behind_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            used[pid] = _TICK_S * sum(map(int, behind_name[11:15]))
    return used


def cpu_by_name(processes: dict[int, str], before: dict[int, float]) -> dict[str, float]:
    """Return the seconds of CPU since `before`, summed by name; who was not there then, has used all of his since."""
    used: dict[str, float] = defaultdict(float)
    for pid, seconds in cpu_s(processes).items():
        used[processes[pid]] += seconds - before.get(pid, 0.0)
    return used


def pss_mb(processes: dict[int, str]) -> dict[str, float]:
    """Return the proportional set size in MB (10⁶ bytes), summed by name: shared pages count by halves, thirds …"""
    used: dict[str, float] = defaultdict(float)
    for pid, name in processes.items():
        with suppress(OSError):
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            used[name] += (
                sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) * 0.001024
            )
    return used
