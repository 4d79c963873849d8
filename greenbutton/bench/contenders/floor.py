from __future__ import annotations

from lxml import etree

from greenbutton.bench.job import Job, Stopwatch, pieces


class Nobody:
    """A target that asks for no events: without `start`, `end` and `data`, none reach Python."""

    def close(self) -> None:
        """The one thing that lxml asks of a target."""


def run(job: Job, timed: Stopwatch) -> None:
    """Check in C that the document is well-formed, which no reader can do without."""
    with timed:
        parser = etree.XMLParser(
            target=Nobody(),  # type: ignore[arg-type]  # the stubs ask for more than lxml does
            no_network=True,
            huge_tree=False,
        )
        for piece in pieces(job.feed):
            parser.feed(piece)
        parser.close()
