"""The authorize address: who is shown a page, and who is sent back with an error."""

from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.test import Client

from tests.sandbox.walk import HOST, Company, Walk, browser
from utilities.sandbox.models import ConsentRequest

BAD_SCOPES = [
    "????",
    "FB=",
    "FB=????",
    "FB=4;FB=16",
    "FB=1_3",
    "FB=4;HistoryLength=lots",
    "FB=4;PreferredAuthEndDate=1000000000",
]


def ask(company: Company, **changes: str | None) -> tuple[int, str, dict[str, str]]:
    """Status, page and redirect parameters of an authorize request; None leaves one out."""
    given: dict[str, str | None] = {
        "response_type": "code",
        "client_id": company.registration.client_id,
        "redirect_uri": company.redirect_uri,
        "scope": "FB=4_16",
        "state": "s-1",
    }
    query = "&".join(
        f"{name}={quote(value, safe='')}"
        for name, value in (given | changes).items()
        if value is not None
    )
    return ask_raw(company, query)


def ask_raw(company: Company, query: str) -> tuple[int, str, dict[str, str]]:
    response = browser().get(f"/DataCustodian/{company.utility}/oauth/authorize?{query}")
    location = response.get("Location", "")
    told = {k: v[0] for k, v in parse_qs(urlsplit(location).query).items()}
    return response.status_code, response.content.decode() or location, told


@pytest.mark.spec("RFC 6749", "4.1.2.1")
@pytest.mark.parametrize("client_id", [None, "", "nobody", "SVCE_ccccccccc", "a\0b"])
def test_an_unknown_client_is_shown_and_never_redirected(
    puc: Company, client_id: str | None
) -> None:
    status, html, told = ask(puc, client_id=client_id)
    assert status == 401
    assert 'data-error="bad_request"' in html
    assert not told


@pytest.mark.spec("RFC 6749", "3.1.2.4")
@pytest.mark.parametrize("change", ["/more", "?x=1", "#there", ""])
def test_a_redirect_uri_that_is_not_registered_letter_by_letter_is_never_followed(
    puc: Company, change: str
) -> None:
    uri = f"{puc.redirect_uri}{change}" if change else "https://evil.example/"
    status, html, told = ask(puc, redirect_uri=uri)
    assert status == 401
    assert "has not registered" in html
    assert "evil" not in html
    assert not told


def test_the_redirect_uri_of_another_company_is_not_followed(puc: Company, svce: Company) -> None:
    assert ask(puc, redirect_uri=svce.redirect_uri)[0] == 401


def test_two_redirect_uris_are_none(puc: Company) -> None:
    uri = quote(puc.redirect_uri, safe="")
    query = f"response_type=code&client_id={puc.registration.client_id}&redirect_uri={uri}"
    assert ask_raw(puc, f"{query}&redirect_uri={uri}")[0] == 401


@pytest.mark.spec("RFC 6749", "4.1.2.1")
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": ""}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"code_challenge": "abc", "code_challenge_method": "S256"}, "invalid_request"),
        ({"code_challenge": "a" * 43, "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "a" * 43}, "invalid_request"),
        ({"code_challenge_method": "S256"}, "invalid_request"),
        *(({"scope": scope}, "invalid_scope") for scope in BAD_SCOPES),
    ],
)
def test_a_mistake_of_the_company_is_told_to_it_with_its_state(
    puc: Company, changes: dict[str, str | None], error: str
) -> None:
    status, location, told = ask(puc, **changes)
    assert status == 302
    assert location.startswith(f"{puc.redirect_uri}?")
    assert told["error"] == error
    assert told["state"] == "s-1"
    assert told["iss"] == puc.registration.programme.issuer
    assert "code" not in told
    assert not ConsentRequest.objects.exists()


@pytest.mark.spec("RFC 6749", "3.1")
@pytest.mark.parametrize("name", ["response_type", "scope", "state", "prompt"])
def test_a_parameter_that_comes_twice_is_refused(puc: Company, name: str) -> None:
    uri = quote(puc.redirect_uri, safe="")
    query = f"response_type=code&client_id={puc.registration.client_id}&redirect_uri={uri}"
    assert ask_raw(puc, f"{query}&{name}=code&{name}=code")[2]["error"] == "invalid_request"


