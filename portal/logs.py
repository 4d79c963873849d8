"""What the logs leave out."""

import logging
import re

SHARE_CODE = re.compile(r"(/share/)[^/\s]+")


class DiscreetFormatter(logging.Formatter):
    """Leaves out the codes of share links, which open what a customer's link opens.

    Django logs the path of every request that it refuses, and the code is part of the path.
    """

    def format(self, record: logging.LogRecord) -> str:
        return SHARE_CODE.sub(r"\1…", super().format(record))
