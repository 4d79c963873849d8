"""What the logs leave out."""

import logging
import re

# A share link's code, the keys of a forgotten password and of an address to be proved, and where a
# visit of the demo site is told.
SECRET_IN_PATH = re.compile(r"(/share/|/password/reset/key/|/confirm-email/|/demo/notify/)[^/\s]+")


class DiscreetFormatter(logging.Formatter):
    """Leaves out what opens something and is part of an address.

    Django logs the path of every request that it refuses.
    """

    def format(self, record: logging.LogRecord) -> str:
        return SECRET_IN_PATH.sub(r"\1…", super().format(record))
