"""`python -m worker` is `baobei`."""

from worker.cli.main import main

main(prog_name="baobei")
