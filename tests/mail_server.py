"""A small real mail server (RFC 5321) that takes e-mails, or refuses them as it is told.

    with MailServer() as mail:
        mail.refuses["RCPT"] = "550 5.1.1 nobody of that name"

What it took is in `messages`.
"""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from email.message import EmailMessage
from types import TracebackType
from typing import Self


class MailServer:
    """The server, on a free port of 127.0.0.1; a context manager."""

    def __init__(self, port: int = 0) -> None:
        self.messages: list[EmailMessage] = []
        # By command (or DATA. for the message itself), the whole line that is answered instead.
        self.refuses: dict[str, str] = {}
        self.connections = 0
        self._server = _Server(("127.0.0.1", port), _handler(self))
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def _handler(mail: MailServer) -> type[socketserver.StreamRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            mail.connections += 1
            self.say("220 ready")
            while line := self.rfile.readline():
                verb = line.decode("ascii").strip().partition(" ")[0].upper()
                if verb in mail.refuses:
                    self.say(mail.refuses[verb])
                elif verb == "DATA":
                    self.take()
                elif verb == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 ok")

        def take(self) -> None:
            self.say("354 go on")
            lines = []
            while (line := self.rfile.readline()) not in {b".\r\n", b""}:
                lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
            if refused := mail.refuses.get("DATA."):
                self.say(refused)
                return
            read = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
            assert isinstance(read, EmailMessage)
            mail.messages.append(read)
            self.say("250 taken")

        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode("ascii"))

    return Handler
