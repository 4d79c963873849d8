"""Packed files: one document comes out, or a sentence that says why none does."""

from __future__ import annotations

import gzip
import io
import zipfile
from typing import IO

import pytest

from greenbutton.espi import EspiError, read_feed
from greenbutton.ingest import unpack
from greenbutton.ingest.unpack import unpacked
from tests.greenbutton.ingest.documents import MEGABYTE, block, document, hours, meter

FEED = document(meter(), block(*hours(range(200)))).getvalue()


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def whole(data: bytes) -> bytes:
    with unpacked(io.BytesIO(data)) as document:
        pieces = []
        while piece := document.read(1000):
            pieces.append(piece)
        return b"".join(pieces)


def refused(data: bytes) -> str:
    with pytest.raises(EspiError) as caught:
        whole(data)
    return caught.value.says


@pytest.mark.parametrize(
    "data",
    [
        FEED,
        b"\xef\xbb\xbf  \n" + FEED,
        gzip.compress(FEED),
        zipped(("usage.xml", FEED)),
        zipped(("usage.xml", FEED), method=zipfile.ZIP_STORED),
        zipped(("Usage/2026/USAGE.XML", FEED), ("readme.txt", b"Hello"), ("Usage/", b"")),
        zipped(("usage.xml", FEED), ("__MACOSX/._usage.xml", b"shadow")),
        zipped(("../../../../tmp/usage.xml", FEED)),
    ],
    ids=["plain", "with a mark", "gz", "zip", "stored", "with more", "from a Mac", "with a path"],
)
def test_the_document_comes_out(data: bytes) -> None:
    assert whole(data).endswith(FEED)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"  \n\t ", "empty"),
        (b"\0\0\0\0", "empty"),
        (b"%PDF-1.7 ...", "a PDF"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"\n<HTML lang=en>", "a web page"),
        (b'{"readings": []}', "JSON"),
        (b"Rar!\x1a\x07", "a .rar file"),
        (b"7z\xbc\xaf\x27\x1c\0", "a .7z file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "spreadsheet"),
        (b"DATE,USAGE,UNITS\n2026-01-01,1.2,kWh\n", "no XML"),
        (zipped(), "no .xml file"),
        (zipped(("usage.csv", b"1,2")), "no .xml file"),
        (zipped(("a.xml", FEED), ("b.xml", FEED)), "2 .xml files"),
        (zipped(("usage.xml", FEED), method=zipfile.ZIP_BZIP2), "an unusual way"),
        (zipped(("usage.xml", FEED), method=zipfile.ZIP_LZMA), "an unusual way"),
        (zipped(("usage.xml", FEED))[:-30], "damaged or was cut off"),
        (gzip.compress(FEED)[:-30], "damaged or was cut off"),
        (b"PK\x03\x04 and then nothing of the kind", "damaged or was cut off"),
        (b"\x1f\x8b and then nothing of the kind", "damaged or was cut off"),
    ],
    # Packed data differs from one process to the next, since it holds the time.
    ids=lambda value: value if isinstance(value, str) else "file",
)
def test_what_holds_no_document_is_refused_in_words(data: bytes, says: str) -> None:
    assert says in refused(data)


def test_a_locked_zip_file_is_refused() -> None:
    data = bytearray(zipped(("usage.xml", FEED)))
    listed = data.rindex(b"PK\x01\x02")
    data[listed + 8] |= 1
    assert "locked with a password" in refused(bytes(data))


def test_a_document_that_was_changed_inside_is_refused() -> None:
    data = bytearray(zipped(("usage.xml", FEED), method=zipfile.ZIP_STORED))
    data[500] ^= 0xFF
    assert "damaged" in refused(bytes(data))


def test_a_bomb_is_stopped_where_the_reader_says() -> None:
    for bomb in (
        zipped(("usage.xml", b"<feed>" + b" " * 50 * MEGABYTE)),
        gzip.compress(b"<feed>" + b" " * 50 * MEGABYTE),
    ):
        assert len(bomb) < MEGABYTE
        with unpacked(io.BytesIO(bomb)) as document, pytest.raises(EspiError, match="larger than"):
            list(read_feed(document, max_bytes=MEGABYTE))


def test_a_list_of_very_many_files_is_not_read() -> None:
    data = zipped(*((f"{number:0200}.txt", b"") for number in range(1_200)))
    assert "too much in this .zip file" in refused(data)


class Watched(io.BytesIO):
    """A file that knows how much was asked of it at once."""

    most = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.most = max(self.most, len(data))
        return data


def test_little_is_held_however_large_the_file_is() -> None:
    large = b"<feed>" + bytes(range(32, 127)) * 50_000
    for data in (zipped(("a.xml", large)), zipped(("a.xml", large), method=zipfile.ZIP_STORED)):
        file = Watched(data)
        with unpacked(file) as document:
            assert len(document.read(1000)) == 1000
        assert file.most <= unpack.LIST_BYTES


def test_what_goes_wrong_outside_is_not_taken_for_a_broken_file() -> None:
    def opened(data: bytes) -> None:
        with unpacked(io.BytesIO(data)):
            raise ValueError("somebody else's")

    for data in (FEED, zipped(("usage.xml", FEED)), gzip.compress(FEED)):
        with pytest.raises(ValueError, match="somebody else's"):
            opened(data)


def test_a_file_is_read_from_its_beginning_wherever_it_stands() -> None:
    file: IO[bytes] = io.BytesIO(zipped(("usage.xml", FEED)))
    file.seek(7)
    for _ in range(2):
        with unpacked(file) as document:  # type: ignore[arg-type]  # BytesIO is a BinaryIO to all but mypy
            assert document.read(6) == FEED[:6]
