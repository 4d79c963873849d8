from collections.abc import Callable
from time import monotonic


def minimised(document: bytes, still_fails: Callable[[bytes], bool], seconds: float = 30) -> bytes:
    """A smaller document that fails in the same way: parts are left out as long as it does.

    First lines, then ever smaller runs of bytes (delta debugging).
    """
    end = monotonic() + seconds
    document = _without_most(document.splitlines(keepends=True), still_fails, end)
    return _without_most([bytes([byte]) for byte in document], still_fails, end)


def _without_most(units: list[bytes], still_fails: Callable[[bytes], bool], end: float) -> bytes:
    size = max(1, len(units) // 2)
    while size and monotonic() < end:
        at = 0
        while at < len(units) and monotonic() < end:
            fewer = units[:at] + units[at + size :]
            if fewer and still_fails(b"".join(fewer)):
                units = fewer
            else:
                at += size
        size //= 2
    return b"".join(units)
