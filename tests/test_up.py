"""`baobei up` as a person meets it: real processes of a small Procfile, an embedded Redis, a migrated database."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine, create_engine, inspect, text

from tests.infrastructure.ports import free_port
from tests.infrastructure.waiting import eventually, gone
from worker.accounts.passwords import digest
from worker.cli.main import main
from worker.cli.up import answers
from worker.settings import load_settings
from worker.store.schema import metadata
from worker.up.guard import end_sessions

# In a folder with a Procfile of ours, and with a demonstration that only shows what it was given.
RUNNER = """
import sys
from pathlib import Path
from worker.cli import up
from worker.cli.main import main

up.ERRANDS = (str(Path(sys.argv[1]) / "errands.py"),)
main(["up", *sys.argv[2:]], prog_name="baobei")
"""
ERRANDS = """
from pathlib import Path
from worker.cli import errands

def demonstrate(base_url, settings, out):
    out(f"shown at {base_url}")
    if Path("demonstration-breaks").exists():
        raise RuntimeError("no paper left")
    return 1 if Path("demonstration-fails").exists() else 0

errands.demo.run = demonstrate
errands.main(prog_name="baobei")
"""
# Answers every GET, and notes what it was started with.
WEB = """
import http.server, json, os
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
names = ("HOST", "PORT", "BAOBEI_VAR", "REDIS_URL", "DATABASE_URL")
noted = {name: os.environ.get(name) for name in names} | {"pid": os.getpid()}
with open("noted.draft", "w") as file:
    json.dump(noted, file)
