"""What a site is called, its number and its zone are changed through its line, and hold from their place on."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, select

from tests.sending import NOON, StandingClock, add_reply
from worker.cli.main import main
from worker.decide.decider import decide_site
from worker.decide.set_up import all_sites, open_site, put, site_named
from worker.decide.site_change import change_site, settings_of
from worker.errors import SetUpError
from worker.gateways.base import Inbound
from worker.line.door import Receipt, accept
from worker.line.forwards import carry
from worker.store.schema import forwards, inbox, sites, unrouted

BAY, MANOR, NEW = "+8613800000000", "+8613800000100", "+8613800000555"
LI, MANAGER = "+8613900000011", "+8613800000001"
PEOPLE = [{"name": "李四", "phone": LI, "unit": "链家"}]


@pytest.fixture(autouse=True)
def there(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("BAOBEI_VAR", str(tmp_path / "var"))


@pytest.fixture
def two(engine: Engine, clock: StandingClock) -> Engine:
    """翡翠湾 and 云栖府, with one roster."""
    for name, number in (("翡翠湾", BAY), ("云栖府", MANOR)):
        site = open_site(engine, name, number, {"manager": [MANAGER]}, "sandbox", clock=clock)
        put(engine, site, "roster", {"people": [dict(person) for person in PEOPLE]}, clock)
    return engine


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def text(engine: Engine, to: str, words: str, clock: StandingClock, key: str = "t") -> str:
    """Have 李四 text a number, and whatever follows decided; return the door's outcome."""
    receipt = accept(engine, Inbound("sandbox", f"{key}{words}", LI, to, words), clock)
    for site in all_sites(engine):
        decide_site(engine, site.id, clock=clock)
    return receipt.outcome


def test_a_new_name_and_number_hold_everywhere_and_what_comes_to_the_old_number_still_arrives(
    two: Engine, clock: StandingClock
) -> None:
    text(two, BAY, "报备 云栖府 赵敏 135****2222", clock)
    with two.connect() as connection:
        assert connection.execute(select(forwards.c.number)).scalars().all() == [MANOR]
    changed = run("site", "set", "云栖府", "name=云栖公馆", f"number={NEW}", "aliases=云栖,公馆")
    assert "number is +8613800000555, was +8613800000100" in changed.output
    manor = site_named(two, "云栖公馆")
    assert (manor.number, manor.state["number"], manor.state["name"]) == (NEW, NEW, "云栖公馆")
    others = site_named(two, "翡翠湾").state["others"]
    assert others == {NEW: {"name": "云栖公馆", "aliases": ["云栖", "公馆"]}}
    # What was forwarded to the number before goes on, and so does a text that still comes to it.
    assert carry(two, clock=clock) == {manor.id}
    assert text(two, MANOR, "报备 张三 138****5678", clock) == "accepted"
    assert text(two, NEW, "报备 王丽 137****1111", clock) == "accepted"
    with two.connect() as connection:
        mine = select(inbox.c.text).where(inbox.c.site_id == manor.id, inbox.c.kind == "text").order_by(inbox.c.seq)
        assert connection.execute(mine).scalars().all() == [
            "报备 云栖府 赵敏 135****2222", "报备 张三 138****5678", "报备 王丽 137****1111",
        ]  # fmt: skip
        assert connection.execute(select(unrouted)).first() is None
    assert run("audit").exit_code == 0


def test_a_number_given_up_belongs_to_whoever_takes_it(two: Engine, clock: StandingClock) -> None:
    change_site(two, site_named(two, "云栖府"), {"number": NEW}, clock)
    change_site(two, site_named(two, "翡翠湾"), {"number": MANOR}, clock)
    text(two, MANOR, "报备 张三 138****5678", clock)
    with two.connect() as connection:
        bay = select(sites.c.id).where(sites.c.name == "翡翠湾").scalar_subquery()
        last = select(inbox.c.text).where(inbox.c.site_id == bay, inbox.c.kind == "text")
        assert connection.execute(last).scalars().all() == ["报备 张三 138****5678"]
    assert site_named(two, "翡翠湾").state["others"] == {NEW: {"name": "云栖府", "aliases": []}}
    assert site_named(two, "云栖府").state["others"] == {MANOR: {"name": "翡翠湾", "aliases": []}}


