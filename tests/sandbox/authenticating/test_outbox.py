"""What a demo sends is kept for the rehearsal, and for nobody else."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import get_connection, send_mail

from utilities.sandbox.authenticating import outbox, text_messages


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.OUTBOX_DIR = str(tmp_path / "outbox")
    return tmp_path / "outbox"


def kept(folder: Path) -> list[dict[str, str]]:
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.iterdir())]


def test_an_email_is_printed_and_kept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    connection = get_connection("utilities.sandbox.authenticating.outbox.EmailBackend")
    to = ["cy@example.net", "ben@example.net"]
    send_mail("Subject", "123456 it is", "a@example.org", to, connection=connection)
    assert "123456 it is" in capsys.readouterr().out
    assert kept(folder) == [{"to": name, "text": "123456 it is"} for name in to]


def test_a_text_message_is_logged_and_kept(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    send = text_messages.backend("utilities.sandbox.authenticating.outbox.send_text_message")
    with caplog.at_level("INFO"):
        send("+14085550101", "123456 it is")
    assert "123456 it is" in caplog.text
    assert "5550101" not in caplog.text
    assert kept(folder) == [{"to": "+14085550101", "text": "123456 it is"}]


def test_only_their_owner_may_read_them(folder: Path) -> None:
    outbox.keep("cy@example.net", "123456")
    (message,) = folder.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(message.stat().st_mode) == 0o600


def test_the_oldest_go(folder: Path) -> None:
    for number in range(outbox.KEPT + 2):
        outbox.keep("cy@example.net", str(number))
    assert [message["text"] for message in kept(folder)][:1] == ["2"]
    assert len(kept(folder)) == outbox.KEPT


def test_a_backend_that_is_not_there_is_told_at_the_start() -> None:
    with pytest.raises(ImportError):
        text_messages.backend("utilities.sandbox.authenticating.text_messages.nothing")
