"""`manage.py sandbox_client`: clients for tests, made and changed by command."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.sandbox.walk import Company
from utilities.sandbox.models import Registration

PUBLIC = "SSMPUC_ccccccccc"


def run(*arguments: str) -> str:
    printed = io.StringIO()
    call_command("sandbox_client", *arguments, stdout=printed)
    return printed.getvalue()


def run_json(*arguments: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(run(*arguments, "--json"))
    return told


def test_a_new_client_can_be_used_at_once() -> None:
    told = run_json("--new", "SVCE", "--redirect-uri", "https://ada.example/back")
    registration = Registration.objects.get(client_id=told["client_id"])
    assert told["client_id"].startswith("SVCE_")
    assert told["client_secret"] == registration.client_secret
    assert told["redirect_uris"] == ["https://ada.example/back"]
    assert (told["public"], told["status"], told["profile"], told["faults"]) == (
        False,
        "sandbox",
        "certified",
        [],
    )
    assert Company(registration).authorized()["access_token"]


def test_two_new_clients_are_two() -> None:
    new = ("--new", "ssmpuc", "--redirect-uri", "https://ada.example/")
    assert run_json(*new)["client_id"] != run_json(*new)["client_id"]


def test_what_is_named_changes_and_the_rest_stays() -> None:
    told = run_json(PUBLIC, "--profile", "export", "--fault", "unavailable", "slow_trickle")
    assert (told["profile"], told["faults"]) == ("export", ["unavailable", "slow_trickle"])
    told = run_json(PUBLIC, "--notify-uri", "https://ada.example/notify")
    assert (told["profile"], told["notify_uri"]) == ("export", "https://ada.example/notify")
    told = run_json(PUBLIC, "--fault", "cut_half_way", "--fault", "unavailable")
    assert told["faults"] == ["unavailable", "cut_half_way"]
    told = run_json(PUBLIC, "--no-faults", "--notify-uri", "")
    assert (told["faults"], told["notify_uri"], told["profile"]) == ([], "", "export")


def test_without_json_it_says_in_words_what_holds() -> None:
    said = run(PUBLIC, "--fault", "unavailable", "--notify-uri", "")
    assert "Every request gets 503." in said
    assert "Notices go to nowhere." in said
    assert Registration.objects.get(client_id=PUBLIC).client_secret not in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Name a client"),
        (["SSMPUC_ccccccccc", "--new", "SVCE"], "Name a client"),
        (["nobody"], "There is no client nobody. There are: "),
        (["--new", "NOWHERE", "--redirect-uri", "https://a.example/"], "There is no utility"),
        (["--new", "SVCE", "--redirect-uri", "ftp://a.example/"], "An address begins with"),
        ([PUBLIC, "--redirect-uri", "https://a.example/#there"], "may not have a fragment"),
        (["--new", "SVCE"], "needs a --redirect-uri"),
        ([PUBLIC, "--fault", "unavailable", "--no-faults"], "not both"),
        ([PUBLIC, "--notify-uri", "ftp://a.example/"], "begins with https"),
        ([PUBLIC, "--fault", "explode"], "invalid choice"),
        ([PUBLIC, "--profile", "explode"], "invalid choice"),
    ],
)
def test_what_makes_no_sense_is_said_and_changes_nothing(arguments: list[str], says: str) -> None:
    before = list(Registration.objects.order_by("id").values())
    with pytest.raises(CommandError, match=says):
        run(*arguments)
    assert list(Registration.objects.order_by("id").values()) == before
