"""Who asks for a check, and the sandbox's registrations."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from tests.at_the_sandbox import registered  # noqa: F401 (a fixture)


@pytest.fixture
def boss(db: None) -> User:
    return User.objects.create(username="boss")
