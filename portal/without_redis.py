"""What visitors are told while Redis does not answer."""

import logging
from collections.abc import Callable

import redis
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from authorizations.guards import RETRY_AFTER_SECONDS, CannotCountError

logger = logging.getLogger(__name__)


class PoliteWithoutRedis:
    """Where a limit cannot be counted, ours or allauth's, say so calmly: nothing was done.

    Pages that need no limit never ask Redis, and open as always.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        """A page that says when to come back, for these errors only."""
        if not isinstance(exception, CannotCountError | redis.RedisError):
            return None
        logger.error("%s is put off: Redis does not answer", request.path)
        page = render(request, "503.html", status=503)
        page.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return page
