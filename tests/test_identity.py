"""Who is the same client by his name (rules.md, “Identity of a client”; H1–H6), where it is written in Latin."""

import pytest

from worker.rules.identity import name_form, names_agree


@pytest.mark.parametrize(
    ("name", "key", "bare"),
    [
        ("Mr Li", "li", True),
        ("Mrs. Chan", "chan", True),
        ("Linda", "linda", False),
        ("Mr Li Wei", "liwei", False),
        # A title without a name is all that there is to go by.
        ("Mr", "mr", False),
        ("Mr. Mrs.", "mrmrs", False),
    ],
)
def test_a_title_stands_for_no_name_unless_it_is_all(name: str, key: str, bare: bool) -> None:
    form = name_form(name)
    assert (form.key, form.bare) == (key, bare)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("Mr Li", "Li Wei", True), ("Mr Li", "Wei Li", True), ("Linda", "Linda Chen", False), ("Mr Li", "Mr Wang", False)],
)
def test_a_title_and_a_surname_agree_with_whoever_has_that_surname(one: str, other: str, same: bool) -> None:
    assert names_agree(one, other) is same
    assert names_agree(other, one) is same
