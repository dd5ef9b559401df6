"""What stands in the gaps of a wording."""


class Fields(dict[str, str]):
    """Values by name; what is not given leaves its gap empty."""

    def __missing__(self, key: str) -> str:
        """Return nothing."""
        return ""
