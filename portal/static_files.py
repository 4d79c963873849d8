"""Which files of the folders in STATICFILES_DIRS are served."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.staticfiles.finders import FileSystemFinder

BOKEH = "bokeh"
# What pages load of BokehJS.
BOKEH_SCRIPTS = {"bokeh.min.js"}


class Finder(FileSystemFinder):
    """Django's own, without the parts of BokehJS that no page loads.

    Some of them name source maps that the package does not bring; `collectstatic` stops at these,
    and no installation could be built.
    """

    def find_location(self, root: str, path: str, prefix: str | None = None) -> str | None:
        if prefix == BOKEH and path.removeprefix(f"{BOKEH}/") not in BOKEH_SCRIPTS:
            return None
        return super().find_location(root, path, prefix)

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[Any]:
        for path, storage in super().list(ignore_patterns):
            if storage.prefix != BOKEH or path in BOKEH_SCRIPTS:
                yield path, storage
