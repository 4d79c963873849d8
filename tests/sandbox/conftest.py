"""Every test of the sandbox meets it seeded, as `make sandbox` would leave it."""

import secrets
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import DjangoDbBlocker

from tests.sandbox.phone import received
from tests.sandbox.walk import Company, Walk
from utilities.sandbox import rate_limits


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    with django_db_blocker.unblock():
        call_command("sandbox_seed", verbosity=0)


@pytest.fixture(autouse=True)
def rolled_back(db: None) -> None:
    """Each test in a transaction of its own."""


@pytest.fixture(autouse=True)
def counted_anew(settings: Any) -> None:
    """Limits count from nothing in each test: Redis is not rolled back."""
    settings.REDIS_PREFIX += f"{secrets.token_hex(4)}-"
    rate_limits._limiter.cache_clear()


@pytest.fixture
def puc() -> Company:
    return Company.public("ssmpuc")


@pytest.fixture
def svce() -> Company:
    return Company.public("svce")


@pytest.fixture
def phone(settings: Any) -> list[tuple[str, str]]:
    """Text messages as they arrive: number and text."""
    settings.SMS_BACKEND = "tests.sandbox.phone.receive"
    received.clear()
    return received


@pytest.fixture
def demo() -> Company:
    return Company.public("demo")


@pytest.fixture
def walk(puc: Company) -> Walk:
    """A customer of PUC Distribution, just come from the public client's link."""
    return Walk(puc)
