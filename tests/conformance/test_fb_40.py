"""FB_40: authorization without the pages."""

from __future__ import annotations

import pytest

from greenbutton.espi.authorization import Authorization
from greenbutton.espi.enums import AuthorizationStatus
from tests.conformance.reading import entries, only
from tests.conformance.target import Target


@pytest.mark.conformance("FB_40", "OFA001")
def test_ofa001(target: Target) -> None:
    """A consent that was given offline works like one that was given in a browser."""
    answer = target.consent()
    found = only(target.get(answer["authorizationURI"], target.client_token), Authorization)
    assert found.status == AuthorizationStatus.ACTIVE
    assert found.scope == answer["scope"]
    assert found.resource_uri == answer["resourceURI"]
    assert entries(target.get(answer["resourceURI"], answer["access_token"]))
    new = target.refresh(answer["refresh_token"]).json()
    assert target.get(new["resourceURI"], new["access_token"]).status_code == 200
