"""Code injection (RFC 9700 §4.5): a stolen code is put into the attacker's own callback.

The attacker's state is good, so only the utility can tell: by PKCE, by the client that the code is
for, and by its being used once.
"""

from __future__ import annotations

import httpx
import pytest

from authorizations.models import Authorization, ConnectAttempt
from tests.at_the_sandbox import decide
from tests.cast import Person
from utilities.models import Utility


def test_adas_code_in_bens_callback_gives_ben_nothing(
    svce: Utility, at_utility: httpx.Client, ada: Person, ben: Person
) -> None:
    assert svce.behaviour.takes_pkce
    hers = decide(at_utility, svce, ada, "allow")
    state = ben.begins(svce)
    answer = ben.comes_back(svce, **(hers | {"state": [state]}))
    assert answer.status_code == 502
    assert not Authorization.objects.exists()
    assert "invalid_grant" not in answer.content.decode()


def test_a_stolen_code_that_was_tried_is_of_no_use_to_its_owner_either(
    svce: Utility, at_utility: httpx.Client, ada: Person, ben: Person
) -> None:
    """Else the thief would have the owner's tokens confirmed by the owner."""
    hers = decide(at_utility, svce, ada, "allow")
    ben.comes_back(svce, **(hers | {"state": [ben.begins(svce)]}))
    answer = ada.comes_back(svce, **hers)
    if answer.status_code == 302:
        # The utility let the true owner have it: then it is hers, and Ben sees nothing.
        assert not ben.sees(Authorization.objects.get())
    else:
        assert answer.status_code == 502
        assert not Authorization.objects.exists()


@pytest.mark.spec("RFC 7636", "4.6")
def test_the_verifier_of_one_way_is_not_sent_with_the_code_of_another(
    svce: Utility, at_utility: httpx.Client, ada: Person
) -> None:
    """Also within one browser: two tabs do not mix."""
    first = decide(at_utility, svce, ada, "allow")
    other = ada.begins(svce)
    assert ada.comes_back(svce, **(first | {"state": [other]})).status_code == 502
    assert not Authorization.objects.exists()


def test_verifiers_are_random_and_encrypted(svce: Utility, ada: Person) -> None:
    for _ in range(3):
        ada.begins(svce)
    verifiers = {attempt.pkce_verifier for attempt in ConnectAttempt.objects.all()}
    assert len(verifiers) == 3
    assert all(len(verifier) >= 43 for verifier in verifiers)


@pytest.mark.parametrize(
    "code", ["../token", "a b", "%00", "<script>", "a&grant_type=client_credentials", "'; DROP"]
)
def test_a_code_is_a_value_and_no_part_of_the_request(
    svce: Utility, ada: Person, code: str
) -> None:
    answer = ada.comes_back(svce, state=ada.begins(svce), code=code, iss=svce.issuer)
    assert answer.status_code in {400, 502}
    assert code not in answer.content.decode()
    assert not Authorization.objects.exists()
