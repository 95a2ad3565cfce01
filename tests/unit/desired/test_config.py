from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from elreconcile.desired.config import Config, load_config
from elreconcile.errors import ConfigError

SMALLEST = "environment: test\nledger: {sqlite: ledger.sqlite}\n"
BURROW_AT = f"""\
kafka: {{k: {{bootstrap_servers: ["k:1"]}}}}
burrow: {{b: {{url: "URL", cluster: c, kafka: k}}}}
{SMALLEST}"""
WHOLE = """\
environment: production
kafka:
  analytics:
    bootstrap_servers: ["kafka1:9092", "[::1]:9092"]
    cluster_id: q1Sh-9_ISia_zwGINzRvyQ
    security:
      protocol: SASL_SSL
      mechanism: SCRAM-SHA-512
      username: reader
      password: "${env:KAFKA_PASSWORD}"
      ca_file: tls/ca.pem
  test.other: {bootstrap_servers: ["localhost:9092"]}
burrow:
  analytics:
    url: https://burrow.example.org:8000/
    cluster: local
    kafka: analytics
    username: ops
    password: hunter2
    ca_file: /etc/ssl/ca.pem
mysql:
  m4:
    host: db1107
    user: el
    password: "${file:pw}"
    database: log
    tls: {ca_file: tls/ca.pem, cert_file: c.pem, key_file: k.pem}
ledger: {mysql: m4, database: ops, id: 7b1f}
timing: {deadline: 10s, grace: 1m, quiet: 0s}
limits: {min_retention_left: 2h}
"""


def config(folder: Path, text: str) -> Config:
    file = folder / "elreconcile.yaml"
    file.write_text(text, encoding="utf-8")
    return load_config(file)


def complaints(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as error:
        config(folder, text)
    assert error.value.exit_code == 78
    return [str(problem).removeprefix(f"{folder}/elreconcile.yaml:") for problem in error.value.problems]


def test_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_PASSWORD", "s3cret: 010")
    (tmp_path / "pw").write_text("p4ss\n")
    whole = config(tmp_path, WHOLE)
    kafka = whole.kafka["analytics"]
    assert kafka.bootstrap_servers == ("kafka1:9092", "[::1]:9092")
    assert kafka.security
    assert kafka.security.password
    assert kafka.security.password.get_secret_value() == "s3cret: 010"
    assert kafka.security.ca_file == tmp_path / "tls" / "ca.pem"
    assert whole.burrow["analytics"].url == "https://burrow.example.org:8000"
    assert whole.burrow["analytics"].ca_file == Path("/etc/ssl/ca.pem")
    assert whole.mysql["m4"].password.get_secret_value() == "p4ss"
    assert whole.mysql["m4"].port == 3306
    assert whole.ledger.mysql == "m4"
    assert whole.timing.grace == timedelta(minutes=1)
    assert whole.limits.min_retention_left == timedelta(hours=2)
    assert whole.system_names() == {"kafka": ("analytics", "test.other"), "burrow": ("analytics",), "mysql": ("m4",)}


def test_the_least(tmp_path: Path) -> None:
    least = config(tmp_path, SMALLEST)
    assert least.ledger.sqlite == tmp_path / "ledger.sqlite"
    assert least.timing.deadline == timedelta(seconds=20)
    assert least.timing.grace == timedelta(seconds=5)
    assert least.timing.quiet == timedelta(seconds=30)
    assert least.limits.min_retention_left == timedelta(hours=1)
    assert not least.kafka
    assert not least.burrow
    assert not least.mysql


def test_no_text_of_it_shows_a_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_PASSWORD", "s3cret")
    (tmp_path / "pw").write_text("p4ss\n")
    whole = config(tmp_path, WHOLE)
    for text in (repr(whole), str(whole), whole.model_dump_json(), repr(whole.model_dump())):
        assert not any(password in text for password in ("s3cret", "p4ss", "hunter2"))


def test_without_a_context_paths_stay_as_they_are() -> None:
    made = Config.model_validate_json('{"environment": "x", "ledger": {"sqlite": "l.db"}}')
    assert made.ledger.sqlite == Path("l.db")


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        load_config(tmp_path / "elreconcile.yaml")
    assert str(error.value) == f"{tmp_path}/elreconcile.yaml:1:1: cannot be read: No such file or directory"


def test_everything_wrong_at_once(tmp_path: Path) -> None:
    text = """\
enviroment: x
kafka:
  a/b: {bootstrap_servers: []}
  analytics: {bootstrap_servers: [kafka, "kafka:0", "kafka:65536", "u@k:1", 5], cluster_id: 010}
burrow:
  x: {url: "burrow:8000", cluster: "", kafka: analytic}
mysql:
  m4: {host: db, user: el, password: 1234, port: "3306", tls: {cert_file: x}}
ledger: {mysql: m5}
timing: {deadline: 0s, grace: 5}
"""
    assert complaints(tmp_path, text) == [
        "1:1: missing field 'environment'",
        "1:1: unknown field 'enviroment'; did you mean 'environment'?",
        "3:3: 'a/b' cannot name a system: use letters, digits, '.', '_' and '-'",
        "3:28: 'bootstrap_servers' must not be empty",
        "4:35: 'bootstrap_servers'[0] must be HOST:PORT such as kafka1.example.org:9092, not 'kafka'",
        "4:42: 'bootstrap_servers'[1] must be HOST:PORT such as kafka1.example.org:9092, not 'kafka:0'",
        "4:53: 'bootstrap_servers'[2] must be HOST:PORT such as kafka1.example.org:9092, not 'kafka:65536'",
        "4:68: 'bootstrap_servers'[3] must be HOST:PORT such as kafka1.example.org:9092, not 'u@k:1'",
        "4:77: 'bootstrap_servers'[4] must be text: put it in quotes",
        "4:93: 010 looks octal: write 10, or '010' if it is text",
        "6:12: 'url' must be an address such as http://burrow.example.org:8000, not 'burrow:8000'",
        "6:36: 'cluster' must not be empty",
        "6:47: unknown Kafka cluster 'analytic'; did you mean 'analytics'?",
        "8:3: missing field 'database'",
        "8:38: 'password' must be text: put it in quotes",
        "8:50: 'port' must be a whole number, not '3306'",
        "8:63: cert_file and key_file only work together",
        "9:17: unknown MySQL server 'm5'; known: m4",
        "10:20: 'deadline' must be longer than nothing, not '0s'",
        "10:31: 'grace' must be a length of time such as 30s, 10m, 2h, 7d or 1h30m, not 5",
    ]


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("ftp://b:1", "must be an address such as http://burrow.example.org:8000, not 'ftp://b:1'"),
        ("http://", "must be an address such as http://burrow.example.org:8000, not 'http://'"),
        ("http://b:x", "must be an address such as http://burrow.example.org:8000, not 'http://b:x'"),
        ("http://b/?q=1", "must be an address such as http://burrow.example.org:8000, not 'http://b/?q=1'"),
    ],
)
def test_addresses(tmp_path: Path, url: str, problem: str) -> None:
    assert complaints(tmp_path, BURROW_AT.replace("URL", url)) == [f"2:19: 'url' {problem}"]


