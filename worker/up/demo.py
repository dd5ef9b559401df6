"""The demonstration: a site, its roster, an old register, and texts that go the whole way of a real one.

Each text is a signed request to the web process, waits in the queue, is decided and answered; the table shows what its
sender reads. Nothing here reaches around the line.
"""

import secrets
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine

from worker.accounts.users import add_user
from worker.clock import utc_now
from worker.decide.set_up import SiteRow, open_site, put, site_named
from worker.errors import SetUpError
from worker.files.exports import width
from worker.gateways.sandbox import signed
from worker.readers.answers import Answered, answered
from worker.settings import Settings
from worker.store.database import open_engine
from worker.var_folder import secret_key_of

SITE, NUMBER = "翡翠湾", "+8613800000000"
STAFF = {"manager": ["+8613800000001"], "consultant": ["+8613800000002"], "service": ["+8613800000003"]}
LI, ZHOU, WANG = "+8613900000011", "+8613900000012", "+8613900000021"
UNLISTED, STRANGER = "+8613900000031", "+8613900000099"
PEOPLE = (
    {"name": "李四", "phone": LI, "unit": "链家", "kind": "distributor"},
    {"name": "周涛", "phone": ZHOU, "unit": "链家", "kind": "distributor"},
    {"name": "王五", "phone": WANG, "unit": "贝壳", "kind": "distributor"},
    {"name": "郑丽", "phone": "+8613900000041", "unit": "公司业务部", "kind": "own"},
)
TEXTS = (
    (LI, "报备 张三 138****5678 李四"),
    (LI, "张三 138****5678 李四"),
    (ZHOU, "张三138****5678周涛"),
    (WANG, "报备 张先生 138****5678 王五"),
    (WANG, "客户姓名：孙志强\n客户电话：136xxxx1234\n到访时间：明天下午3点\n经纪人：王五\n公司：贝壳"),
    (WANG, "报备 李梅 13912345678 王五"),
    (ZHOU, "客户：陈静186****0917、刘洋150****8821，业务员周涛"),
    (WANG, "报备 何健 186****0917 王五"),
    (LI, "报备 王丽 1381****678 李四"),
    (LI, "177****3604 业务员李四"),
    (LI, "报备 吴刚 153****8812 李四"),
    (UNLISTED, "报备 赵云 151****2001 关平 链家"),
    (STRANGER, "报备 马良 152****2002 黄忠"),
    (LI, "查 张三 138****5678"),
    (WANG, "帮助"),
)
"""Accepted, duplicate by himself, by a colleague, by another unit; a block; a full number; two clients; a suspected
number; two faults; an expired claim claimed anew; off the roster; a stranger; a query; help."""
PATIENCE_S = 30.0
COLUMNS = ((4, "place"), (14, "from"), (34, "text"), (24, "outcome"), (7, "ms"))


@dataclass(frozen=True, slots=True)
class Shown:
    """One text of the demonstration and what became of it; `ms` from the request to the reply's going out."""

    sender: str
    text: str
    answer: Answered | None
    ms: int


def run(base_url: str, settings: Settings, out: Callable[[str], None]) -> int:
    """Play the demonstration against the running web process; return 0 when every text was answered, else 1."""
    if not settings.sandbox:
        out("The demonstration texts through the sandbox, which is not here: play it in a folder of its own, without")
        out("PUBLIC_URL, SANDBOX and Twilio's variables.")
        return 1
    engine = open_engine(settings.database_url)
    try:
        site = _set_up(engine)
        out(f"Demonstration: {len(TEXTS)} texts to {site.name} ({site.number}), each through the signed webhook …")
        shown = [_text(engine, base_url, settings, sender, text) for sender, text in TEXTS]
        links = []
        for role, phones in STAFF.items():
            # Each role gets an account bound to its phone; it may be there from an earlier demonstration.
            with suppress(SetUpError):
                _, token = add_user(engine, role, [role], [site.id], phones[0], utc_now())
                links.append(f"  {role}: {base_url}/welcome/{token}")
    except SetUpError as error:
        out(f"The demonstration could not be set up: {error}")
        return 1
    finally:
        engine.dispose()
    return _closing(shown, links, base_url, out)


