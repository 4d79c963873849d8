"""Raw feeds: kept as they came, compressed, and encrypted with their authorization's own key.

A database row may hold a gigabyte, but whoever reads or writes it holds it too; hence the parts.
"""

from __future__ import annotations

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from cryptography.fernet import Fernet
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from authorizations.models import Authorization
from greenbutton.ingest.windows import Window
from greenbutton.models import Pull, RawFeed, RawFeedPart

# Bytes after compression.
PART_BYTES = 4 * 2**20
CHUNK_BYTES = 2**18
# What stays in memory of a feed; anything larger goes to a temporary file.
SPOOL_BYTES = 8 * 2**20
# zlib's way to say that it should write gzip's header and checksum.
GZIP = 16 + zlib.MAX_WBITS
# Feeds; the rest goes in the next hour.
FORGOTTEN_AT_ONCE = 5_000


def spool() -> BinaryIO:
    """A file for a feed that comes or goes."""
    return cast(BinaryIO, SpooledTemporaryFile(max_size=SPOOL_BYTES))


class _NotKept(Exception):  # noqa: N818 (undoes a transaction, and goes no further)
    pass


def keep(pull: Pull, file: BinaryIO, window: Window | None = None) -> RawFeed | None:
    """Keep the file, from its beginning, as what came in this window; a customer's has none.

    None, and nothing is kept, once one of the authorization's meters is no longer shared: the file
    may hold that one, too.
    """
    if not pull.authorization.keeps_raw_feeds():
        return None
    with suppress(_NotKept), transaction.atomic():
        raw_feed = _keep(pull, file, window)
        # Asked last, under the lock: a meter may have been stopped while the file was written, and
        # what deleted the feeds before has not seen this one.
        rows = Authorization.objects.select_for_update(of=("self",), no_key=True)
        row = rows.only("meters_stopped").filter(pk=pull.authorization_id).first()
        if row is None or not row.keeps_raw_feeds():
            raise _NotKept
        return raw_feed
    return None


def forget_old() -> int:
    """Delete what was kept longer ago than RAW_FEEDS_KEPT_FOR_DAYS; returns how many feeds.

    Each pull of what is new keeps its overlap once more, so it grows without end. The oldest go
    first, the first history with them: read again without all that came after it, it would bring
    old values back. What a worker has yet to read, or reads again, stays until then.
    """
    old = RawFeed.objects.filter(
        received__lte=timezone.now() - timedelta(days=settings.RAW_FEEDS_KEPT_FOR_DAYS)
    )
    at_it = Pull.objects.filter(
        source__in=[Pull.Source.UPLOAD, Pull.Source.REPLAY], state=Pull.State.RUNNING
    )
    spare = old.exclude(pull__authorization__in=at_it.values("authorization"))
    keys = list(spare.order_by("pk").values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE])
    # From the leaves up, so that nothing cascades row by row.
    RawFeedPart.objects.filter(raw_feed__in=keys).delete()
    return RawFeed.objects.filter(pk__in=keys).delete()[0]


def _keep(pull: Pull, file: BinaryIO, window: Window | None) -> RawFeed:
    file.seek(0)
    digest = _Digest()
    start, end = window or (None, None)
    with transaction.atomic():
        raw_feed = RawFeed.objects.create(pull=pull, window_start=start, window_end=end, size=0)
        key = Fernet(pull.authorization.feed_key)
        for number, part in enumerate(_compressed(file, digest)):
            body = urlsafe_b64decode(key.encrypt(part))
            RawFeedPart.objects.create(raw_feed=raw_feed, number=number, body=body)
        raw_feed.size, raw_feed.sha256 = digest.size, digest.sha256.hexdigest()
        raw_feed.save(update_fields=["size", "sha256"])
    return raw_feed


def open_raw(raw_feed: RawFeed) -> BinaryIO:
    """The feed as it came, to be read from its beginning; the caller closes it.

    Raises `cryptography.fernet.InvalidToken` or ValueError when its key was destroyed.
    """
    key = Fernet(raw_feed.pull.authorization.feed_key)
    decompressor = zlib.decompressobj(GZIP)
    file = spool()
    for body in raw_feed.parts.values_list("body", flat=True).iterator(chunk_size=1):
        packed = key.decrypt(urlsafe_b64encode(bytes(body)))
        # A piece at a time: a part may unpack to a thousand times its size.
        while packed:
            file.write(decompressor.decompress(packed, CHUNK_BYTES))
            packed = decompressor.unconsumed_tail
    file.write(decompressor.flush())
    file.seek(0)
    return file


class _Digest:
    def __init__(self) -> None:
        self.size = 0
        self.sha256 = sha256()

    def add(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self.sha256.update(chunk)


def _compressed(file: BinaryIO, digest: _Digest) -> Iterator[bytes]:
    compressor = zlib.compressobj(level=6, wbits=GZIP)
    waiting = bytearray()
    while chunk := file.read(CHUNK_BYTES):
        digest.add(chunk)
        waiting += compressor.compress(chunk)
        if len(waiting) >= PART_BYTES:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting) + compressor.flush()
