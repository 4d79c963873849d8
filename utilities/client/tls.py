"""Whom a connection trusts, and with which certificate of ours it is made."""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache

import httpx
from django.conf import settings


def context(certificate: str = "", key: str = "") -> ssl.SSLContext:
    """The public certificate authorities, and our client certificate (PEM) if one is given.

    Raises ssl.SSLError where certificate and key cannot be used.
    """
    return _with_certificate(certificate, key) if certificate else _public()


@cache
def _public() -> ssl.SSLContext:
    """Read once: reading the authorities takes longer than a request."""
    return _fresh()


@lru_cache(maxsize=32)
def _with_certificate(certificate: str, key: str) -> ssl.SSLContext:
    made = _fresh()
    with _as_file(f"{key.strip()}\n{certificate.strip()}\n".encode()) as path:
        made.load_cert_chain(path)
    return made


def _fresh() -> ssl.SSLContext:
    made = httpx.create_ssl_context(trust_env=False)
    if settings.EXTRA_CA_FILE:
        made.load_verify_locations(cafile=settings.EXTRA_CA_FILE)
    return made


@contextmanager
def _as_file(content: bytes) -> Iterator[str]:
    """A path for as long as OpenSSL reads it, which takes nothing else; no disk ever has it."""
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("client-certificate", os.MFD_CLOEXEC)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            yield f"/proc/self/fd/{handle}"
        return
    # Not on Linux: a file that only we may read, for a moment.
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        yield file.name
