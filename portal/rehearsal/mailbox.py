"""A phone number or e-mail address of the rehearsal's own, and what arrives there.

The demo's sandbox keeps what it sends in a folder (`OUTBOX_DIR`, which no other sandbox may have):
the rehearsal can neither answer a telephone nor receive mail.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from django.conf import settings

from portal.stack import OUTBOX

PASSCODE = re.compile(r"\b\d{6}\b")


@dataclass(frozen=True)
class Mailbox:
    """A contact that nobody else has, so that rows that are played at once never meet."""

    contact: str
    # As the utility addresses it.
    address: str

    PATIENCE_SECONDS: ClassVar[int] = 15

    @classmethod
    def new(cls, kind: str) -> Mailbox:
        """A phone number for the way `phone`, an e-mail address for all others."""
        if kind == "phone":
            # North America's numbers for fiction, 555-0100 to 0199, in some area.
            area, line = 201 + secrets.randbelow(799), secrets.randbelow(100)
            return cls(f"{area}-555-01{line:02}", f"+1{area}55501{line:02}")
        name = f"rehearsal-{secrets.token_hex(6)}@example.com"
        return cls(name, name)

    def messages(self) -> list[str]:
        """The texts that arrived, the oldest first."""
        texts = []
        for file in sorted((settings.VAR_DIR / OUTBOX).glob("*.json")):
            # The sandbox keeps the last few only: an older one may go while this looks.
            with suppress(FileNotFoundError):
                message = json.loads(file.read_text(encoding="utf-8"))
                if message["to"] == self.address:
                    texts.append(message["text"])
        return texts

    def wait_for_passcode(self) -> str | None:
        """The passcode of the latest message; None if none arrives in time."""
        patience = time.monotonic() + self.PATIENCE_SECONDS
        while time.monotonic() < patience:
            if messages := self.messages():
                found = PASSCODE.search(messages[-1])
                return found[0] if found else None
            time.sleep(0.1)
        return None
