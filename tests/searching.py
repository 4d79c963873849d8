"""Looks for words wherever a portal could have kept them, in whatever spelling.

Every column of every table, decrypted where a key of the installation opens it; every key and value
in Redis; every file of a folder, and those in it that this process holds open without a name.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import redis
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import connection
from psycopg import sql

from utilities.encrypted import WrongKeyError, decrypt

FERNET = re.compile(rb"gAAAA[A-Za-z0-9_=-]{60,}")
BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{40,}={0,2}")
# What is written in the beginning of gzip's and zlib's streams.
PACKED = (b"\x1f\x8b", b"\x78\x9c", b"\x78\xda", b"\x78\x01")
LONGEST_FILE = 2**26


def places_of(
    words: Iterable[str], *folders: Path, keys: Iterable[str] = ()
) -> dict[str, set[str]]:
    """Where each of the words was found; those that were found nowhere are left out.

    `keys` are Fernet keys beside those of the installation, as of raw feeds.
    """
    spelt = {word: spellings(word) for word in words}
    opened = [Fernet(key) for key in keys]
    found: dict[str, set[str]] = {}
    for place, kept in everything(folders):
        hay = b"\n".join(layers(kept, opened)).lower()
        for word, spelling in spelt.items():
            if any(one in hay for one in spelling):
                found.setdefault(word, set()).add(place)
    return found


def spellings(word: str) -> set[bytes]:
    """The word as forms, addresses, JSON, XML and base64 spell it, in lower case."""
    plain = word.encode()
    spelt = {
        plain,
        quote(word, safe="").encode(),
        quote_plus(word).encode(),
        json.dumps(word)[1:-1].encode(),
        escape(word).encode(),
        binascii.hexlify(plain),
    }
    if len(plain) >= 8:
        spelt |= set(inside_base64(plain))
    return {one.lower() for one in spelt}


def inside_base64(plain: bytes) -> Iterator[bytes]:
    """What base64 of any text has in it that has this in it, at each of the three alignments."""
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + plain)
        begin = (0, 2, 3)[shift]
        inner = whole[begin : len(whole) - 4]
        yield inner
        yield inner.translate(bytes.maketrans(b"+/", b"-_"))


def layers(kept: bytes, keys: list[Fernet]) -> Iterator[bytes]:
    """What is kept, and what it is when it is decrypted, decoded or unpacked."""
    yield kept
    for token in FERNET.findall(kept):
        with suppress(WrongKeyError):
            yield from unpacked(decrypt(token))
    for key in keys:
        for token in (kept, base64.urlsafe_b64encode(kept)):
            with suppress(InvalidToken):
                yield from unpacked(key.decrypt(token))
    for encoded in BASE64.findall(kept):
        yield from unpacked(decoded(encoded))


def decoded(encoded: bytes) -> bytes:
    plain = encoded.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    try:
        return base64.b64decode(plain + b"=" * (-len(plain) % 4))
    except binascii.Error:
        return b""


def unpacked(packed: bytes) -> Iterator[bytes]:
    yield packed
    if packed.startswith(PACKED):
        with suppress(zlib.error):
            yield zlib.decompressobj(32 + zlib.MAX_WBITS).decompress(packed)


def everything(folders: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    """Each place by its name, and what it holds."""
    yield from in_the_database()
    yield from in_redis()
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and path.stat().st_size < LONGEST_FILE:
                yield f"file {path.name}", path.name.encode() + path.read_bytes()
        yield from in_nameless_files(folder)


def in_the_database() -> Iterator[tuple[str, bytes]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'm') "
            "AND (relnamespace = 'public'::regnamespace OR pg_my_temp_schema() = relnamespace)"
        )
        tables = [name for (name,) in cursor.fetchall()]
        for table in tables:
            cursor.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))
            columns = [column.name for column in cursor.description]
            for row in cursor:
                for column, value in zip(columns, row, strict=True):
                    if value is not None:
                        yield f"{table}.{column}", as_bytes(value)


def as_bytes(value: object) -> bytes:
    if isinstance(value, bytes | memoryview):
        return bytes(value)
    if isinstance(value, dict | list):
        return json.dumps(value, default=str, ensure_ascii=False).encode()
    return str(value).encode()


def in_redis() -> Iterator[tuple[str, bytes]]:
    # Its types say that each answer may have to be awaited, which is so for another class.
    server: Any = redis.Redis.from_url(settings.REDIS_URL)
    with server:
        for key in server.scan_iter("*"):
            for value in (key, *values_in_redis(server, key)):
                yield f"redis {key.decode(errors='replace')}", value


def values_in_redis(server: Any, key: bytes) -> list[bytes]:
    kind = server.type(key)
    if kind == b"string":
        return [server.get(key) or b""]
    if kind == b"list":
        return list(server.lrange(key, 0, -1))
    if kind == b"set":
        return list(server.smembers(key))
    if kind == b"zset":
        return list(server.zrange(key, 0, -1))
    if kind == b"hash":
        return [part for pair in server.hgetall(key).items() for part in pair]
    assert kind == b"none", kind  # it went meanwhile
    return []


def in_nameless_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Spooled files have no name; whoever holds them open can read them."""
    for link in Path("/proc/self/fd").glob("*"):
        try:
            target = os.readlink(link)  # noqa: PTH115 (Path would follow it)
            if "(deleted)" in target and target.startswith(f"{folder}/"):
                with link.open("rb") as file:
                    yield f"open file {target}", file.read(LONGEST_FILE)
        except OSError:
            continue