def test_a_name_and_number_given_up_can_be_another_site_s(two: Engine, clock: StandingClock) -> None:
    change_site(two, site_named(two, "云栖府"), {"name": "云栖公馆", "number": NEW}, clock)
    again = open_site(two, "云栖府", MANOR, {"manager": [MANAGER]}, "sandbox", clock=clock)
    assert site_named(two, "翡翠湾").state["others"].keys() == {NEW, MANOR}
    text(two, MANOR, "报备 张三 138****5678", clock)
    with two.connect() as connection:
        mine = select(inbox.c.text).where(inbox.c.site_id == again.id, inbox.c.kind == "text")
        assert connection.execute(mine).scalars().all() == ["报备 张三 138****5678"]


@pytest.mark.parametrize(
    ("pair", "why"),
    [
        (f"number={BAY}", "is the number of the site “翡翠湾” already"),
        (f"number={MANAGER}", "cannot be a member of its staff"),
        ("number=12", "12"),
        ("name=翡翠湾", "is a name of the site “翡翠湾” already"),
        ("name=", "needs a name"),
        ("name=链家", "“链家” stands on the roster"),
        ("aliases=云栖,李四", "“李四” stands on the roster"),
        ("aliases=翡翠湾", "is a name of the site “翡翠湾” already"),
        ("timezone=Asia/Shanghia", "is no time zone; write one as Asia/Shanghai"),
        ("language=fr", "speaks zh | en"),
        ("telephone=abc", "is no telephone"),
        ("colour=red", "what can be set is name, aliases, number, telephone, language, timezone"),
        ("nothing", "has no ="),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(two: Engine, pair: str, why: str) -> None:
    before = settings_of(site_named(two, "云栖府"))
    refused = run("site", "set", "云栖府", pair)
    assert refused.exit_code == 2
    assert why in refused.output
    assert settings_of(site_named(two, "云栖府")) == before


def test_a_number_stays_while_a_text_is_in_doubt(two: Engine, clock: StandingClock) -> None:
    manor = site_named(two, "云栖府")
    add_reply(two, manor.id, "报备成功", NOON, cause="m:1", state="unknown")
    with pytest.raises(SetUpError, match="nobody knows yet whether it went out"):
        change_site(two, manor, {"number": NEW}, clock)


def test_an_alias_that_clients_are_called_by_is_warned_of(two: Engine, clock: StandingClock) -> None:
    text(two, BAY, "报备 张三 138****5678", clock)
    assert "1 clients are called 张三" in run("site", "set", "翡翠湾", "aliases=张三").output


def test_a_zone_is_changed_for_good_from_its_place_on(two: Engine, clock: StandingClock) -> None:
    text(two, BAY, "报备 张三 138****5678", clock)
    assert run("site", "set", "翡翠湾", "timezone=Asia/Urumqi", "language=en").exit_code == 0
    site = site_named(two, "翡翠湾")
    assert (site.zone.key, site.state["language"]) == ("Asia/Urumqi", "en")
    assert "as before" in run("site", "set", "翡翠湾", "timezone=Asia/Urumqi").output
    with two.connect() as connection:
        kinds = connection.execute(select(inbox.c.kind).where(inbox.c.site_id == site.id)).scalars().all()
    assert kinds.count("site_set") == 1
    assert run("audit").exit_code == 0


def test_a_reply_that_is_taken_in_hand_meanwhile_keeps_the_number(
    two: Engine, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The form was checked when nothing was being sent; it is looked again under the site's lock."""
    site, real = site_named(two, "翡翠湾"), put

    def put_late(*given: Any) -> Receipt:
        add_reply(two, site.id, state="sending")
        return real(*given)

    monkeypatch.setattr("worker.decide.site_change.put", put_late)
    with pytest.raises(SetUpError, match="is being sent"):
        change_site(two, site, {"number": NEW}, clock)
    assert site_named(two, "翡翠湾").number == BAY