def test_a_mistake_without_a_redirect_uri_is_shown(puc: Company) -> None:
    status, html, told = ask(puc, redirect_uri=None, response_type="token")
    assert status == 400
    assert "response_type must be code" in html
    assert not told


def test_a_state_that_is_too_long_to_keep_is_refused(puc: Company) -> None:
    assert ask(puc, state="x" * 2001)[2]["error"] == "invalid_request"


def test_a_request_without_scope_asks_for_the_clients_default(puc: Company) -> None:
    walk = Walk(puc, scope="")
    walk.sign_in()
    assert walk.inputs("data") == ["4", "16", "51"]


def test_a_request_without_state_is_answered_without_one(puc: Company) -> None:
    walk = Walk(puc, state="")
    walk.sign_in()
    walk.deny()
    assert "state" not in walk.returned()


def test_what_the_redirect_uri_holds_already_stays() -> None:
    company = Company.live("ssmpuc")
    walk = Walk(company)
    walk.sign_in()
    walk.allow()
    told = walk.returned()
    assert told["from"] == "utility"
    assert set(told) == {"from", "code", "state", "iss"}


def test_the_pages_after_the_link_carry_nothing_of_it_in_their_address(svce: Company) -> None:
    walk = Walk(svce, scope="FB=4;AdditionalScope=auth-phone-111-111-1111")
    addresses = [address for address, _ in walk.page.redirect_chain]
    assert addresses
    assert all("?" not in address and "111" not in address for address in addresses)


def test_an_unknown_utility_is_not_found(puc: Company) -> None:
    response = browser().get("/DataCustodian/nowhere/oauth/authorize")
    assert response.status_code == 404
    assert "There is no such page" in response.content.decode()


def test_another_browser_cannot_open_the_customers_pages(walk: Walk) -> None:
    asking = ConsentRequest.objects.get()
    response = browser().get(f"/ssmpuc/share/{asking.uid}/authenticate/")
    assert response.status_code == 404
    assert "no longer open" in response.content.decode()


def test_another_utilitys_pages_do_not_serve_the_request(walk: Walk) -> None:
    asking = ConsentRequest.objects.get()
    assert walk.client.get(f"/svce/share/{asking.uid}/authenticate/").status_code == 404


def test_two_tabs_do_not_disturb_one_another(puc: Company) -> None:
    first = Walk(puc, state="first")
    first.sign_in()
    second = Walk.__new__(Walk)
    second.__dict__ |= {**first.__dict__, "state": "second"}
    second.open()
    second.sign_in()
    first.allow()
    second.deny()
    assert first.returned()["state"] == "first"
    assert second.returned() | {"error_description": ""} == {
        "error": "access_denied",
        "error_description": "",
        "iss": puc.registration.programme.issuer,
        "state": "second",
    }


def begin(company: Company, state: str) -> tuple[int, str]:
    """Ask with a state, written as a browser writes it, and be denied: what comes back."""
    walk = Walk(company, state="")
    query = (
        f"response_type=code&client_id={company.registration.client_id}"
        f"&redirect_uri={quote(company.redirect_uri, safe='')}&state={state}"
    )
    address = f"/DataCustodian/{company.utility}/oauth/authorize?{query}"
    walk.page = walk.client.get(address, follow=True)
    walk.sign_in()
    walk.deny()
    return walk.page.status_code, walk.page["Location"]


@pytest.mark.spec("RFC 6749", "4.1.2.1")
@pytest.mark.parametrize(
    "state", ["", " ", "a b+c", "&error=x#y", '{"a": [1]}', "äß✓🌞", "%00%2B", "x" * 2000]
)
def test_the_state_comes_back_letter_by_letter(puc: Company, state: str) -> None:
    status, location = begin(puc, quote(state, safe=""))
    assert status == 302
    told = parse_qs(urlsplit(location).query, keep_blank_values=True, strict_parsing=True)
    assert told["state"] == [state]
    assert told["error"] == ["access_denied"]


