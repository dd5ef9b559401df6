"""Words in the language of whoever reads them. In the code they are English; webhook/translations has the others.

Under these two names `pybabel extract` finds them (CONTRIBUTING.md).
"""

from flask_babel import gettext, lazy_gettext

from worker.errors import SetUpError


def _(message: str, **values: object) -> str:
    """Return a message in the language of this request; `values` fill its %(names)s."""
    return str(gettext(message, **values))


def _l(message: str) -> str:
    """Return a message that gets its language when it is shown: for what stands in a module. `str()` settles it."""
    words: str = lazy_gettext(message)
    return words


def fault_words(error: SetUpError) -> str:
    """Return what an error of the set-up says, in the language of this request."""
    return str(gettext(error.sentence, **error.values))
