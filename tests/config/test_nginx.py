"""nginx takes its configuration as it stands, certificates aside."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.services.machine import PROGRAMS
from tests.services.served import ROOT

HOST = "records.example.com"


def make_certificate(folder: Path) -> None:
    """Write a certificate that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    unsigned = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1)
    )
    certificate = unsigned.sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(private)


def test_nginx_accepts_the_configuration(tmp_path: Path) -> None:
    program = PROGRAMS["nginx"].find()
    if program is None:
        pytest.skip("not run: there is no nginx on this machine")
    make_certificate(tmp_path)
    text = (ROOT / "nginx.conf").read_text()
    for real, ours in (
        ("/etc/record-room/tls", tmp_path),
        ("/var/log/nginx", tmp_path),
        ("/run/nginx.pid", tmp_path / "pid"),
    ):
        assert real in text
        text = text.replace(real, str(ours))
    (tmp_path / "nginx.conf").write_text(text)
    done = subprocess.run(
        [program, "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr, done.stderr
