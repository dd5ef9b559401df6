"""What readers show of texts and words that retention has erased: ERASED instead of nothing."""

from typing import Final

from sqlalchemy import ColumnElement, case

from worker.rules.client import ERASED
from worker.store.schema import inbox, replies, unrouted

TEXT: Final[ColumnElement[str]] = case((inbox.c.salt == "", ERASED), else_=inbox.c.text).label("text")
WORDS: Final[ColumnElement[str]] = case((replies.c.words == "", ERASED), else_=replies.c.words).label("words")
UNROUTED: Final[ColumnElement[str]] = case((unrouted.c.sender == "", ERASED), else_=unrouted.c.text).label("text")
