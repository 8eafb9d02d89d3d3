"""What a key is to us: reading a public key line, and the server's own host key."""

import base64
import binascii
import os
import re
from pathlib import Path

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from releases.errors import BadInput

_TYPES = {
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
}
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._@-]{0,62}[A-Za-z0-9])?")
_MIN_RSA_BITS = 2048


class BadKey(BadInput):
    """What was given is not one public key that can log in."""


def check_key_name(name: str) -> str:
    """Return the name, or raise BadKey."""
    if not _NAME.fullmatch(name):
        raise BadKey(
            f"key name {name[:40]!r} cannot be used: 1 to 64 letters, digits and . _ @ -, "
            "beginning and ending with a letter or digit"
        )
    return name


def parse_public_key(text: str) -> tuple[str, str]:
    """The key of `ssh-ed25519 AAAA... comment` as (fingerprint, line without the comment)."""
    kind, blob = _split(text)
    try:
        key = paramiko.PKey.from_type_string(kind, blob)
    except (paramiko.SSHException, ValueError, TypeError, EOFError, IndexError) as error:
        raise BadKey(f"this {kind} key is damaged; copy the whole line of the .pub file") from error
    if key.asbytes() != blob:
        raise BadKey(f"this {kind} key is damaged; copy the whole line of the .pub file")
    if kind == "ssh-rsa" and key.get_bits() < _MIN_RSA_BITS:
        raise BadKey(
            f"this RSA key has {key.get_bits()} bits, and {_MIN_RSA_BITS} are needed; "
            "make one with ssh-keygen -t ed25519"
        )
    return key.fingerprint, f"{kind} {base64.b64encode(blob).decode()}"


def _split(text: str) -> tuple[str, bytes]:
    if "PRIVATE KEY" in text:
        raise BadKey("this is a private key, keep it to yourself; give the .pub file beside it")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        raise BadKey("no key given; use keys:add <name> < ~/.ssh/id_ed25519.pub")
    if len(lines) > 1:
        raise BadKey(f"{len(lines)} lines given; add keys one by one, each under its own name")
    kind, _, rest = lines[0].strip().partition(" ")
    if kind.startswith("sk-"):
        raise BadKey("FIDO (sk-) keys cannot log in yet; give an ed25519, ecdsa or rsa key")
    if kind not in _TYPES:
        raise BadKey(
            f"{kind[:40]!r} is no type of public key; give a line like `ssh-ed25519 AAAA...`"
        )
    try:
        return kind, base64.b64decode((rest.split() or [""])[0], validate=True)
    except binascii.Error as error:
        raise BadKey(f"this {kind} key is damaged; copy the whole line of the .pub file") from error


def host_key(path: Path) -> paramiko.PKey:
    """The server's ed25519 key, made (mode 600, with a .pub beside it) where there is none."""
    if not path.exists():
        _make_host_key(path)
    return paramiko.Ed25519Key.from_private_key_file(str(path))


def _make_host_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = ed25519.Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    path.with_name(f"{path.name}.pub").write_bytes(public + b"\n")
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_bytes(private)
    fresh.replace(path)  # whole or not at all, whenever we are killed
