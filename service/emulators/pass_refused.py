"""The one exception of everything that opens passes."""


class PassRefused(Exception):
    """This phone does not take the pass. A real one is silent; this one says why.

    `code` is stable and meant for programs; the text is a sentence for people.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
