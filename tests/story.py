"""A line in which something of everything has happened, on a database; for the tests of what is proved of it."""

import hashlib
import pickle
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from sqlalchemy import Engine, func, insert, select

from tests.sql_stage import SqlStage
from worker.scenarios.language import read_scenario
from worker.scenarios.rehearsal import rehearse
from worker.store.schema import metadata, sites

Contents = dict[str, list[dict[str, Any]]]
"""The rows of each table."""
NUMBER, MANAGER, CONSULTANT, LI, WANG, STRANGER = (
    "+8613800000000",
    "+8613800000001",
    "+8613800000002",
    "+8613900000011",
    "+8613900000021",
    "+8613900000099",
)
STORY = f"""
lenient
site 湾 number={NUMBER} manager={MANAGER}
policy daily_digest=20:00 renewal=free
unit 链家 kind=distributor aliases=链家地产
agent 李四 {LI} 链家 from=2026-11-01
agent 王五 {WANG} 贝壳
2026-11-02 10:00:00 {LI} > 报备 张三 138****5678 李四
2026-11-02 10:00:00 {LI} < accepted R1
2026-11-02 10:00:05 {WANG} > 报备 张三 138****5678 王五
2026-11-02 10:00:05 {WANG} < duplicate_other
2026-11-02 10:01:00 {WANG} > 报备 张四 138****5678 王五
2026-11-02 10:01:00 {WANG} < suspected R2
2026-11-02 10:02:00 {LI} > 报备 李梅 139****2233\\n陈静 186****0917
2026-11-02 10:03:00 {STRANGER} > 报备 赵云 151****2001 黄忠
2026-11-02 10:04:00 {WANG} > sent=09:59:00 报备 李梅 139****2233 王五
2026-11-02 10:04:00 {WANG} < contested R5
2026-11-02 10:05:00 {LI} > 谢谢
2026-11-03 10:00:00 {MANAGER} > 撤 R4
2026-11-03 10:00:00 {MANAGER} < confirm_code
2026-11-03 10:01:00 {MANAGER} > $code
2026-11-03 10:01:00 {MANAGER} < withdrawn R4
2026-11-04 10:00:00 {LI} > 张三 138****5678
2026-11-04 10:00:00 {LI} < renewed R1
2026-11-04 21:00:00 {WANG} > 报备 王丽 1381****678 王五
2026-11-05 10:00:00 {MANAGER} form 定金 R3
2026-11-05 11:00:00 {WANG} > 异议 李梅 139****2233
2026-11-05 11:00:00 {WANG} < dispute_opened D1
2026-11-05 12:00:00 {WANG} > 材料 D1 短信
2026-11-05 12:00:00 {WANG} < evidence_recorded
2026-11-06 09:00:00 staff consultant={CONSULTANT}
2026-11-06 10:00:00 {LI} > 报备 周舟 136****7788 李四
2026-11-06 10:00:00 {LI} < accepted R6
2026-11-06 11:00:00 {LI} > 跟进 R6 电话沟通
2026-11-06 11:00:00 {LI} < followed_up R6
2026-11-06 12:00:00 {MANAGER} form 更正 R6 136****7789 书面证明
2026-11-06 13:00:00 {MANAGER} form 亲属 R6 孙尚 137****6677 夫妻 结婚证
2026-11-06 14:00:00 {LI} > 到访 R6
2026-11-06 14:00:00 {LI} < visit_opened V1
2026-11-06 14:01:00 {CONSULTANT} > 签 V1
2026-11-06 14:01:00 {CONSULTANT} < signed V1
2026-11-06 14:02:00 {MANAGER} > 签 V1
2026-11-06 14:02:00 {MANAGER} < visit_confirmed V1
2026-11-06 15:00:00 directory 云栖府 number=+8613800000100
2026-11-06 15:01:00 {LI} > 报备 云栖府 何健 186****0917 李四
2026-11-06 15:01:00 {LI} < forwarded
"""
LAST_REPORT, LAST = 29, 29
"""The places of the story's last report and of its last message."""


SHARED: list[Path] = []
"""A folder of this run of the tests, if there is one; what one of its processes has played the others need not."""
_played: dict[str, Contents] = {}


def play(engine: Engine, text: str = STORY) -> None:
    """Play it through the real line and decider; every expectation holds. What was played on this kind is copied."""
    if _is_used(engine):
        assert rehearse(read_scenario(text), SqlStage(engine)) == []
        return
    key = hashlib.sha256(f"{engine.dialect.name} {text}".encode()).hexdigest()
    if (contents := _recalled(key)) is not None:
        _fill(engine, contents)
        return
    assert rehearse(read_scenario(text), SqlStage(engine)) == []
    _remember(key, _contents(engine))


def _recalled(key: str) -> Contents | None:
    for path in (folder / key for folder in SHARED if key not in _played):
        if path.exists():
            _played[key] = pickle.loads(path.read_bytes())  # noqa: S301
    return _played.get(key)


def _remember(key: str, contents: Contents) -> None:
    _played[key] = contents
    for folder in SHARED:
        with NamedTemporaryFile(dir=folder, delete=False) as file:
            file.write(pickle.dumps(contents))
        # Renamed, so that nobody reads a part of it.
        Path(file.name).rename(folder / key)


def _is_used(engine: Engine) -> bool:
    with engine.connect() as connection:
        return connection.execute(select(sites.c.id).limit(1)).first() is not None


def _contents(engine: Engine) -> Contents:
    with engine.connect() as connection:
        return {t.name: [dict(row._mapping) for row in connection.execute(select(t))] for t in metadata.sorted_tables}


def _fill(engine: Engine, contents: Contents) -> None:
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            rows = contents[table.name]
            if not rows:
                continue
            connection.execute(insert(table), rows)
            numbered = table.autoincrement_column
            if numbered is not None and engine.dialect.name == "postgresql":
                # What is given its number leaves the sequence where it is.
                sequence = func.pg_get_serial_sequence(table.name, numbered.name)
                connection.execute(select(func.setval(sequence, max(row[numbered.name] for row in rows))))
