"""A Kafka that wants logins and certificates and grants nothing by itself, for the tests of being refused."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ACL, ScramMechanism, UserScramCredentialUpsertion

from elreconcile.desired.config import KafkaConfig
from elreconcile.errors import Unreachable
from elreconcile.systems.kafka import KafkaReader
from sandbox.kafka import Kafka
from sandbox.ports import Ports
from sandbox.waiting import until

PASSWORD = "s3cret of the reader"

SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"


class Certificates:
    """An authority `ca`, a broker on localhost, a client, and `stranger`: an authority nobody trusts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for authority in ("ca", "stranger"):
            self._openssl(
                f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={authority} "
                f"-keyout {authority}.key -out {authority}.crt "
                "-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign"
            )
        self._certify("broker", "subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth")
        self._certify("client", "extendedKeyUsage=clientAuth")
        bundle = [self.folder / name for name in ("broker.key", "broker.crt", "ca.crt")]
        (folder / "broker.pem").write_text("".join(each.read_text() for each in bundle))

    def __getitem__(self, name: str) -> Path:
        return self.folder / name

    def _certify(self, name: str, extensions: str) -> None:
        (self.folder / f"{name}.ext").write_text(extensions)
        self._openssl(f"req -newkey rsa:2048 -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr")
        self._openssl(
            f"x509 -req -in {name}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 "
            f"-out {name}.crt -extfile {name}.ext"
        )

    def _openssl(self, arguments: str) -> None:
        subprocess.run(["openssl", *arguments.split()], cwd=self.folder, check=True, capture_output=True)


class SecuredKafka(Kafka):
    """Its own port is open to everybody, who may do everything there; the others ask who one is."""

    port_names = ("kafka", "kafka-controller", "sasl", "sasl-tls", "tls")

    def __init__(self, folder: Path, ports: Ports) -> None:
        super().__init__(folder, ports)
        folder.mkdir(parents=True, exist_ok=True)
        ports.choose(*self.port_names)
        self.certificates = Certificates(folder / "certificates")
        self.settings = self._listeners() | {
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "listener.name.sasl.scram-sha-512.sasl.jaas.config": SCRAM,
            "listener.name.sasltls.scram-sha-512.sasl.jaas.config": SCRAM,
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self.certificates["broker.pem"]),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.certificates["ca.crt"]),
            "listener.name.tls.ssl.client.auth": "required",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
        }

    def _listeners(self) -> dict[str, str]:
        ours = (
            f"PLAINTEXT://127.0.0.1:{self.port},SASL://127.0.0.1:{self.ports['sasl']},"
            f"SASLTLS://localhost:{self.ports['sasl-tls']},TLS://localhost:{self.ports['tls']}"
        )
        protocols = "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT,SASLTLS:SASL_SSL,TLS:SSL"
        return {
            "listeners": f"{ours},CONTROLLER://127.0.0.1:{self.ports['kafka-controller']}",
            "advertised.listeners": ours,
            "listener.security.protocol.map": protocols,
            "inter.broker.listener.name": "PLAINTEXT",
        }

    def add_user(self, name: str) -> None:
        """May log in with PASSWORD from when this returns, and do nothing."""
        admin = self.admin()
        try:
            admin.alter_user_scram_credentials(
                [UserScramCredentialUpsertion(name, ScramMechanism.SCRAM_SHA_512, PASSWORD)]
            )
        finally:
            admin.close()
        until(f"{name} may log in", lambda: self._lets_in(name))

    def _lets_in(self, name: str) -> bool:
        try:
            KafkaReader("secured", self.reached_by("sasl", "127.0.0.1", **self.login(name)), 20).close()
        except Unreachable:
            return False
        return True

    def reached_by(self, listener: str, host: str = "localhost", **security: Any) -> KafkaConfig:
        """By one of `port_names`; with nothing about security: as on an open cluster."""
        return KafkaConfig.model_validate(
            {"bootstrap_servers": (f"{host}:{self.ports[listener]}",), "security": security or None}
        )

    def login(self, user: str, password: str = PASSWORD, mechanism: str = "SCRAM-SHA-512") -> dict[str, Any]:
        return {"protocol": "SASL_PLAINTEXT", "mechanism": mechanism, "username": user, "password": password}


def allow(root: KafkaAdminClient, acls: Sequence[ACL]) -> None:
    """Returns when the broker goes by them, which it is told a moment after they were made."""
    root.create_acls(acls)
    until("the broker goes by them", lambda: all(root.describe_acls(acl)[0] for acl in acls))
