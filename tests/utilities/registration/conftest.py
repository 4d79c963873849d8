"""A registration at a utility that answers as told."""

from __future__ import annotations

from typing import Any, Protocol

import pytest
from django.contrib.auth.models import User

from tests import cast
from tests.at_the_sandbox import registered  # noqa: F401 (a fixture)
from tests.lying_utility import LyingUtility
from tests.utilities.registration import documents
from utilities.models import Client

COLLECTION = "/resource/ApplicationInformation"


class Says(Protocol):
    def __call__(self, **changes: Any) -> None: ...


@pytest.fixture
def client(db: None, lying: LyingUtility) -> Client:
    row = cast.make_utility(lying.url).clients.get()
    row.registration_token = "the-registration-token"
    row.save()
    return row


@pytest.fixture
def boss(db: None) -> User:
    return User.objects.create(username="boss")


@pytest.fixture
def says(client: Client, lying: LyingUtility) -> Says:
    """Have the utility say this of the client from now on, wherever it is asked."""

    def say(**changes: Any) -> None:
        entry = documents.entry_of(client, **changes)
        own = f"{COLLECTION}/abc_{client.client_id}"
        for path in (COLLECTION, own):
            lying.forget(path)
        lying.answer(COLLECTION, body=documents.collection(entry))
        lying.answer(own, body=documents.document(client, **changes))

    return say
