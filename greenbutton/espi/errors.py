class EspiError(Exception):
    """A document that is refused as a whole; nothing of it should be kept.

    `line` counts from 1; `entry` is the id (or self link) of the last entry that was whole.
    """

    def __init__(self, says: str, *, line: int | None = None, entry: str | None = None) -> None:
        super().__init__(says)
        self.says = says
        self.line = line
        self.entry = entry

    def __str__(self) -> str:
        where = [f"line {self.line}"] if self.line else []
        where += [f"after {self.entry}"] if self.entry else []
        return f"{self.says} ({', '.join(where)})" if where else self.says


class ScopeError(ValueError):
    """A scope string, or a change to one, that is refused. Its text is a sentence for people."""
