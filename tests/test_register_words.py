"""What files call things is what the pages call them, in every language, and nothing lacks a word."""

from pathlib import Path

import pytest
from babel.support import Translations

from webhook.register_views import FLAG_WORDS, status_words
from worker.readers.flags import FLAGS
from worker.readers.register import EXPORTED, STATUSES
from worker.words.register import register_words


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_column_status_and_note_has_words(language: str) -> None:
    words = register_words(language)
    assert set(words["column"]) == set(EXPORTED)
    assert set(words["flag"]) == set(FLAGS)
    assert set(STATUSES) <= set(words["status"])
    assert {name: set(table) for name, table in words.items() if isinstance(table, dict)} == {
        name: set(table) for name, table in register_words("en").items() if isinstance(table, dict)
    }


@pytest.mark.parametrize("language", ["zh", "en"])
def test_files_and_pages_speak_alike(language: str) -> None:
    pages = Translations.load(Path(__file__).parents[1] / "webhook" / "translations", [language])
    words = register_words(language)
    assert words["status"] == {status: pages.gettext(status_words(status).words) for status in words["status"]}
    noted = FLAG_WORDS.keys() & words["flag"].keys()
    assert {flag: words["flag"][flag] for flag in noted} == {
        flag: pages.gettext(str(FLAG_WORDS[flag])) for flag in noted
    }
