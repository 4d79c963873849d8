"""The three who play, and what they use."""

from __future__ import annotations

from typing import Any

import pytest

from tests import cast
from tests.at_the_sandbox import (  # noqa: F401 (fixtures)
    at_utility,
    demo_utility,
    registered,
    svce,
)
from tests.cast import Person
from tests.lying_utility import LyingUtility
from utilities.models import Utility


@pytest.fixture
def utility(db: None, lying: LyingUtility) -> Utility:
    return cast.make_utility(lying.url)


@pytest.fixture
def ada() -> Person:
    return cast.ada()


@pytest.fixture
def ben() -> Person:
    return cast.ben()


@pytest.fixture
def cy() -> Person:
    return cast.cy()


@pytest.fixture
def granted(lying: LyingUtility) -> dict[str, Any]:
    """A good answer of the token endpoint."""
    return {
        "token_type": "Bearer",
        "access_token": "the-access-token",
        "refresh_token": "the-refresh-token",
        "expires_in": 3600,
        "scope": "FB=4_16;AdditionalScope=auth-phone-1111111111",
        "resourceURI": f"{lying.url}/resource/Batch/Subscription/1",
        "authorizationURI": f"{lying.url}/resource/Authorization/1",
    }
