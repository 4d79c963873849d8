"""A laboratory that signs its own certificates, for what needs real TLS.

laboratory = Laboratory(folder)
certificate, key = laboratory.sign("a-company")
with LyingUtility(laboratory.server(demands_certificate=True)) as lying: ...
"""

from __future__ import annotations

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID


class Laboratory:
    """An authority that nobody else trusts; its certificate is in the file `authority`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = _name("the laboratory")
        self.certificate = (
            _builder(self.name, self.name, self.key.public_key(), days=365)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        self.authority = folder / "authority.pem"
        self.authority.write_bytes(self.certificate.public_bytes(Encoding.PEM))

    def sign(self, whom: str, *, days: int = 30) -> tuple[str, str]:
        """A certificate for 127.0.0.1 and its key, both PEM; it ends in so many days."""
        key = ec.generate_private_key(ec.SECP256R1())
        here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        made = (
            _builder(_name(whom), self.name, key.public_key(), days=days)
            .add_extension(here, critical=False)
            .sign(self.key, hashes.SHA256())
        )
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return made.public_bytes(Encoding.PEM).decode(), private.decode()

    def server(self, *, demands_certificate: bool) -> ssl.SSLContext:
        """For a server that is this laboratory's, and may want a certificate of it."""
        certificate, key = self.sign("the utility")
        file = self.folder / "server.pem"
        file.write_text(key + certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # Where the handshake of TLS 1.3 ends, the server has not looked at the client's yet.
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(file)
        if demands_certificate:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cafile=self.authority)
        return context


def _name(whom: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, whom)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, *, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=days))
    )
