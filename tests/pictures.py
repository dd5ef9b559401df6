"""Takes README's pictures of the register, the desk, the cases and the set-up anew: `python -m tests.pictures`.

A made-up site lives through a few days; each page is then taken as a manager sees it, in the site's language.
"""

import base64
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.infrastructure.browsing import Visit, open_browser
from tests.infrastructure.deciding import CONSULTANT, LI, MANAGER, SERVICE, WANG, staffed_site, text
from tests.infrastructure.serving import runtime_of
from tests.infrastructure.visiting import PASSWORD, enrol
from tests.sending import StandingClock
from webhook.app import create_app
from worker.decide.decider import decide_site
from worker.decide.set_up import SiteRow, put
from worker.gateways.base import Inbound
from worker.line.door import accept
from worker.runtime import Runtime
from worker.store.revisions import migrate

FOLDER: Final = Path(__file__).parents[1] / "webhook" / "static"
PICTURES: Final = {
    "register": ("/register", 820),
    "desk": ("/desk?claim=12", 860),
    "cases": ("/cases", 900),
    "setup": ("/setup", 800),
    "policy": ("/setup/policy", 860),
}
"""By name the page, and how high the picture is; all are 1280 wide."""
QUALITY: Final = 78
BEGIN: Final = datetime(2026, 11, 17, 1, 30, tzinfo=UTC)
ZHOU: Final = "+8613900000012"

STORY: Final = (
    (0, LI, "报备 孙志强 136****1234"),
    (40, LI, "到访 孙志强 136****1234"),
    (5, CONSULTANT, "签 V1"),
    (5, MANAGER, "签 V1"),
    (60, WANG, "报备 郭子仪 137****2468"),
    (2_880, MANAGER, "定金 R1"),
    (60, WANG, "异议 孙志强 136****1234 客户上月由我带看，有通话记录"),
    (1_500, MANAGER, "首付 R1"),
    (30, WANG, "材料 D1 通话记录 王五 11-10"),
    (10, LI, "材料 D1 客户签字书面证明"),
    (20, SERVICE, "意见 D1 两次到访均由链家带看，签字齐全"),
    (4_300, LI, "报备 陈静 186****0917"),
    (3, ZHOU, "报备 刘洋 150****8821"),
    (6, WANG, "报备 何健 186****0917"),
    (9, LI, "报备 吴刚 153****8812"),
    (5, "+8613900000099", "报备 赵云 151****2001 关平 链家"),
    (12, WANG, "报备 陈晓梅 150****7731"),
    (7, LI, "报备 欧阳明 186****9012 今天下午到访"),
    (7, ZHOU, "报备 黄志强 177****0426"),
    (4, WANG, "报备 陈静 186****0917"),
    (8, LI, "报备 林海 199****8815"),
    (30, WANG, "到访 陈晓梅 150****7731"),
    (6, CONSULTANT, "签 V2"),
    (10, ZHOU, "到访 黄志强 177****0427"),
    (9, WANG, "报备 李梅 139****5678 今天下午4点到"),
    (14, LI, "到访 吴刚 153****8812"),
    (3, CONSULTANT, "签 V4"),
    (2, MANAGER, "签 V4"),
    (8, LI, "报备 许诺 188****3310"),
)
"""What is texted: minutes after the text before, by whom, and what."""


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  (its parent's name)
        """Say nothing."""


def main() -> None:
    """Play the story and take the pictures."""
    with tempfile.TemporaryDirectory() as folder, open_browser() as browser:
        url = f"sqlite:///{folder}/pictures.sqlite"
        migrate(url)
        runtime = runtime_of(Path(folder), url, f"unix://{folder}/nobody.sock")
        runtime.clock = clock = StandingClock()
        clock.now = BEGIN
        _play(runtime, clock)
        server = make_server("127.0.0.1", 0, create_app(runtime), threaded=True, request_handler=_Quiet)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            _take(browser, f"http://127.0.0.1:{server.port}")
        finally:
            server.shutdown()
            thread.join()
            runtime.close()


def _play(runtime: Runtime, clock: StandingClock) -> SiteRow:
    site = staffed_site(runtime, clock)
    people = [{"name": "周涛", "phone": ZHOU, "unit": "链家", "kind": "distributor"}]
    put(runtime.engine, site, "roster", {"people": people}, clock)
    put(runtime.engine, site, "policy", {"confirm_acts": "off"}, clock)
    enrol(runtime, "陈经理", "manager", phone=MANAGER)
    enrol(runtime, "运维", "ops")
    for minutes, sender, words in STORY:
        clock.move(minutes=minutes)
        text(runtime, site, sender, words)
    late = Inbound("sandbox", "late", WANG, site.number, "报备 林海 199****8815", clock.now - timedelta(hours=3))
    accept(runtime.engine, late, clock)
    decide_site(runtime.engine, site.id, clock=clock)
    clock.move(minutes=6)
    return site


def _take(browser: Browser, base: str) -> None:
    there = Visit(browser, base, 1280)
    there.log_in("陈经理", PASSWORD)
    for name, (path, height) in PICTURES.items():
        there.page.set_viewport_size({"width": 1280, "height": height})
        there.go(path)
        there.page.wait_for_timeout(500)
        session = there.context.new_cdp_session(there.page)
        taken = session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
        (FOLDER / f"{name}.webp").write_bytes(base64.b64decode(taken["data"]))
        print(FOLDER / f"{name}.webp")
    there.close()


if __name__ == "__main__":
    main()
