"""What a customer may upload, and how it is counted while it comes in."""

from __future__ import annotations

from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest

# What a form says beside its file: the token, a few short fields, the lines between them.
FORM_BYTES = 64 * 1024


class UploadLimit(FileUploadHandler):
    """The first of a request's upload handlers: it counts, and ends what is larger than it may be.

    Whatever Content-Length says: nothing more is read from that moment, and nothing is kept.
    """

    def __init__(self, request: HttpRequest, max_bytes: int) -> None:
        super().__init__(request)
        self.max_bytes = max_bytes
        self.received = 0

    @property
    def is_exceeded(self) -> bool:
        return self.received > self.max_bytes

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Count a piece, and hand it on to the handlers that keep it."""
        self.received += len(raw_data)
        if self.is_exceeded:
            raise StopUpload(connection_reset=True)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the handler that has it."""


def announced_bytes(request: HttpRequest) -> int | None:
    """How large the request says that it is; None for nothing that can be believed."""
    said = request.META.get("CONTENT_LENGTH") or ""
    # Twenty digits are more than any file; int() refuses thousands of them.
    return int(said[:20]) if said.isascii() and said.isdecimal() else None
