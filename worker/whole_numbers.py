"""What people type as a name, of a person, an account or a site, holds no whole telephone number (L14)."""

from parsers.mask import mask_numbers
from parsers.numbers import DEFAULT_REGION
from worker.errors import N_, SetUpError


def check_no_number(*names: str, region: str = DEFAULT_REGION) -> None:
    """Raise SetUpError where one of these names holds what could be somebody's whole mobile number."""
    if any(mask_numbers(name, region) != name for name in names):
        raise SetUpError(N_("A name holds no telephone number: leave it out."))
