"""Staff without rights: every page and button of the staff's, pressed by whom it is not for."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db.models import Model
from django.test import Client as Browser

from authorizations.models import ConnectAttempt, ReturnAddress
from greenbutton.models import BulkCollection, ClientCheck, Pull
from tests import cast
from tests.hostile.household import Household
from tests.hostile.walking import Route, everything_stored, routes
from tests.staff.conftest import signed_in

# Of anybody who works here: the door, one's own password, and pages that show what one may see.
EVERYBODYS = {
    *("index", "login", "logout", "password_change", "password_change_done", "jsi18n"),
    *("app_list", "search"),
}
# Filled in by scripts, with nothing of anybody's in it: what a scope means in words.
WORDS = {"scope_words"}


@pytest.fixture
def rows(household: Household) -> dict[str, Model]:
    """A row of each model that has staff pages, where there can be one without a story."""
    authorization = household.authorization
    assert authorization.client is not None
    made: list[Model] = [
        authorization,
        authorization.client,
        authorization.client.utility,
        ClientCheck.objects.create(client=authorization.client),
        ReturnAddress.objects.create(url="https://solar.example/", name="Solar"),
        BulkCollection.objects.create(client=authorization.client, uri="https://u.example/Bulk/1"),
        Pull.objects.create(authorization=authorization, state=Pull.State.FAILED),
        ConnectAttempt.objects.get(authorization=authorization),
        authorization.events.get(type="authorization_created"),
        authorization.usage_points.get(),
    ]
    return {row._meta.model_name or "": row for row in made}


def addresses(rows: dict[str, Model]) -> list[tuple[Route, str]]:
    """Every address of the staff's; one about a row that there is not has a number."""
    found = []
    for route in routes():
        if not route.is_staffs or route.name in EVERYBODYS:
            continue
        model = route.path.split("/")[3] if route.path.count("/") > 3 else ""
        pk = str(rows[model].pk) if model in rows else "1"
        values = dict.fromkeys(route.arguments, pk)
        values |= {"url": "no-such-page", "key": "client_name"}
        values |= {"content_type_id": "1", "app_label": "authorizations"}
        found.append((route, route.filled(**{name: values[name] for name in route.arguments})))
    assert len(found) > 100
    return found


@pytest.mark.parametrize("verb", ["get", "post"])
@pytest.mark.parametrize("who", ["guest", "customer"])
def test_who_is_not_staff_gets_no_further_than_the_door(
    rows: dict[str, Model], verb: str, who: str
) -> None:
    browser = cast.browser()
    if who == "customer":
        user = User.objects.create_user("cy", cast.new_address("cy"))
        browser.force_login(user, "django.contrib.auth.backends.ModelBackend")
    before = everything_stored()
    for route, url in addresses(rows):
        answer = getattr(browser, verb)(url)
        assert answer.status_code in {302, 403, 404}, route
        if answer.status_code == 302:
            assert answer.headers["Location"].startswith(
                ("/staff/login/", "/accounts/login/", url)
            ), (route, answer.headers["Location"])
    assert everything_stored() == before


@pytest.mark.parametrize("verb", ["get", "post"])
def test_a_newcomer_without_any_right_can_do_and_see_nothing(
    rows: dict[str, Model], verb: str
) -> None:
    browser = signed_in(cast.make_staff("newcomer"))
    before = everything_stored()
    for route, url in addresses(rows):
        if route.name in {"autocomplete", "view_on_site", None, ""} | WORDS:
            continue
        answer = getattr(browser, verb)(url, {"_form_submitted": "True", "why": "Because."})
        # To the first page, which shows them nothing: there is no such row.
        is_led_out = answer.headers.get("Location") == "/staff/"
        assert is_led_out or answer.status_code in {403, 404, 405}, (route, answer.status_code)
    assert everything_stored() == before


def test_who_may_only_look_changes_nothing_by_any_button(rows: dict[str, Model]) -> None:
    looks = cast.make_staff("looks")
    looks.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    browser = signed_in(looks)
    before = everything_stored()
    said = {"_form_submitted": "True", "why": "Because.", "to": "cy@example.org"}
    for route, url in addresses(rows):
        answer = browser.post(url, said)
        assert answer.status_code < 500, route
        assert everything_stored() == before, route


def test_the_lists_do_nothing_for_who_may_only_look(rows: dict[str, Model]) -> None:
    """Actions of lists are chosen by a field of the form, not by an address."""
    looks = cast.make_staff("looks")
    looks.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    browser = signed_in(looks)
    before = everything_stored()
    for model, page in admin.site._registry.items():
        names = [one if isinstance(one, str) else one.__name__ for one in page.actions or ()]
        for action in {*names, "delete_selected"}:
            meta = model._meta
            keys = list(model._default_manager.values_list("pk", flat=True))
            browser.post(
                f"/staff/{meta.app_label}/{meta.model_name}/",
                {"action": action, "_selected_action": keys, "post": "yes"},
            )
    assert everything_stored() == before


def test_who_may_change_accounts_cannot_make_a_superuser_of_themselves(boss: User) -> None:
    clerk = cast.make_staff("clerk", "change_user", "add_user", "view_user", "change_group")
    browser: Browser = signed_in(clerk)
    form = {"username": "clerk", "email": clerk.email, "is_superuser": "on", "is_staff": "on"}
    for path in (f"/staff/auth/user/{clerk.pk}/change/", "/staff/auth/user/add/"):
        assert browser.post(path, form).status_code == 403
    assert browser.post(f"/staff/auth/user/{boss.pk}/password/", form).status_code == 403
    clerk.refresh_from_db()
    assert not clerk.is_superuser
