"""A loopback mail server that speaks SMTP, keeps what it is given and fails on demand."""

from __future__ import annotations

import email
import email.policy
import socketserver
import ssl
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path


@dataclass(frozen=True)
class Mail:
    """One mail that was taken: its recipients, whether it came encrypted, and the letter."""

    recipients: tuple[str, ...]
    encrypted: bool
    account: bool
    letter: EmailMessage

    @property
    def subject(self) -> str:
        return self.letter["Subject"]

    @property
    def body(self) -> str:
        return self.letter.get_content()


class SmtpServer:
    """`with SmtpServer() as server:` takes every mail.

    `refused` recipients are not taken. `dies_at` is a command after which the connection drops,
    `busy_at` one that is answered with 451. `drip` is a number of seconds before each character of
    the greeting. `certificate` (a PEM file with its key) makes it offer STARTTLS, `login` AUTH.
    All may be changed while it runs.
    """

    def __init__(
        self,
        *,
        refused: Collection[str] = (),
        dies_at: str = "",
        busy_at: str = "",
        drip: float = 0.0,
        certificate: Path | None = None,
        login: bool = False,
    ):
        self.refused, self.dies_at, self.busy_at, self.drip = refused, dies_at, busy_at, drip
        self.certificate, self.login = certificate, login
        self.mails: list[Mail] = []
        self.commands: list[str] = []

    def __enter__(self) -> SmtpServer:
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return self._server.server_address[1]


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def _handler(server: SmtpServer) -> type[socketserver.StreamRequestHandler]:
    class Handler(_Session):
        script = server

    return Handler


class _Session(socketserver.StreamRequestHandler):
    script: SmtpServer

    def setup(self) -> None:
        super().setup()
        self._recipients: list[str] = []
        self._encrypted = self._account = self._gone = False

    def handle(self) -> None:
        try:
            self._greet()
            while not self._gone and (line := self.rfile.readline()):
                self._answer(line.decode("utf-8", "replace").strip())
        except OSError:
            pass  # the other side has gone, which some tests are about

    def _greet(self) -> None:
        for character in "220 loopback\r\n":
            time.sleep(self.script.drip)
            self._send(character)

    def _send(self, text: str) -> None:
        self.wfile.write(text.encode())
        self.wfile.flush()

    def _say(self, *lines: str) -> None:
        code = lines[0][:3]
        for line in lines[:-1]:
            self._send(f"{code}-{line[4:]}\r\n")
        self._send(f"{code} {lines[-1][4:]}\r\n")

    def _answer(self, line: str) -> None:
        command = line.split(" ")[0].split(":")[0].upper()
        self.script.commands.append(command)
        if command == self.script.dies_at:
            self._gone = True
        elif command == self.script.busy_at:
            self._say("451 try later")
        else:
            getattr(self, f"_{command.lower()}", self._unknown)(line)

    def _unknown(self, _line: str) -> None:
        self._say("502 not known here")

    def _ehlo(self, _line: str) -> None:
        offers = ["250 loopback"]
        if self.script.certificate and not self._encrypted:
            offers.append("250 STARTTLS")
        if self.script.login:
            offers.append("250 AUTH PLAIN")
        self._say(*offers, "250 8BITMIME")

    def _starttls(self, _line: str) -> None:
        self._say("220 go ahead")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.script.certificate)
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")
        self._encrypted = True

    def _auth(self, _line: str) -> None:
        self._account = True
        self._say("235 welcome")

    def _mail(self, _line: str) -> None:
        self._recipients = []
        self._say("250 ok")

    def _rcpt(self, line: str) -> None:
        address = line.partition("<")[2].partition(">")[0]
        if address in self.script.refused:
            self._say("550 nobody of that name")
            return
        self._recipients.append(address)
        self._say("250 ok")

    def _data(self, _line: str) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        if self.script.dies_at == "TEXT":
            self._gone = True
            return
        letter = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        self.script.mails.append(
            Mail(tuple(self._recipients), self._encrypted, self._account, letter)
        )
        self._say("250 taken")

    def _rset(self, _line: str) -> None:
        self._say("250 ok")

    def _quit(self, _line: str) -> None:
        self._say("221 bye")
        self._gone = True
