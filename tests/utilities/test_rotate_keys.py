"""`manage.py rotate_keys`: from an old key to a new one, and nothing lost on the way."""

from __future__ import annotations

import ast
import io
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.conf import LazySettings
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import connection

from authorizations.models import Authorization
from tests import cast
from utilities.encrypted import WrongKeyError
from utilities.models import Client
from utilities.rotation import encrypted_models, rotate

pytestmark = pytest.mark.django_db
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def written(settings: LazySettings) -> list[Client]:
    """Registrations of the time before the new key, which is in front now."""
    settings.FIELD_KEYS = [OLD]
    utility = cast.make_utility()
    utility.clients.all().delete()
    clients = [
        cast.make_client(
            utility,
            client_id=f"client-{number}",
            client_secret=f"secret {number} ☀",
            registration_token="" if number % 2 else f"token {number}",
        )
        for number in range(25)
    ]
    settings.FIELD_KEYS = [NEW, OLD]
    return clients


def run(*arguments: str) -> str:
    said = io.StringIO()
    call_command("rotate_keys", *arguments, stdout=said, stderr=said)
    return said.getvalue()


def stored(client: Client) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT client_secret FROM utilities_client WHERE id = %s", [client.pk])
        return str(cursor.fetchone()[0])


def test_everything_opens_with_the_new_key_alone(
    written: list[Client], settings: LazySettings
) -> None:
    assert "utilities.Client: 38 written anew." in run()
    settings.FIELD_KEYS = [NEW]
    for number, client in enumerate(written):
        client.refresh_from_db()
        assert client.client_secret == f"secret {number} ☀"
        assert client.registration_token == ("" if number % 2 else f"token {number}")


def test_the_check_counts_and_changes_nothing(written: list[Client]) -> None:
    before = stored(written[0])
    with pytest.raises(CommandError, match="Still in need of an older key: 38"):
        run("--check")
    assert stored(written[0]) == before
    run()
    assert "The older ones are not needed" in run("--check")


def test_a_run_that_is_killed_half_way_is_taken_up_again(
    written: list[Client], settings: LazySettings
) -> None:
    def killed(rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotate(Client, ["client_secret", "registration_token"], batch=10, progress=killed)
    done = stored(written[9])
    assert Fernet(NEW).decrypt(done)
    assert Fernet(OLD).decrypt(stored(written[10]))
    assert "utilities.Client: 23 written anew." in run("--batch", "7")
    assert stored(written[9]) == done
    settings.FIELD_KEYS = [NEW]
    assert [client.client_secret for client in Client.objects.order_by("id")] == [
        f"secret {number} ☀" for number in range(25)
    ]


def test_what_no_key_opens_is_named_and_the_rest_goes_on(
    written: list[Client], settings: LazySettings
) -> None:
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    written[3].client_secret = "of a key that is lost"
    written[3].save()
    settings.FIELD_KEYS = [NEW, OLD]
    said = io.StringIO()
    with pytest.raises(CommandError, match="does not hold: 1") as caught:
        call_command("rotate_keys", stdout=said, stderr=said)
    assert caught.value.returncode == 1
    assert f"utilities.Client {written[3].pk}: client_secret cannot be read" in said.getvalue()
    settings.FIELD_KEYS = [NEW]
    assert Client.objects.get(pk=written[4].pk).client_secret == "secret 4 ☀"
    with pytest.raises(WrongKeyError):
        Client.objects.get(pk=written[3].pk)


def test_it_tells_no_secret(written: list[Client]) -> None:
    said = run()
    assert "secret" not in said
    assert OLD not in said
    assert NEW not in said


def test_the_tokens_of_customers_are_renewed_too(
    written: list[Client], settings: LazySettings
) -> None:
    settings.FIELD_KEYS = [OLD]
    authorization = cast.authorize(cast.ada(), written[0].utility)
    settings.FIELD_KEYS = [NEW, OLD]
    run()
    settings.FIELD_KEYS = [NEW]
    found = Authorization.objects.get(pk=authorization.pk)
    assert (found.access_token, found.refresh_token) == ("the-access-token", "the-refresh-token")
    assert found.feed_key == authorization.feed_key


def test_nothing_is_encrypted_but_by_the_field_that_is_looked_for() -> None:
    """Whatever else called `encrypt` would be forgotten by the rotation."""
    known = {name for model, names in encrypted_models() for name in names}
    assert {
        "client_secret",
        "access_token",
        "refresh_token",
        "feed_key",
        "certificate_key",
    } <= known
    for app in ("portal", "greenbutton", "authorizations", "utilities"):
        for file in (Path(django_settings.BASE_DIR) / app).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and node.module == "utilities.encrypted":
                    names = {one.name for one in node.names}
                    allowed = {"EncryptedTextField", "WrongKeyError", "is_newest", "renewed"}
                    assert names <= allowed, file
