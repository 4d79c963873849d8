from typing import Protocol


class Readable(Protocol):
    """An open binary file, as far as a document needs one: read from where it stands to its end."""

    def read(self, size: int = ..., /) -> bytes: ...
