"""Limits when what counts them is not there."""

from __future__ import annotations

import logging

import pytest
from django.test import override_settings

from authorizations import guards
from utilities.limiter import limiter


def test_without_redis_everybody_is_served_and_the_log_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    limiter.cache_clear()
    try:
        with override_settings(REDIS_URL="redis://127.0.0.1:1/0"), caplog.at_level(logging.WARNING):
            assert guards.allow_connect("a-browser", "an-address")
    finally:
        limiter.cache_clear()
    assert "Redis does not answer" in caplog.text
    assert "a-browser" not in caplog.text
