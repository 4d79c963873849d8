"""ESPI, the format of Green Button, read and written: no Django, no network, no clock."""

from greenbutton.espi.entry import Entry
from greenbutton.espi.errors import EspiError, ScopeError
from greenbutton.espi.feed import Feed, read_feed, write_bare, write_entry, write_feed
from greenbutton.espi.findings import Finding

__all__ = [
    "Entry",
    "EspiError",
    "Feed",
    "Finding",
    "ScopeError",
    "read_feed",
    "write_bare",
    "write_entry",
    "write_feed",
]