os.replace("noted.draft", "noted.json")
http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Page).serve_forever()
"""


class Up:
    """One `baobei up` in a folder of its own."""

    def __init__(self, folder: Path, *options: str, environ: dict[str, str] | None = None) -> None:
        """Start it."""
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUNNER, str(folder), *options],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": os.getcwd()} | (environ or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def line(self, containing: str) -> str:
        """Return the next line that contains this."""
        assert self.process.stdout
        for line in self.process.stdout:
            if containing in line:
                return line
        raise AssertionError(f"the output ended without {containing!r}")

    def outcome(self) -> tuple[int, str]:
        """Return the exit code and all that was printed and not read yet."""
        output, _ = self.process.communicate(timeout=60)
        assert "Traceback" not in output
        return self.process.returncode, output


Start = Callable[..., Up]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "web.py").write_text(WEB)
    (tmp_path / "errands.py").write_text(ERRANDS)
    (tmp_path / "Procfile").write_text("web: python web.py\n")
    return tmp_path


@pytest.fixture
def port() -> str:
    return str(free_port())


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    started: list[Up] = []

    def start_one(*options: str, environ: dict[str, str] | None = None) -> Up:
        started.append(Up(folder, *options, environ=environ))
        return started[-1]

    yield start_one
    for one in started:
        end_sessions([one.process.pid])
        one.process.wait()
        if one.process.stdout:
            one.process.stdout.close()


def noted(folder: Path) -> dict[str, str]:
    eventually((folder / "noted.json").exists, "the web process's note")
    found: dict[str, str] = json.loads((folder / "noted.json").read_text())
    return found


def test_everything_runs_until_ctrl_c(start: Start, folder: Path, port: str) -> None:
    up = start("--port", port)
    assert f"baobei is serving at http://127.0.0.1:{port} (Ctrl-C stops)" in up.line("serving")
    web = noted(folder)
    assert (web["HOST"], web["PORT"], web["BAOBEI_VAR"]) == ("127.0.0.1", port, str(folder / "var"))
    with Redis.from_url(web["REDIS_URL"]) as redis:
        assert redis.ping()
        server = redis.info("server")["process_id"]
    up.process.send_signal(signal.SIGINT)
    assert up.outcome()[0] == 0
    assert gone(int(web["pid"]), int(server))


def test_the_database_is_migrated_before_anything_starts(start: Start, folder: Path, port: str) -> None:
    (folder / "web.py").write_text("raise SystemExit(2)")
    assert start("--port", port).outcome()[0] == 2
    engine = create_engine(load_settings({"BAOBEI_VAR": str(folder / "var")}).database_url)
    assert set(metadata.tables) <= set(inspect(engine).get_table_names())
    engine.dispose()


def test_what_is_kept_is_for_its_owner_alone(start: Start, folder: Path, port: str) -> None:
    start("--port", port, "--var", "elsewhere").line("serving")
    assert (folder / "elsewhere" / "secret_key").exists()
    assert (folder / "elsewhere").stat().st_mode & 0o077 == 0
    assert not (folder / "var").exists()


def test_the_first_account_has_a_link_that_is_shown_once_and_no_password(start: Start, folder: Path, port: str) -> None:
    up = start("--port", port)
    shown = re.search(rf"http://127.0.0.1:{port}/welcome/(\S+)", up.line("first login"))
    assert shown
    engine = create_engine(load_settings({"BAOBEI_VAR": str(folder / "var")}).database_url)
    assert kept_link(engine) == (None, digest(shown[1]))
    engine.dispose()
    up.line("serving")
    up.process.send_signal(signal.SIGINT)
    up.outcome()
    assert "/welcome/" not in start("--port", port, "--demo", "--exit-after-demo").outcome()[1]


def kept_link(engine: Engine) -> tuple[str | None, str]:
    with engine.connect() as connection:
        password, link = connection.execute(text("SELECT password, link FROM users")).one()
        return password, link


def test_a_given_redis_replaces_the_embedded_one(start: Start, folder: Path, port: str, redis_url: str) -> None:
    start("--port", port, environ={"REDIS_URL": redis_url}).line("serving")
    assert noted(folder)["REDIS_URL"] == redis_url
    assert not (folder / "var" / "redis").exists()


def test_an_embedded_redis_that_dies_comes_back_at_the_same_address(start: Start, folder: Path, port: str) -> None:
    up = start("--port", port)
    up.line("serving")
    with Redis.from_url(noted(folder)["REDIS_URL"]) as redis:
        first = int(redis.info("server")["process_id"])
        os.kill(first, signal.SIGKILL)
        up.line("redis was killed by SIGKILL; starting it again")

        def back() -> bool:
            try:
                return int(redis.info("server")["process_id"]) != first
            except RedisError:
                return False

        eventually(back, "another redis-server")


@pytest.mark.parametrize(("mark", "code"), [("", 0), ("demonstration-fails", 1), ("demonstration-breaks", 1)])
def test_the_demonstration_gives_the_exit_code(start: Start, folder: Path, port: str, mark: str, code: int) -> None:
    if mark:
        (folder / mark).touch()
    ended, output = start("--port", port, "--demo", "--exit-after-demo").outcome()
    assert ended == code
    assert f"\nshown at http://127.0.0.1:{port}\n" in output
    assert ("The demonstration failed: no paper left." in output) == (mark == "demonstration-breaks")
    assert gone(int(noted(folder)["pid"]))


def test_after_the_demonstration_it_serves_on(start: Start, folder: Path, port: str) -> None:
    up = start("--port", port, "--demo")
    up.line("shown at")
    up.process.send_signal(signal.SIGTERM)
    assert up.outcome()[0] == 0


def test_a_second_one_on_the_same_folder_says_so(start: Start, port: str) -> None:
    first = start("--port", port)
    first.line("serving")
    code, output = start("--port", str(free_port())).outcome()
    assert (code, output.count("\n")) == (1, 1)
    assert f"Error: Another `baobei up` (process {first.process.pid}) is running on" in output


def test_a_taken_port_is_a_sentence(start: Start, folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, output = start("--port", str(port)).outcome()
    assert (code, output) == (
        1,
        f"Error: Port {port} is taken by another program: stop that, or give another one with --port.\n",
    )
    assert not (folder / "var").exists()


@pytest.mark.parametrize(
    ("environ", "options", "code", "sentence"),
    [
        ({"LOG_LEVEL": "loud"}, (), 2, "LOG_LEVEL is loud"),
        ({"PUBLIC_URL": "https://h"}, (), 2, "PUBLIC_URL is set, but the sandbox"),
        ({"DATABASE_URL": "postgresql://canary:canary@127.0.0.1:1/d"}, (), 1, "DATABASE_URL: the database cannot be"),
        ({}, ("--host", "192.0.2.1"), 1, "--host 192.0.2.1 is no address of this machine"),
        ({}, ("--var", "/dev/null/var"), 2, "BAOBEI_VAR is /dev/null/var, but /dev/null is no folder"),
    ],
)
def test_whatever_stands_in_the_way_is_one_sentence(
    start: Start, port: str, environ: dict[str, str], options: tuple[str, ...], code: int, sentence: str
) -> None:
    ended, output = start("--port", port, *options, environ=environ).outcome()
    last = output.splitlines()[-1]
    assert ended == code
    assert last.startswith(f"Error: {sentence}")
    assert "canary" not in output


def test_without_a_procfile_the_programs_own_is_followed_in_any_folder(start: Start, folder: Path, port: str) -> None:
    (folder / "Procfile").unlink()
    (folder / "webhook.py").write_text("raise SystemExit('this is not the one')")
    up = start("--port", port)
    up.line("serving")
    assert answers(f"http://127.0.0.1:{port}/login")
    up.process.send_signal(signal.SIGINT)
    assert up.outcome()[0] == 0


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS does not bear a fork without an exec")
def test_the_programs_own_processes_are_forked_also_when_their_server_was_killed(
    start: Start, folder: Path, port: str
) -> None:
    (folder / "Procfile").unlink()
    up = start("--port", port)
    up.line("serving")
    first = fork_server(up)
    forked = {" ".join(each.cmdline()).strip().rpartition(" -m ")[2]: each for each in first.children()}
    assert set(forked) == {"gunicorn: master [baobei-web]", "worker work decide", "worker work send", "worker sweep"}
    first.kill()
    up.line("forks was killed by SIGKILL; starting it again at once.")
    forked["worker sweep"].kill()
    up.line("sweeper ended")
    second = fork_server(up)
    eventually(lambda: [each for each in second.children() if "worker sweep" in " ".join(each.cmdline())], "a sweeper")
    assert answers(f"http://127.0.0.1:{port}/login")


def fork_server(up: Up) -> psutil.Process:
    def found() -> psutil.Process | None:
        children = psutil.Process(up.process.pid).children()
        return next((each for each in children if "worker.up.fork_server" in " ".join(each.cmdline())), None)

    server = eventually(found, "a fork server")
    assert server is not None
    return server


def test_links_carry_the_port_that_it_was_given(start: Start, folder: Path, port: str) -> None:
    def link_of(name: str) -> str:
        environ = {"BAOBEI_VAR": str(folder / "var")}
        return CliRunner().invoke(main, ["user", "add", name, "--role", "ops"], env=environ).output

    up = start("--port", port)
    up.line("serving")
    assert f" http://127.0.0.1:{port}/welcome/" in link_of("wang")
    up.process.send_signal(signal.SIGINT)
    up.outcome()
    assert " http://127.0.0.1:8000/welcome/" in link_of("zhao")


def test_a_second_demonstration_points_to_no_login_above(start: Start, port: str) -> None:
    options = ("--port", port, "--demo", "--exit-after-demo")
    assert "the first login stands above." in start(*options).outcome()[1]
    again = start(*options).outcome()[1]
    assert "above" not in again
    assert "`baobei user reset admin` prints a link for another." in again
