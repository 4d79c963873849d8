"""The addresses of resources: what hangs on what, and which function block opens it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

Tree = Mapping[str, "Tree"]

# The names of the collections below a subscription, and below a retail customer.
USAGE: Tree = {
    "UsagePoint": {
        "MeterReading": {"IntervalBlock": {}},
        "UsageSummary": {},
        "ElectricPowerQualitySummary": {},
    }
}
CUSTOMER: Tree = {
    "Customer": {
        "CustomerAccount": {
            "CustomerAgreement": {
                "ServiceLocation": {"EndDevice": {}, "Meter": {}},
                "ServiceSupplier": {},
                "ProgramDateIdMappings": {},
            },
        },
        "Statement": {},
    }
}
# What hangs beside them, since several share it.
COMPANIONS: Tree = {"ReadingType": {}, "LocalTimeParameters": {}}
# The function block without which it is closed.
OPENED_BY = {
    "MeterReading": 4,
    "UsageSummary": 16,
    "ElectricPowerQualitySummary": 4,
    "Customer": 51,
}


class NoSuchAddress(LookupError):  # noqa: N818 (what it is)
    """Nothing can be at this address, whatever there is to read."""


@dataclass(frozen=True)
class Address:
    """A collection, or an entry, of one of the trees."""

    href: str
    names: tuple[str, ...]
    is_entry: bool

    @classmethod
    def read(cls, root: str, tree: Tree, below: str) -> Address:
        """The address `below` the root of a tree, as UsagePoint/1. Raises NoSuchAddress."""
        parts = below.split("/")
        names = tuple(parts[::2])
        for name in names:
            if name not in tree:
                raise NoSuchAddress(below)
            tree = tree[name]
        return cls(f"{root}/{below}", names, len(parts) % 2 == 0)

    @property
    def parent(self) -> str | None:
        """The entry that a collection hangs on; None at the top of the tree, and for an entry."""
        if self.is_entry or len(self.names) == 1:
            return None
        return self.href.rpartition("/")[0]

    def is_open(self, function_blocks: Collection[int]) -> bool:
        """Whether a scope with these function blocks opens it."""
        return {OPENED_BY[name] for name in self.names if name in OPENED_BY} <= {*function_blocks}