@pytest.mark.parametrize("state", ["%FF", "a%C3", "%ED%A0%80"])
def test_a_state_that_cannot_be_given_back_is_refused(puc: Company, state: str) -> None:
    uri = quote(puc.redirect_uri, safe="")
    query = f"response_type=code&client_id={puc.registration.client_id}&redirect_uri={uri}"
    status, _, told = ask_raw(puc, f"{query}&state={state}")
    assert (status, told["error"]) == (302, "invalid_request")
    assert "state" not in told
    assert not ConsentRequest.objects.exists()


@pytest.mark.spec("RFC 9110", "15.5.2")
def test_an_unknown_client_is_challenged_without_a_password_prompt(puc: Company) -> None:
    response = browser().get("/DataCustodian/ssmpuc/oauth/authorize")
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer ")


@pytest.mark.spec("RFC 6749", "3.1")
def test_an_empty_redirect_uri_counts_as_left_out(puc: Company) -> None:
    status, location, told = ask(puc, redirect_uri="")
    assert status == 302
    assert location.startswith("/ssmpuc/share/")
    assert not told


@pytest.mark.spec("RFC 7636", "4.4.1")
def test_a_client_that_wants_pkce_gets_no_further_without_it(puc: Company) -> None:
    puc.registration.requires_pkce = True
    puc.registration.save()
    assert ask(puc)[2]["error"] == "invalid_request"
    status, location, told = ask(puc, code_challenge="a" * 43, code_challenge_method="S256")
    assert (status, told) == (302, {})
    assert location.startswith("/ssmpuc/share/")


@pytest.mark.parametrize(("prompt", "kept"), [("on", "on"), ("login", ""), ("ON", ""), ("", "")])
def test_prompt_is_on_or_nothing(puc: Company, prompt: str, kept: str) -> None:
    assert ask(puc, prompt=prompt)[0] == 302
    assert ConsentRequest.objects.get().prompt == kept


@pytest.mark.spec("RFC 9207", "2")
@pytest.mark.parametrize("decision", ["allow", "deny"])
def test_every_answer_says_which_utility_it_is_from(walk: Walk, decision: str) -> None:
    walk.sign_in()
    getattr(walk, decision)()
    assert walk.returned()["iss"] == walk.company.registration.programme.issuer


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_other_methods_are_not_taken(puc: Company, method: str) -> None:
    client = Client(headers={"host": HOST})
    response = getattr(client, method)("/DataCustodian/ssmpuc/oauth/authorize")
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"
    assert "no-store" in response["Cache-Control"]


def test_a_thousand_parameters_are_not_read(puc: Company) -> None:
    query = "&".join(f"p{number}=" for number in range(1100))
    response = browser().get(f"/DataCustodian/ssmpuc/oauth/authorize?{query}")
    assert response.status_code == 400
    assert "We cannot read" in response.content.decode()
    assert "no-store" in response["Cache-Control"]


def test_no_page_of_the_flow_can_be_framed(svce: Company) -> None:
    walk = Walk(svce)
    pages = [walk.page]
    walk.look_up("phone", "111-111-1111")
    pages.append(walk.page)
    walk.enter(walk.shown_passcode())
    pages.append(walk.page)
    pages.append(browser().get("/DataCustodian/svce/oauth/authorize"))
    for page in pages:
        assert page["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in page["Content-Security-Policy"]


@pytest.mark.spec("XML 1.0", "2.2")
@pytest.mark.parametrize("character", ["\ufffe", "\uffff"], ids=ascii)
def test_a_scope_that_no_document_can_hold_is_refused(puc: Company, character: str) -> None:
    """Otherwise one customer's consent would break the company's list of them."""
    walk = Walk(puc, scope=f"FB=4_16;SubscriptionFrequency={character}")
    assert "error=invalid_scope" in walk.page.redirect_chain[-1][0]
