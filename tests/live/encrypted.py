"""A MariaDB that speaks TLS, and the certificates for it and its clients."""

from __future__ import annotations

import subprocess
from pathlib import Path

from sandbox.mariadb import MariaDb


class EncryptedMariaDb(MariaDb):
    name = "mariadb-tls"
    port_names = ("mariadb-tls",)
    certificates: Path

    def command(self) -> list[str]:
        key, certificate = self.certificates / "server-key.pem", self.certificates / "server.pem"
        ca = self.certificates / "ca.pem"
        return [*super().command(), f"--ssl-ca={ca}", f"--ssl-key={key}", f"--ssl-cert={certificate}"]


def certificates(folder: Path) -> Path:
    """An authority, what it signed for the server at localhost and a client, and another that signed nothing."""
    for authority in ("ca", "other-ca"):
        openssl(folder, f"req -x509 -subj /CN={authority} {new_key(authority)} -out {authority}.pem")
    for name, subject in (("server", "localhost"), ("known", "known")):
        extension = f"-addext subjectAltName=DNS:{subject}"
        openssl(folder, f"req -subj /CN={subject} {extension} {new_key(name)} -out {name}.csr")
        signer = "-CA ca.pem -CAkey ca-key.pem -CAcreateserial -copy_extensions copy"
        openssl(folder, f"x509 -req -in {name}.csr {signer} -out {name}.pem")
    return folder


def new_key(name: str) -> str:
    return f"-newkey rsa:2048 -noenc -keyout {name}-key.pem"


def openssl(folder: Path, words: str) -> None:
    subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True)
