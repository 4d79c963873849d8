"""The documents that a company reads: what the customer shares, as ESPI entries.

`usage_entries` and `customer_entries` are asked for a branch of the tree of resources, and work out
nothing else; how the entries are written is in `writing`.
"""

from utilities.sandbox.documents.authorizations import authorization_entries, authorization_entry
from utilities.sandbox.documents.customers import customer_entries
from utilities.sandbox.documents.sharing import entry_id
from utilities.sandbox.documents.usage import usage_entries
from utilities.sandbox.documents.writing import write_entry, write_feed

__all__ = [
    "authorization_entries",
    "authorization_entry",
    "customer_entries",
    "entry_id",
    "usage_entries",
    "write_entry",
    "write_feed",
]
