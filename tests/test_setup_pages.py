"""The set-up on pages: its frame, and who finds which page there."""

import pytest
from flask import Flask

from tests.infrastructure.deciding import MANAGER
from tests.infrastructure.serving import SITE_NUMBER
from tests.infrastructure.visiting import enrol, plain, visitor
from webhook.app import create_app
from worker.decide.set_up import SiteRow, open_site
from worker.runtime import Runtime

OTHER_NUMBER = "+8613800000009"


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    return create_app(runtime, kept_s=0)


@pytest.fixture
def site(runtime: Runtime) -> SiteRow:
    return open_site(runtime.engine, "翡翠湾", SITE_NUMBER, {"manager": [MANAGER]}, "sandbox")


def test_an_empty_installation_opens_on_the_set_up(app: Flask, runtime: Runtime) -> None:
    enrol(runtime, "admin", "ops", "manager")
    admin = visitor(app, "admin")
    assert admin.get("/").location == "/setup"
    assert admin.get("/setup").status_code == 200
    open_site(runtime.engine, "翡翠湾", SITE_NUMBER, {"manager": [MANAGER]}, "sandbox")
    assert admin.get("/").location == "/desk"


def test_whoever_sees_several_sites_chooses_one_and_a_site_s_manager_hears_of_no_other(
    app: Flask, runtime: Runtime, site: SiteRow
) -> None:
    other = open_site(runtime.engine, "云栖府", OTHER_NUMBER, {"manager": [MANAGER]}, "sandbox")
    enrol(runtime, "admin", "ops", "manager")
    enrol(runtime, "local", "manager", site_id=site.id)
    enrol(runtime, "guide", "consultant", site_id=site.id)
    page = visitor(app, "admin").get(f"/setup?site={other.id}").text
    assert f'href="/setup?site={other.id}" aria-current="true"' in page
    assert f'href="/setup?site={site.id}"' in page
    own = visitor(app, "local").get(f"/setup?site={other.id}").text
    assert "翡翠湾" in plain(own)
    assert "云栖府" not in plain(own)
    guide = visitor(app, "guide")
    assert guide.get("/setup").status_code == 403
    assert "/setup" not in guide.get("/desk").text
