"""What the demo sends, kept in a folder besides being printed.

The rehearsal plays the customer's side too, and reads there the passcode that a customer would read
in their mail. The settings name the folder (`OUTBOX_DIR`) and refuse it anywhere but in a demo.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends import console

from utilities.sandbox.authenticating.text_messages import write_to_log

# Nobody reads older ones.
KEPT = 50


class EmailBackend(console.EmailBackend):
    """Prints an e-mail and keeps it."""

    def write_message(self, message: EmailMessage) -> None:
        """Called for each message that is sent."""
        super().write_message(message)
        for recipient in message.recipients():
            keep(recipient, str(message.body))


def send_text_message(number: str, text: str) -> None:
    """A backend for text messages that logs and keeps them."""
    write_to_log(number, text)
    keep(number, text)


def keep(to: str, text: str) -> None:
    """One message as a file of its own, which appears whole or not at all; drop the oldest."""
    folder = Path(settings.OUTBOX_DIR)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = f"{time.time_ns():020}-{secrets.token_hex(4)}"
    draft = folder / f"{name}.new"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"to": to, "text": text}, file)
    draft.rename(folder / f"{name}.json")
    for old in sorted(folder.glob("*.json"))[:-KEPT]:
        old.unlink(missing_ok=True)