def test_a_user_in_an_address_is_not_shown(tmp_path: Path) -> None:
    assert complaints(tmp_path, BURROW_AT.replace("URL", "http://u:pw@b")) == [
        "2:19: no user belongs in an address: username and password have fields of their own"
    ]


@pytest.mark.parametrize(
    ("security", "problem"),
    [
        ("{protocol: SASL_SSL}", "protocol SASL_SSL needs mechanism, username and password"),
        ("{protocol: SASL_PLAINTEXT, mechanism: PLAIN, username: u}", "protocol SASL_PLAINTEXT needs password"),
        ("{protocol: SSL, username: u}", "protocol SSL has no use for username"),
        ("{protocol: PLAINTEXT, ca_file: x}", "protocol PLAINTEXT has no use for ca_file"),
        ("{protocol: SSL, key_file: x}", "cert_file and key_file only work together"),
    ],
)
def test_security_has_to_fit_its_protocol(tmp_path: Path, security: str, problem: str) -> None:
    text = f"kafka:\n  k:\n    bootstrap_servers: ['k:1']\n    security: {security}\n{SMALLEST}"
    assert complaints(tmp_path, text) == [f"4:15: {problem}"]


@pytest.mark.parametrize(
    "security",
    [
        "{protocol: PLAINTEXT}",
        "{protocol: SSL}",
        "{protocol: SSL, ca_file: a, cert_file: b, key_file: c}",
        "{protocol: SASL_PLAINTEXT, mechanism: PLAIN, username: u, password: p}",
    ],
)
def test_security_that_fits(tmp_path: Path, security: str) -> None:
    assert config(tmp_path, f"kafka: {{k: {{bootstrap_servers: ['k:1'], security: {security}}}}}\n{SMALLEST}").kafka


@pytest.mark.parametrize(
    ("ledger", "problem"),
    [
        ("{}", "the ledger lives in either sqlite or mysql: give one of them"),
        ("{sqlite: x, mysql: m}", "the ledger lives in either sqlite or mysql: give one of them"),
        ("{sqlite: x, database: d}", "a ledger in sqlite has no database"),
    ],
)
def test_a_ledger_lives_in_one_place(tmp_path: Path, ledger: str, problem: str) -> None:
    text = f"environment: x\nledger: {ledger}\nmysql: {{m: {{host: h, user: u, database: d}}}}\n"
    assert complaints(tmp_path, text) == [f"2:9: {problem}"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1:1: must hold one document, not 0"),
        ("a: 1\n---\nb: 2\n", "1:1: must hold one document, not 2"),
        ("- 1\n", "1:1: the document must be a mapping, not a list"),
        ("a: [\n", "1:5: cannot be read as YAML: did not find expected node content"),
    ],
)
def test_what_is_no_configuration(tmp_path: Path, text: str, problem: str) -> None:
    assert complaints(tmp_path, text) == [problem]


def test_a_cluster_has_one_name(tmp_path: Path) -> None:
    """Under two a group would have two addresses, and a reset could be carried out under each."""
    names = [f"{name}: {{bootstrap_servers: ['k:1'], cluster_id: {id}}}" for name, id in zip("abc", "xyx", strict=True)]
    file = tmp_path / "elreconcile.yaml"
    file.write_text(f"kafka: {{{', '.join(names)}}}\n{SMALLEST}")
    with pytest.raises(ConfigError, match=r"kafka\.a is not the only name of the cluster x: keep one"):
        load_config(file)
    file.write_text(f"kafka: {{{', '.join(names[:2])}}}\n{SMALLEST}")
    assert list(load_config(file).kafka) == ["a", "b"]


def test_sections_of_another_shape(tmp_path: Path) -> None:
    text = f"kafka: [x]\nburrow: {{b: {{url: 'http://b', cluster: c, kafka: k}}}}\n{SMALLEST}"
    assert complaints(tmp_path, text) == [
        "1:8: 'kafka' must be a mapping, not a list",
        "2:50: unknown Kafka cluster 'k'; none is known",
    ]


def test_the_types_cost_no_yaml() -> None:
    script = "import sys, elreconcile.desired.config; print([m for m in sys.modules if m in ('yaml', 'difflib')])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
