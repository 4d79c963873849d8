"""The front door, and the answer to "are you well?"."""

import logging

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from authorizations import access

logger = logging.getLogger(__name__)

HEALTH_SECONDS = 2


@require_safe
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """What the company offers, and what the account, or a guest of this browser, has connected."""
    context = {
        "connections": access.authorizations_of(request),
        "account": access.customer_of(request),
        "sandbox_url": settings.SANDBOX_URL if settings.DEMO else "",
    }
    return render(request, "portal/home.html", context)


@require_safe
@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """200 when the database and Redis answer, else 503, each said by name."""
    well = {"database": database_answers(), "redis": redis_answers()}
    return JsonResponse(well, status=200 if all(well.values()) else 503)


def database_answers() -> bool:
    """Whether PostgreSQL answers a query."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        logger.exception("health: the database does not answer")
        return False
    return True


def redis_answers() -> bool:
    """Whether Redis answers in time."""
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=HEALTH_SECONDS,
            socket_connect_timeout=HEALTH_SECONDS,
        ) as server:
            server.ping()
    except redis.RedisError:
        logger.exception("health: Redis does not answer")
        return False
    return True
