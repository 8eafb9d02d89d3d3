"""Which lines are public keys."""

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from gitreceive.keys import BadKey, check_key_name, host_key, parse_public_key


def line(key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    """The key as OpenSSH writes it."""
    encoding = (serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return key.public_key().public_bytes(*encoding).decode()


ED25519 = line(ed25519.Ed25519PrivateKey.from_private_bytes(b"\x01" * 32))


def test_the_fingerprint_is_openssh_s_and_the_comment_goes() -> None:
    fingerprint, kept = parse_public_key(f"\n  {ED25519} me@example.org with spaces\n\n")
    assert "=" not in fingerprint
    assert kept == ED25519
    assert fingerprint.startswith("SHA256:")
    assert len(fingerprint) == 50


def test_ecdsa_and_long_rsa_keys_are_taken_and_short_rsa_keys_are_not() -> None:
    assert parse_public_key(line(ec.generate_private_key(ec.SECP256R1())))
    assert parse_public_key(line(rsa.generate_private_key(65537, 2048)))
    with pytest.raises(BadKey, match="has 1024 bits"):
        parse_public_key(line(rsa.generate_private_key(65537, 1024)))  # noqa: S505 - the point


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no key given"),
        ("# only a comment\n", "no key given"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n", "this is a private key"),
        (f"{ED25519}\n{ED25519}\n", "2 lines given"),
        ("garbage", "no type of public key"),
        (f'command="id" {ED25519}', "no type of public key"),
        ("ssh-dss AAAAB3NzaC1kc3M=", "no type of public key"),
        ("sk-ssh-ed25519@openssh.com AAAA", "FIDO"),
        ("ssh-ed25519", "damaged"),
        ("ssh-ed25519 AAAA", "damaged"),
        ("ssh-ed25519 !!!!", "damaged"),
        ("ssh-rsa AAAAB3NzaC1yc2E=", "damaged"),
        (ED25519.replace("ssh-ed25519", "ssh-rsa"), "damaged"),
        (ED25519[:-8], "damaged"),
        (ED25519 + "AAAA", "damaged"),
    ],
)
def test_everything_else_is_refused_with_a_line_that_says_why(text: str, complaint: str) -> None:
    with pytest.raises(BadKey, match=complaint) as refused:
        parse_public_key(text)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["a", "alice", "alice@laptop", "CI-2.x_y"])
def test_names_that_a_key_may_have(name: str) -> None:
    assert check_key_name(name) == name


@pytest.mark.parametrize("name", ["", "a b", "-a", "a\n", "x" * 65, "../x", "a'"])
def test_names_that_no_key_may_have(name: str) -> None:
    with pytest.raises(BadKey):
        check_key_name(name)


def test_the_host_key_is_made_once_for_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "host_key"
    made = host_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert host_key(path).fingerprint == made.fingerprint
    fingerprint, _ = parse_public_key(path.with_suffix(".pub").read_text())
    assert fingerprint == made.fingerprint
    assert sorted(found.name for found in path.parent.iterdir()) == ["host_key", "host_key.pub"]
