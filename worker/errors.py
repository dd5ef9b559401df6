"""What rooms that do not know each other raise alike."""


class SetUpError(ValueError):
    """What was asked for cannot be; the sentence says why and how to mend it."""
