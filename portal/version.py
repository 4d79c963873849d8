"""The version is the newest entry of CHANGELOG.md."""

import re
from pathlib import Path

CHANGELOG = Path(__file__).resolve().parent.parent / "CHANGELOG.md"


def current() -> str:
    """The newest version that the changelog names; "0+unknown" where it was not installed."""
    if not CHANGELOG.exists():
        return "0+unknown"
    heading = re.search(r"^## (\S+)", CHANGELOG.read_text(encoding="utf-8"), re.MULTILINE)
    return heading[1] if heading else "0+unknown"


VERSION = current()
