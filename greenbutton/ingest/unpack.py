"""A file as a customer has it: XML as it is, or the single XML document of a .zip or .gz file.

Nothing is written anywhere, and no name from inside is used for more than its ending. How much a
packed document may swell to is the reader's limit, which counts what comes out of here.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from gzip import BadGzipFile
from typing import IO, Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from greenbutton.espi import EspiError
from greenbutton.espi.readable import Readable

ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
GZIP = b"\x1f\x8b"
# Enough to tell what a file is, past blanks and a byte order mark.
HEAD_BYTES = 512
# A zip file lists what is in it at its end, and is asked to be read there in one piece. That of a
# utility names one document, or a few; a list of millions would fill the memory.
LIST_BYTES = 2**18
# Of the others, Python unpacks however much there is at once.
METHODS = {ZIP_STORED, ZIP_DEFLATED}
ENCRYPTED = 0x1
# What else people have from their utility, by how it begins.
STRANGERS = {
    b"%pdf": "This is a PDF, which people can read and programs cannot.",
    b"<!doctype html": "This is a web page, not the file that it offers.",
    b"<html": "This is a web page, not the file that it offers.",
    b"\xd0\xcf\x11\xe0": "This is a spreadsheet or another Office file.",
    b"{": "This is JSON, not Green Button XML.",
    b"7z\xbc\xaf\x27\x1c": "This is a .7z file. Unpack it, and take the .xml file that is in it.",
    b"rar!": "This is a .rar file. Unpack it, and take the .xml file that is in it.",
}
# All that zipfile, gzip and zlib raise; the last three are for archives that are odd, not cut off.
FAULTS = (
    BadZipFile,
    BadGzipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
BROKEN = "The packed file is damaged or was cut off, so it cannot be unpacked."


@contextmanager
def unpacked(file: BinaryIO) -> Iterator[Readable]:
    """The document in an open file, from its beginning; raises EspiError where there is none.

    What is wrong deeper inside shows when it is read, as an EspiError too.
    """
    file.seek(0)
    head = file.read(HEAD_BYTES)
    file.seek(0)
    if head.startswith(ZIP):
        with _opened(file) as document:
            yield _Guarded(document)
    elif head.startswith(GZIP):
        with gzip.open(file) as document:
            yield _Guarded(document)
    else:
        _refuse_strangers(head)
        yield file


def _opened(file: BinaryIO) -> IO[bytes]:
    with _told():
        short = _ShortList(file)
        archive = ZipFile(short)
        document = archive.open(_only_document(archive))
        short.is_read = True
        return document


def _refuse_strangers(head: bytes) -> None:
    begins = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not begins.strip(b"\0"):
        raise EspiError("The file is empty.")
    for beginning, says in STRANGERS.items():
        if begins.startswith(beginning):
            raise EspiError(says)
    if b"<" not in head.replace(b"\0", b""):
        raise EspiError("This is no XML, in which Green Button data is written.")


def _only_document(archive: ZipFile) -> ZipInfo:
    documents = [one for one in archive.infolist() if _is_document(one)]
    if not documents:
        raise EspiError("There is no .xml file in this .zip file.")
    if len(documents) > 1:
        raise EspiError(
            f"There are {len(documents)} .xml files in this .zip file. "
            "Unpack it, and send them one after the other."
        )
    (document,) = documents
    if document.flag_bits & ENCRYPTED:
        raise EspiError("The .zip file is locked with a password. Unpack it, and send what is in.")
    if document.compress_type not in METHODS:
        raise EspiError("The .zip file is packed in an unusual way. Unpack it first.")
    return document


def _is_document(member: ZipInfo) -> bool:
    # macOS puts a shadow of each file beside it, in a folder of this name.
    is_shadow = member.filename.startswith("__MACOSX/")
    return member.filename.lower().endswith(".xml") and not member.is_dir() and not is_shadow


class _ShortList:
    """A zip file of which nothing large is read at once until its list was read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.is_read = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def read(self, size: int = -1) -> bytes:
        if self.is_read or 0 <= size <= LIST_BYTES:
            return self._file.read(size)
        data = self._file.read(LIST_BYTES + 1)
        if len(data) > LIST_BYTES:
            raise EspiError("There is too much in this .zip file. Send the .xml file alone.")
        return data


class _Guarded:
    """What comes out of a packed file, whose faults are told in our words."""

    def __init__(self, file: IO[bytes] | gzip.GzipFile) -> None:
        self._file = file

    def read(self, size: int = -1, /) -> bytes:
        with _told():
            return self._file.read(size)


@contextmanager
def _told() -> Iterator[None]:
    """Say in our words what zipfile, gzip and zlib raise."""
    try:
        yield
    except FAULTS as e:
        raise EspiError(BROKEN) from e
