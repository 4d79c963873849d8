"""Whatever is sent to the provider and to customers' own pages: no 500, and nothing is shared."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox.oauth.test_oauth_fuzz import PAIRS, encoded
from tests.sandbox.walk import FORM, HOST, Company, Walk, browser
from utilities.sandbox.models import ConsentRequest, Grant, SignOn
from utilities.sandbox.programmes import get_programme
from utilities.sandbox.single_sign_on.provider import Provider

BOUNDED = settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
TEXTS = st.one_of(
    st.sampled_from(["4", "16", "allow", "63072000", "2030-01-01", "0", "-1", "9" * 300, "\0"]),
    st.text(max_size=30),
)
FORMS = st.dictionaries(
    st.sampled_from(["service", "data", "history", "until", "type", "value", "password", "x"]),
    st.lists(TEXTS, max_size=3),
)


@BOUNDED
@given(pairs=PAIRS)
@pytest.mark.parametrize("known", [True, False])
def test_the_providers_authorize_address_sends_nobody_astray(
    known: bool, pairs: list[tuple[str, bytes]]
) -> None:
    provider = Provider(get_programme("demo"))
    query = encoded(pairs)
    if known:
        query += f"&client_id={provider.client_id}&redirect_uri={provider.redirect_uri}"
    response = browser().get(f"/demo/id/authorize?{query}")
    assert response.status_code < 500
    if location := response.get("Location"):
        ours = location.startswith("/demo/id/login/")
        assert ours or location.partition("?")[0] == provider.redirect_uri


@BOUNDED
@given(pairs=PAIRS)
def test_its_token_address_and_our_callback_answer_anything(
    pairs: list[tuple[str, bytes]],
) -> None:
    body = encoded(pairs)
    for authorization in ("", "Basic eA==", "Basic w7w6w7w="):
        headers = {"host": HOST, "authorization": authorization}
        response = browser().post("/demo/id/token", body, content_type=FORM, headers=headers)
        assert 400 <= response.status_code < 500
    assert browser().get(f"/demo/sso/callback/?{body}").status_code == 404


class TestSignedIn:
    @pytest.fixture
    def customer(self, demo: Company) -> Any:
        demo.authorized()
        walk = Walk(demo)
        walk.page = walk.client.get("/demo/my/")
        walk.submit("sign-in", {})
        walk.give_password("UAPI_TEST_residential", "x")
        return walk.client

    @BOUNDED
    @given(form=FORMS)
    def test_no_form_makes_a_consent_wider(self, customer: Any, form: dict[str, list[str]]) -> None:
        before = Grant.objects.get()
        csrf = {"csrfmiddlewaretoken": customer.cookies["sandbox_csrf"].value}
        response = customer.post(f"/demo/my/{before.uid}/narrow/", form | csrf)
        assert response.status_code in {302, 422}
        after = Grant.objects.get()
        assert set(after.granted.function_blocks) <= set(before.granted.function_blocks)
        assert after.services.count() <= before.services.count()
        assert (after.granted.history_length or 0) <= (before.granted.history_length or 0)
        assert after.until
        assert before.until
        assert after.until <= before.until


@BOUNDED
@given(form=FORMS)
def test_no_form_lets_a_stranger_in(demo: Company, form: dict[str, list[str]]) -> None:
    walk = Walk(demo, scope="FB=4;AdditionalScope=auth-sso")
    visit, asking = SignOn.objects.latest("id"), ConsentRequest.objects.latest("id")
    csrf = {"csrfmiddlewaretoken": walk.client.cookies["sandbox_csrf"].value}
    for address in (
        f"/demo/id/login/{visit.uid}/check/",
        f"/demo/share/{asking.uid}/authenticate/check/",
        f"/demo/share/{asking.uid}/consent/decide/",
        f"/demo/my/{'0' * 34}/narrow/",
    ):
        response = walk.client.post(address, form | csrf)
        assert response.status_code < 500
        assert urlsplit(response.get("Location", "")).path != f"/demo/share/{asking.uid}/consent/"
    asking.refresh_from_db()
    assert asking.authenticated_at is None