def _set_up(engine: Engine) -> SiteRow:
    try:
        site = site_named(engine, SITE)
    except SetUpError:
        site = open_site(engine, SITE, NUMBER, STAFF, "sandbox")
    put(engine, site, "roster", {"people": [dict(person) for person in PEOPLE]})
    reported = (utc_now() - timedelta(days=9)).replace(hour=2, minute=0, second=0, microsecond=0)
    client = {"client": "吴刚", "first3": "153", "last4": "8812"}
    expired = client | {"agent": "王五", "unit": "贝壳", "reported_at": reported.isoformat()}
    put(engine, site, "import", {"rows": [expired]})
    return site


def _text(engine: Engine, base_url: str, settings: Settings, sender: str, text: str) -> Shown:
    provider_id = f"demo-{secrets.token_hex(8)}"
    fields = {"From": sender, "To": NUMBER, "Body": text, "MessageSid": provider_id}
    begun = utc_now()
    headers, raw = signed(secret_key_of(settings), fields, begun)
    request = urllib.request.Request(f"{base_url}/gateways/sandbox/messages", raw, headers)  # noqa: S310  (our own)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10):
        pass
    deadline = time.monotonic() + PATIENCE_S
    while (answer := answered(engine, "sandbox", provider_id)) is None and time.monotonic() < deadline:
        time.sleep(0.02)
    if answer is None or answer.sent_at is None:
        return Shown(sender, text, answer, 0)
    return Shown(sender, text, answer, round((answer.sent_at - begun).total_seconds() * 1000))


def _lines(shown: Shown) -> list[str]:
    """Return a row of the table; what is broken into lines in a text or reply stays so."""
    answer = shown.answer
    place, code = (str(answer.seq), answer.code) if answer else ("", "no answer")
    words = answer.words.splitlines() if answer else []
    text = [piece for line in shown.text.splitlines() for piece in _folded(line, COLUMNS[2][0])]
    rows = []
    for i in range(max(len(text), len(words), 1)):
        first = (place, shown.sender, code, str(shown.ms or "")) if i == 0 else ("", "", "", "")
        cells = (first[0], first[1], text[i] if i < len(text) else "", first[2], first[3])
        padded = (_padded(cell, wide) for cell, (wide, _) in zip(cells, COLUMNS, strict=True))
        rows.append("  ".join([*padded, words[i] if i < len(words) else ""]).rstrip())
    return rows


def _folded(line: str, wide: int) -> list[str]:
    pieces = [""]
    for character in line:
        if width(pieces[-1] + character) > wide:
            pieces.append("")
        pieces[-1] += character
    return pieces


def _padded(text: str, wide: int) -> str:
    return text + " " * (wide - width(text))


def _closing(shown: list[Shown], links: list[str], base_url: str, out: Callable[[str], None]) -> int:
    names = "  ".join(_padded(name, wide) for wide, name in COLUMNS)
    rule = "  ".join("─" * wide for wide, _ in COLUMNS)
    rows = (line for one in shown for line in _lines(one))
    # In one piece, so that the log lines of the processes do not stand between its rows.
    out("\n".join(["", f"{names}  reply", f"{rule}  {'─' * 40}", *rows]))
    silent = [one for one in shown if one.answer is None]
    times = sorted(one.ms for one in shown if one.ms)
    if silent:
        out(f"\n{len(silent)} of {len(shown)} texts got no answer within {PATIENCE_S:.0f} s.")
        return 1
    out(f"\nAll {len(shown)} texts are decided; from request to reply {times[len(times) // 2]} ms in the median.")
    if links:
        out(
            "\n".join(
                ["The site's staff, who can sign and decide on the pages, choose their passwords here, once:", *links]
            )
        )
    out(f"The phones: {base_url}/phones")
    return 0
