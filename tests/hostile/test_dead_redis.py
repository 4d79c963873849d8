"""Redis is dead, as after an attack on it: pages go on, and what needs a limit refuses politely.

Else whoever could kill it would have no limits any more. Real processes; the pages themselves, and
a Redis that hangs or comes back, are in tests/portal/test_without_redis.py.
"""

from __future__ import annotations

import httpx
import pytest
from django.conf import settings

from authorizations.models import EmailCode, Notification, ShareLink
from portal.demo_site.models import Visit
from tests.cast import Person, authorize, new_address
from tests.greenbutton.metering import add_meter_reading, add_point
from tests.portal.test_without_redis import (  # noqa: F401 (fixtures)
    NOWHERE,
    Serve,
    Visitor,
    ada,
    is_put_off,
    serve,
    utility,
)
from utilities.models import Utility


def test_share_and_usage_pages_go_on_with_all_their_parts(
    serve: Serve,  # noqa: F811
    utility: Utility,  # noqa: F811
    ada: Person,  # noqa: F811
) -> None:
    authorization = authorize(ada, utility)
    meter = add_point(authorization, title="House")
    add_meter_reading(meter)
    link = ShareLink.objects.create(utility=utility)
    anywhere = ShareLink.objects.create()
    visitor = Visitor(serve(NOWHERE), ada)
    for path in (
        f"/share/{link.code}/",
        f"/share/{anywhere.code}/choose/?q=demo",
        f"/usage/{authorization.uid}/",
        f"/usage/{authorization.uid}/progress/",
        f"/usage/{authorization.uid}/meters/{meter.uid}/",
        f"/connections/{authorization.uid}/come-back/",
        "/connections/",
        f"/connect/{utility.slug}/scope/?scope=FB=4_16",
    ):
        answer = visitor.sees(path)
        assert answer.status_code == 200, path
        assert "redis" not in answer.text.lower()


def test_whatever_has_a_limit_is_put_off_and_nothing_of_it_is_done(
    serve: Serve,  # noqa: F811
    utility: Utility,  # noqa: F811
    ada: Person,  # noqa: F811
) -> None:
    authorization = authorize(ada, utility)
    EmailCode.replace(ada.cookie, new_address("ada"), "1234-5678")
    before = EmailCode.objects.values().get()
    url = serve(NOWHERE)
    visitor = Visitor(url, ada)
    come_back = f"/connections/{authorization.uid}/come-back/"
    tried = [
        visitor.sends("/account/code/", "/account/code/again/"),
        visitor.sends(come_back, f"{come_back}give/", email=new_address("ada")),
        visitor.sends("/accounts/login/", "/accounts/password/reset/", email="a@example.org"),
    ]
    assert [is_put_off(answer) for answer in tried] == [True] * len(tried)
    assert EmailCode.objects.values().get() == before
    assert not Visit.objects.exists()
    # A machine is told in its own words, and when to send it again.
    told = httpx.post(f"{url}/espi/{utility.slug}/notify/", content=b"<BatchList/>")
    assert (told.status_code, told.headers["Content-Type"]) == (503, "text/plain; charset=utf-8")
    assert told.headers["Retry-After"].isdecimal()
    assert not Notification.objects.exists()


def test_a_code_that_was_sent_before_can_still_be_typed_and_guessed_no_oftener(
    serve: Serve,  # noqa: F811
    utility: Utility,  # noqa: F811
    ada: Person,  # noqa: F811
) -> None:
    """Its tries are counted on its row, so that no dead Redis gives more of them."""
    EmailCode.replace(ada.cookie, new_address("ada"), "1234-5678")
    visitor = Visitor(serve(NOWHERE), ada)
    for _ in range(5):
        wrong = visitor.sends("/account/code/", "/account/code/prove/", code="0000-0000")
        assert wrong.status_code in {410, 422}
    with pytest.raises(AssertionError):  # there is no form any more
        visitor.sends("/account/code/", "/account/code/prove/", code="1234-5678")
    page = visitor.sees("/account/sign-in/")
    token = page.text.partition('csrfmiddlewaretoken" value="')[2].partition('"')[0]
    last = visitor.browser.post(
        "/account/code/prove/", data={"csrfmiddlewaretoken": token, "code": "1234-5678"}
    )
    assert last.status_code == 410
    assert settings.SESSION_COOKIE_NAME not in visitor.browser.cookies
