"""What rooms that do not know each other raise alike."""


def N_(sentence: str) -> str:
    """Return a sentence as it is; by this name it is found for translation (CONTRIBUTING.md, “Words of a page”)."""
    return sentence


class SetUpError(ValueError):
    """What was asked for cannot be; the sentence says why and how to mend it.

    Pages say it in their language: `sentence` is what they have words for, `values` fill its %(names)s.
    """

    def __init__(self, sentence: str, **values: object) -> None:
        """Say this sentence, filled in."""
        super().__init__(sentence % values if values else sentence)
        self.sentence, self.values = sentence, values
