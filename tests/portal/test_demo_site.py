import pytest
from django.test import Client as Browser

from tests import cast

pytestmark = pytest.mark.django_db


def test_a_link_of_the_sandbox_leads_on_to_its_utility(client: Browser) -> None:
    utility = cast.make_utility(slug="puc")
    answer = client.get(f"/demo/?utility={utility.utility_id}&client_id=SSMPUC_ccccccccc")
    assert answer.status_code == 200
    assert 'href="/connect/puc/"' in answer.content.decode()


@pytest.mark.parametrize("query", ["", "?utility=NOBODY", "?utility=%00", "?utility=<script>"])
def test_without_a_utility_that_we_know_one_chooses(client: Browser, query: str) -> None:
    cast.make_utility(slug="puc")
    html = client.get(f"/demo/{query}").content.decode()
    assert "Choose the utility" in html
    assert "<script>" not in html


def test_without_any_utility_it_says_so(client: Browser) -> None:
    assert "No utility can be connected yet" in client.get("/demo/").content.decode()


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("?code=a-secret-code&state=s", "The utility said yes"),
        ("?error=access_denied&state=s", "Nothing was shared"),
        ("?error=access_denied&code=a-secret-code", "Nothing was shared"),
        ("", "Nothing came back"),
    ],
)
def test_who_comes_back_is_told_what_came(client: Browser, query: str, says: str) -> None:
    answer = client.get(f"/demo/callback/{query}")
    assert answer.status_code == 200
    assert says in answer.content.decode()
    assert "a-secret-code" not in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("address", ["/demo/", "/demo/callback/"])
def test_nothing_is_posted_to_it(client: Browser, address: str) -> None:
    assert client.post(address).status_code == 405
