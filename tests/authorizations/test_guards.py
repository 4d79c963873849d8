"""Limits when what counts them is not there."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import pytest
import redis
from django.conf import settings
from django.test import override_settings

from authorizations import guards
from authorizations.models import digest
from tests.cast import new_address
from utilities.limiter import limiter


@pytest.fixture
def no_redis() -> Iterator[None]:
    limiter.cache_clear()
    with override_settings(REDIS_URL="redis://127.0.0.1:1/0"):
        yield
    limiter.cache_clear()


@pytest.mark.usefixtures("no_redis")
@pytest.mark.parametrize("allowed", [guards.allow_connect, guards.allow_upload, guards.allow_code])
def test_without_redis_nothing_with_a_limit_is_allowed_and_the_log_says_so(
    allowed: Callable[[str, str], bool], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), pytest.raises(guards.CannotCountError):
        allowed("a-browser", "ada@example.org")
    assert "Redis does not answer" in caplog.text
    assert "a-browser" not in caplog.text
    assert "ada@example.org" not in caplog.text


def test_redis_holds_no_address_nor_what_anybody_could_find_it_by() -> None:
    address = new_address("ada")
    assert guards.allow_code("10.9.8.7", address)
    with redis.Redis.from_url(settings.REDIS_URL) as server:
        keys = b" ".join(server.scan_iter()).decode()
    assert "code-email" in keys
    for plain in (address, "10.9.8.7"):
        assert plain not in keys
        assert digest(plain) not in keys
