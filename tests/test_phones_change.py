"""A site goes to another phone or gateway while replies are under way: none is lost, and none goes out twice."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.fake_phone import FakePhone
from tests.infrastructure.serving import AGENT
from tests.test_phone_server import Office, opened
from worker.errors import SetUpError
from worker.gateways.base import Doubt, GatewayAwayError, Handover, Outgoing, Sent, Unknown
from worker.gateways.phone_server import PhoneWord
from worker.outbox.courier import Courier
from worker.outbox.doubts import Settler
from worker.outbox.leases import close_leases, retire
from worker.phones.approvals import approve, end, phones_of
from worker.phones.entry import register
from worker.phones.gateways import add_gateway, let_carry
from worker.store.schema import sites


@pytest.fixture
def office(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Office]:
    office = opened(tmp_path, database_url, redis_url)
    yield office
    office.runtime.close()


def gateway_of(office: Office) -> str:
    with office.engine.connect() as connection:
        return str(connection.execute(select(sites.c.gateway).where(sites.c.id == office.sites[0])).scalar_one())


@dataclass
class Handed:
    """A gateway that is handed its replies, and does not answer; `listed` says how its list answers."""

    listed: Callable[[], Handover | None] = lambda: None
    name: str = "twilio"
    keeps_list: bool = True
    sent: list[str] = field(default_factory=list)

    def send(self, outgoing: Outgoing) -> Handover:
        self.sent.append(outgoing.words)
        return Unknown("timeout", "no answer")

    def lookup(self, doubt: Doubt) -> Handover | None:
        return self.listed()


def away() -> None:
    raise GatewayAwayError("timeout")


def pass_time(office: Office, minutes: int, phone: FakePhone | None = None) -> None:
    """Let time pass, and everybody do what he does."""
    for _ in range(minutes):
        office.clock.move(minutes=1)
        close_leases(office.engine, office.clock())
        retire(office.engine, office.clock())
        Settler(office.engine, office.runtime.gateways, office.clock).settle()
        Courier(office.engine, office.runtime.gateways, office.clock).drain()
        if phone is not None:
            phone.pull()
            phone.send()
            phone.report()


@pytest.mark.parametrize(
    ("listed", "state", "on_air"),
    [
        (lambda: Sent("SM1", "delivered"), "sent", []),
        (lambda: None, "sent", [(AGENT, "R1", 1)]),
        (away, "review", []),
        (None, "review", []),
    ],
)
def test_a_reply_in_doubt_is_looked_for_where_it_went(
    office: Office, listed: Callable[[], Handover | None] | None, state: str, on_air: list[tuple[str, str, int]]
) -> None:
    gateway = Handed()
    office.runtime.gateways["twilio"] = gateway
    let_carry(office.engine, "twilio", office.sites[0], None, office.clock())
    one = office.reply("R1")
    pass_time(office, 1)
    assert (gateway.sent, office.state(one)[0]) == (["R1"], "unknown")
    let_carry(office.engine, "desk", office.sites[0], None, office.clock())
    phone = office.approved(0)
    if listed is None:
        del office.runtime.gateways["twilio"]
    else:
        gateway.listed = listed
    pass_time(office, 8, phone)
    assert (office.state(one)[0], phone.on_air) == (state, on_air)


def test_a_site_keeps_gateway_and_phone_when_the_one_that_was_to_have_it_has_ended(office: Office) -> None:
    phone = office.approved(0)
    token = add_gateway(office.engine, "other", [], None, office.clock())
    late, _ = register(office.engine, "other", token, PhoneWord("Xiaomi", ()), "1.68.0", office.clock())
    end(office.engine, late, None, office.clock())
    with pytest.raises(SetUpError):
        approve(office.engine, "other", late, {1: office.sites[0]}, None, office.clock(), carries=True)
    kept = next(each for each in phones_of(office.engine) if each.id == phone.device_id)
    assert (gateway_of(office), list(kept.sites)) == ("desk", [1])
    other, _ = register(office.engine, "other", token, PhoneWord("Xiaomi", ()), "1.68.0", office.clock())
    with pytest.raises(SetUpError, match="go through desk"):
        approve(office.engine, "other", other, {1: office.sites[0]}, None, office.clock())
    approve(office.engine, "other", other, {1: office.sites[0]}, None, office.clock(), carries=True)
    assert gateway_of(office) == "other"
