"""A site goes to another phone or gateway while replies are under way: none is lost, and none goes out twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.test_phone_server import Office, opened
from worker.errors import SetUpError
from worker.gateways.phone_server import PhoneWord
from worker.phones.approvals import approve, end, phones_of
from worker.phones.entry import register
from worker.phones.gateways import add_gateway
from worker.store.schema import sites


@pytest.fixture
def office(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Office]:
    office = opened(tmp_path, database_url, redis_url)
    yield office
    office.runtime.close()


def gateway_of(office: Office) -> str:
    with office.engine.connect() as connection:
        return str(connection.execute(select(sites.c.gateway).where(sites.c.id == office.sites[0])).scalar_one())


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
