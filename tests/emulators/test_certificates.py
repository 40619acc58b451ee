"""The test authority, judged by the openssl command line and by the marks Apple sets."""

import stat
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from service.emulators.certificates import Authority, Issued

from .passes import PASS_TYPE_ID, TEAM_ID, manifest_of, sign


def openssl(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = ["openssl", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path: Path, authority: Authority, issued: Issued) -> Path:
    (tmp_path / "root.pem").write_bytes(authority.root_pem)
    (tmp_path / "wwdr.pem").write_bytes(authority.wwdr_pem)
    (tmp_path / "leaf.pem").write_bytes(issued.certificate_pem)
    return tmp_path


def test_openssl_accepts_the_chain_from_leaf_to_root(folder: Path) -> None:
    chain = ["-CAfile", folder / "root.pem", "-untrusted", folder / "wwdr.pem"]

    result = openssl("verify", "-x509_strict", "-purpose", "any", *chain, folder / "leaf.pem")

    assert result.returncode == 0, result.stderr


def test_openssl_refuses_the_leaf_without_its_intermediate(folder: Path) -> None:
    result = openssl("verify", "-CAfile", folder / "root.pem", folder / "leaf.pem")

    assert "unable to get local issuer" in result.stderr


def test_openssl_accepts_a_server_certificate_for_its_names_only(
    folder: Path, authority: Authority
) -> None:
    issued = authority.server_certificate(["127.0.0.1", "localhost"], now=datetime.now(UTC))
    (folder / "server.pem").write_bytes(issued.certificate_pem)
    checks = ["-x509_strict", "-purpose", "sslserver", "-CAfile", folder / "root.pem"]

    by_ip = openssl("verify", *checks, "-verify_ip", "127.0.0.1", folder / "server.pem")
    by_name = openssl("verify", *checks, "-verify_hostname", "localhost", folder / "server.pem")
    other = openssl("verify", *checks, "-verify_hostname", "example.org", folder / "server.pem")

    assert (by_ip.returncode, by_name.returncode) == (0, 0)
    assert other.returncode != 0


def test_openssl_verifies_a_manifest_signed_with_an_issued_certificate(
    folder: Path, authority: Authority, issued: Issued
) -> None:
    manifest = manifest_of({"pass.json": b"{}"})
    (folder / "manifest.json").write_bytes(manifest)
    (folder / "signature").write_bytes(sign(manifest, authority, issued))
    files = ["-in", folder / "signature", "-content", folder / "manifest.json"]
    trust = ["-CAfile", folder / "root.pem", "-purpose", "any", "-out", "/dev/null"]

    result = openssl("cms", "-verify", "-binary", "-inform", "DER", *files, *trust)

    assert result.returncode == 0, result.stderr


def test_a_pass_certificate_carries_apples_marks(issued: Issued) -> None:
    certificate = x509.load_pem_x509_certificate(issued.certificate_pem)
    subject = certificate.subject

    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    mark = certificate.extensions.get_extension_for_oid(
        x509.ObjectIdentifier("1.2.840.113635.100.6.1.16")
    ).value

    assert subject.get_attributes_for_oid(NameOID.USER_ID)[0].value == PASS_TYPE_ID
    assert subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)[0].value == TEAM_ID
    assert x509.ObjectIdentifier("1.2.840.113635.100.4.14") in usage
    assert ExtendedKeyUsageOID.CLIENT_AUTH in usage
    assert isinstance(mark, x509.UnrecognizedExtension)
    assert mark.value == b"\x0c" + bytes([len(PASS_TYPE_ID)]) + PASS_TYPE_ID.encode()


def test_a_saved_authority_comes_back_and_only_its_owner_can_read_the_keys(
    tmp_path: Path, authority: Authority
) -> None:
    folder = tmp_path / "ca"

    authority.save(folder)
    authority.save(folder)
    loaded = Authority.load(folder)
    issued = loaded.pass_certificate("pass.other", TEAM_ID, now=datetime.now(UTC))

    leaf = x509.load_pem_x509_certificate(issued.certificate_pem)
    leaf.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.wwdr_pem))
    assert loaded.root_pem == authority.root_pem
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(key.stat().st_mode) for key in folder.glob("*.key")} == {0o600}


def test_a_private_key_never_shows_in_a_repr(issued: Issued) -> None:
    assert "PRIVATE KEY" not in repr(issued)
