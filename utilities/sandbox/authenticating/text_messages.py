"""Text messages. The sandbox has no telephone line: `SMS_BACKEND` names who has.

A backend is a function of a number (E.164) and a text. It returns when the message is handed over,
and raises OSError when it could not be.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

logger = logging.getLogger(__name__)
Backend = Callable[[str, str], None]


def send(number: str, text: str) -> None:
    """Hand the message to the backend of the settings."""
    backend(settings.SMS_BACKEND)(number, text)


def write_to_log(number: str, text: str) -> None:
    """The backend where there is no other. Whoever reads the log does not learn the number."""
    logger.info("Text message to a number that ends in %s: %s", number[-2:], text)


@cache
def backend(path: str) -> Backend:
    """The function at this dotted path; ImportError when there is none."""
    found: Backend = import_string(path)
    return found
