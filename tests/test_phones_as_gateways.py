"""Phones that are a gateway: how one is let in, by whom, and what ends it."""

import json

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, insert, select

from tests.infrastructure.serving import open_line
from tests.sending import NOON
from worker.cli.main import main
from worker.clock import utc_now
from worker.gateways.directory import ASKED_EVERY_S, READ_EVERY_S, Gateways
from worker.phones.approvals import phones_of
from worker.settings import load_settings
from worker.store.schema import acts, gateways, phones, sites
from worker.up import demo

SIMS = [{"slot": 0, "sim_number": 1, "number": "*******0000", "carrier": "CMCC", "iccid": "****0001"}]


@pytest.fixture
def site(engine: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return a site of a database that commands use."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    return open_line(engine, "湾")


def run(*words: str) -> Result:
    result = CliRunner().invoke(main, words)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def put_phone(engine: Engine, name: str, gateway: str = "desk") -> None:
    """Have a phone that has registered."""
    row = {"id": name, "gateway": gateway, "name": "Xiaomi/alioth", "token": name * 8, "sims": SIMS, "app": "1.68.0"}
    with engine.begin() as connection:
        connection.execute(insert(phones).values(row | {"registered_at": NOON, "seen_at": NOON}))


def standing(engine: Engine) -> dict[str, tuple[str, dict[int, str]]]:
    return {phone.id: (phone.state, dict(phone.sites)) for phone in phones_of(engine)}


def test_a_gateway_of_phones_is_added_with_its_sites_and_a_token_told_once(engine: Engine, site: int) -> None:
    made = json.loads(run("gateway", "add", "phone", "desk", "--site", "湾", "--json").output)
    assert made["address"].endswith("/gateways/desk/phone")
    shown = run("gateway", "token", "desk").output
    assert made["token"] not in shown
    assert "Private token" in shown
    with engine.connect() as connection:
        assert connection.execute(select(sites.c.gateway)).scalar() == "desk"
        kept = connection.execute(select(gateways)).one()
    assert made["token"] not in str(kept)
    listed = {row["name"]: (row["kind"], row["sites"]) for row in json.loads(run("gateway", "list", "--json").output)}
    assert listed == {"sandbox": ("sandbox", []), "desk": ("phone", ["湾"])}
    assert run("gateway", "resume", "desk").exit_code == 0
    site_added = run(
        "site", "add", "岸", "--number", "+8613800000009", "--manager", "+8613800000001", "--gateway", "desk"
    )
    assert "through desk" in site_added.output
    for name in ("desk", "twilio", "Desk", "前台", "a/b"):
        assert run("gateway", "add", "phone", name).exit_code == 2


def test_a_phone_that_gets_a_sites_number_ends_the_one_that_had_it(engine: Engine, site: int) -> None:
    run("gateway", "add", "phone", "desk", "--site", "湾")
    open_line(engine, "岸", "+8613800000009", "desk")
    for name in ("aa", "bb", "cc"):
        put_phone(engine, name)
    assert standing(engine) == {name: ("waiting", {}) for name in ("aa", "bb", "cc")}
    assert run("gateway", "approve", "desk", "aa", "--sim", "1=湾", "--sim", "2=岸").exit_code == 0
    assert run("gateway", "approve", "desk", "bb", "--sim", "1=岸").exit_code == 0
    assert standing(engine) == {"aa": ("approved", {1: "湾"}), "bb": ("approved", {1: "岸"}), "cc": ("waiting", {})}
    assert "aa has ended" in run("gateway", "approve", "desk", "cc", "--sim", "1=湾").output
    assert standing(engine)["aa"] == ("ended", {})
    assert run("gateway", "end", "cc").exit_code == 0
    for refused in (("approve", "desk", "cc", "--sim", "1=湾"), ("end", "cc"), ("end", "dd")):
        assert run("gateway", *refused).exit_code == 2
    with engine.connect() as connection:
        done = [tuple(row) for row in connection.execute(select(acts.c.what, acts.c.about).order_by(acts.c.id))]
    assert ("phone_approved", f"phone cc sim 1 site {site}") in done
    assert [about for what, about in done if what == "phone_ended"] == ["phone aa", "phone cc"]


@pytest.mark.parametrize("sims", [("0=湾",), ("1=湾", "1=湾"), ("1=湾", "2=湾"), ("1=谁",), ("1",), ("1=岸",)])
def test_sims_that_cannot_be_meant_approve_nothing(engine: Engine, site: int, sims: tuple[str, ...]) -> None:
    run("gateway", "add", "phone", "desk", "--site", "湾")
    open_line(engine, "岸", "+8613800000009")
    put_phone(engine, "aa")
    assert run("gateway", "approve", "desk", "aa", *(word for sim in sims for word in ("--sim", sim))).exit_code == 2
    assert standing(engine) == {"aa": ("waiting", {})}


def test_a_sim_that_is_another_than_was_approved_is_told(engine: Engine, site: int) -> None:
    run("gateway", "add", "phone", "desk", "--site", "湾")
    put_phone(engine, "aa")
    run("gateway", "approve", "desk", "aa", "--sim", "1=湾")
    assert phones_of(engine)[0].changed == ()
    with engine.begin() as connection:
        connection.execute(phones.update().values(sims=[SIMS[0] | {"iccid": "****0002"}]))
    assert phones_of(engine, "desk")[0].changed == (1,)


def test_what_is_added_is_known_without_a_restart_and_what_is_not_known_costs_few_looks(engine: Engine) -> None:
    seconds, looks = [100.0], [0]

    def counted() -> Engine:
        looks[0] += 1
        return engine

    known = Gateways(load_settings({"SECRET_KEY": "k" * 16}), utc_now, counted, lambda: seconds[0])
    assert known["sandbox"].name == "sandbox"
    assert looks == [0]
    for _ in range(50):
        assert known.get("desk") is None
    assert looks == [1]
    with engine.begin() as connection:
        row = {"name": "desk", "kind": "phone", "created_at": NOON, "token": "", "token_at": NOON}
        connection.execute(insert(gateways).values(row))
    seconds[0] += ASKED_EVERY_S
    assert known["desk"].name == "desk"
    assert [*known] == ["sandbox", "desk"]
    with engine.begin() as connection:
        connection.execute(gateways.delete())
    assert "desk" in known
    seconds[0] += READ_EVERY_S
    assert [*known] == ["sandbox"]


def test_phones_alone_let_an_installation_be_public() -> None:
    public = {"PUBLIC_URL": "https://reports.example.com", "SANDBOX": "off"}
    settings = load_settings(public)
    assert (settings.sandbox, settings.twilio, settings.this_machine_alone) == (False, None, False)
    told: list[str] = []
    assert demo.run("http://127.0.0.1:1", settings, told.append) == 1
    assert "SANDBOX" in "".join(told)
    for wrong in ({"PUBLIC_URL": "https://reports.example.com"}, public | {"SANDBOX": "on"}):
        with pytest.raises(ValueError, match="SANDBOX"):
            load_settings(wrong)
