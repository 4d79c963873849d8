"""Addresses of resources that somebody names: as keys to look up, and as what may be shown of them.

An address is never taken apart to find out whose it is. It is compared as a whole with those that a
custodian gave, and so is each address above it.
"""

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

# What a column holds of an address; a longer one is nobody's.
MAX_LENGTH = 500
# The deepest that ESPI has, ServiceLocation/{id}/EndDevice/{id}, lies 14 below the base.
MAX_SEGMENTS = 24
DEFAULT_PORTS = {"http": 80, "https": 443}

# The collections of ESPI's resource tree; whatever else stands in a path may name somebody.
COLLECTIONS = frozenset(
    (
        *("ApplicationInformation", "Authorization", "Batch", "Bulk", "ReadServiceStatus"),
        *("Subscription", "UsagePoint", "MeterReading", "IntervalBlock", "ReadingType"),
        *("UsageSummary", "ElectricPowerUsageSummary", "ElectricPowerQualitySummary"),
        *("LocalTimeParameters", "RetailCustomer", "Customer", "CustomerAccount", "Statement"),
        *("CustomerAgreement", "ServiceLocation", "ServiceSupplier", "EndDevice", "Meter"),
        *("ProgramDateIdMappings",),
    )
)
ELSEWHERE = "an address that cannot be read"

_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]{1,100}")
# The whole tree of an authorization lies below Batch, its single resources do not.
_SINGLE = re.compile(r"(?<!/Batch)/(?=(?:Subscription|RetailCustomer|Bulk)/)")


def keys(uri: str) -> tuple[str, ...]:
    """What an address may be known by: itself without query, and each address above it.

    The nearest comes first. A single resource lies above `Batch`, where its authorization is
    known, so each is there in that spelling, too. Empty for what is no web address, or too long.
    """
    bare = _bare(uri)
    if bare is None:
        return ()
    start = f"{bare.scheme}://{bare.netloc}"
    found = {f"{start}{path}": None for path in _upwards(bare.path)}
    found |= {f"{start}{path}": None for path in _upwards(_SINGLE.sub("/Batch/", bare.path, 1))}
    return tuple(key for key in found if len(key) <= MAX_LENGTH)


def place(uri: str) -> str:
    """An address as it may be kept and shown: its host, and which collections it is in."""
    try:
        parts = urlsplit(uri.strip())
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return ELSEWHERE
    if not parts.scheme or not _HOST.fullmatch(host):
        return ELSEWHERE
    return f"{parts.scheme[:10]}://{host}/{'/'.join(_shown(parts.path.split('/')[1:]))}"


def _bare(uri: str) -> SplitResult | None:
    """An http(s) address with its host spelt one way, without query and fragment."""
    try:
        parts = urlsplit(uri.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or not host or "@" in parts.netloc:
        return None
    if len(parts.path) > MAX_LENGTH or parts.path.count("/") > MAX_SEGMENTS:
        return None
    host = f"[{host}]" if ":" in host else host
    netloc = host if port in {None, DEFAULT_PORTS[parts.scheme]} else f"{host}:{port}"
    return parts._replace(netloc=netloc, query="", fragment="")


def _upwards(path: str) -> Iterable[str]:
    """A path as it is, and each above it; none ends in a slash but the first."""
    if path.endswith("/"):
        yield path
        path = path.rstrip("/")
    while path:
        yield path
        path = path.rpartition("/")[0]


def _shown(segments: list[str]) -> Iterable[str]:
    """The collections by name, and one dot for whatever stands between them."""
    hidden = False
    for segment in segments[: MAX_SEGMENTS + 1]:
        if segment in COLLECTIONS:
            yield segment
        elif not hidden and segment:
            yield "…"
        hidden = segment not in COLLECTIONS and bool(segment)
