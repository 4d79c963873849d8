"""Third parties written with other people's OAuth libraries, against a sandbox over HTTP."""

from __future__ import annotations

import httpx
import pytest
from oauthlib.oauth2 import BackendApplicationClient, InvalidGrantError
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from tests.conftest import SandboxSite
from tests.interop.conftest import Node
from tests.interop.customer import SCOPE, consent

pytestmark = pytest.mark.xdist_group("interop")


def test_oauth4webapi_plays_code_refresh_client_credentials_and_revocation(
    node: Node, sandbox_site: SandboxSite, at_utility: httpx.Client
) -> None:
    registered = sandbox_site.clients["SVCE"]
    company = {
        "issuer": f"{sandbox_site.url}/DataCustodian/svce",
        "client_id": registered["client_id"],
        "client_secret": registered["client_secret"],
        "redirect_uri": registered["redirect_uris"][0],
        "scope": SCOPE,
    }
    begun = node.run("oauth.mjs", "begin", stdin=company)
    callback = consent(at_utility, begun["authorize"])
    told = node.run("oauth.mjs", "finish", stdin={**company, **begun, "callback": callback})
    assert (told["first"], told["older"], told["newer"]) == (200, 401, 200)
    assert (told["list"], told["revoked"]) == (200, 401)
    assert told["iss"] == company["issuer"]
    assert told["scope"].startswith("FB=")
    assert "AdditionalScope" not in told["scope"]


def test_requests_oauthlib_plays_code_refresh_and_client_credentials(
    sandbox_site: SandboxSite, at_utility: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The sandbox is on this machine, without TLS; and it grants less than was asked, as a customer
    # may: this library takes that for an error unless it is told otherwise.
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("OAUTHLIB_RELAX_TOKEN_SCOPE", "1")
    registered = sandbox_site.clients["SVCE"]
    client_id, secret = registered["client_id"], registered["client_secret"]
    basic = HTTPBasicAuth(client_id, secret)
    token_url = registered["token_url"]
    with OAuth2Session(
        client_id, redirect_uri=registered["redirect_uris"][0], scope=SCOPE
    ) as session:
        session.trust_env = False
        address, _ = session.authorization_url(registered["authorize_url"])
        traded = session.fetch_token(
            token_url,
            authorization_response=consent(at_utility, address),
            client_secret=secret,
        )
        assert session.get(traded["resourceURI"]).status_code == 200
        refreshed = session.refresh_token(token_url, auth=basic)
        assert refreshed["access_token"] != traded["access_token"]
        assert session.get(traded["resourceURI"]).status_code == 200
        with pytest.raises(InvalidGrantError):
            session.refresh_token(token_url, refresh_token=traded["refresh_token"], auth=basic)
    with OAuth2Session(client=BackendApplicationClient(client_id=client_id)) as own:
        own.trust_env = False
        own.fetch_token(token_url, auth=basic)
        assert own.get(traded["authorizationURI"]).status_code == 200
        assert own.get(traded["resourceURI"]).status_code == 403
