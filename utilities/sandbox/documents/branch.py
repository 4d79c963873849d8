"""Which part of a tree of resources an address means."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Branch:
    """What lies at an address or below it, so many levels of entries deep; None is all of them.

    The address is that of an entry, or of a collection, whose entries are then the first level.
    With `companions`, what is needed to understand the entries comes along: their reading types
    and local time, which hang elsewhere.
    """

    href: str
    levels: int | None = None
    companions: bool = False

    def holds(self, entry: str) -> bool:
        """Whether the entry at this address belongs to it."""
        if entry != self.href and not entry.startswith(f"{self.href}/"):
            return False
        # Names and numbers take turns: UsagePoint/1/MeterReading/2 is one level below UsagePoint/1.
        return self.levels is None or entry.count("/", len(self.href)) // 2 < self.levels

    def reaches(self, entry: str) -> bool:
        """Whether the entry, or anything below it, belongs to it: if not, it need not be made."""
        return self.href.startswith(f"{entry}/") or self.holds(entry)

    def enters(self, collection: str) -> bool:
        """Whether any entry of the collection does, or anything below one."""
        return self.href.startswith(f"{collection}/") or self.holds(f"{collection}/")
