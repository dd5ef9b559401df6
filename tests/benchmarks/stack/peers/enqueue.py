"""Fills a peer's queue: `python -m tests.benchmarks.stack.peers.enqueue MODULE decide|whole FIRST COUNT`."""

import importlib
import sys

from tests.benchmarks.stack.peers import work

if __name__ == "__main__":
    module, kind, first, count = sys.argv[1:]
    peer = importlib.import_module(f"{work.__package__}.{module}")
    peer.enqueue(range(int(first), int(first) + int(count)), kind == "whole")
