"""A registry of a test's own: Debian's docker-registry on loopback, or with TLS for other hosts."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services import need, running, short_directory, wait_for
from tests.whole import free_port, listens

CERTIFICATES = Path("/etc/docker/certs.d")  # read by dockerd anew for each pull and push


@contextmanager
def loopback_registry(port: int = 0) -> Iterator[str]:
    """Yields `127.0.0.1:<port>`, which every Docker uses without TLS."""
    with _registry("127.0.0.1", port or free_port(), {}) as name:
        yield name


@contextmanager
def tls_registry(address: str) -> Iterator[str]:
    """Yields `<address>:<port>`; the certificate is signed by a CA that Docker is told of."""
    port = free_port()
    known = CERTIFICATES / f"{address}:{port}"
    with short_directory() as directory:
        authority = _authority(directory)
        tls = _certificate(directory, address)
        known.mkdir(parents=True)
        try:
            shutil.copy(authority, known / "ca.crt")
            with _registry(address, port, {"tls": tls}) as name:
                yield name
        finally:
            shutil.rmtree(known)


@contextmanager
def _registry(address: str, port: int, http: dict[str, object]) -> Iterator[str]:
    program = need("docker-registry")
    with short_directory() as directory:
        document = {
            "version": "0.1",
            "log": {"level": "warn"},
            "storage": {"filesystem": {"rootdirectory": str(directory / "data")}},
            "http": {"addr": f"{address}:{port}", **http},
        }
        config = directory / "config.yml"
        config.write_text(json.dumps(document))  # JSON is YAML
        with running([program, "serve", str(config)], directory / "registry.log"):
            wait_for(lambda: listens(address, port), "docker-registry")
            yield f"{address}:{port}"


def _authority(directory: Path) -> Path:
    words = ["-x509", "-nodes", "-days", "2", "-subj", "/CN=Test CA", "-keyout", "ca.key"]
    _openssl(directory, "req", *words, "-out", "ca.crt")
    return directory / "ca.crt"


def _certificate(directory: Path, address: str) -> dict[str, str]:
    (directory / "names").write_text(f"subjectAltName=IP:{address}\n")
    words = ["-new", "-nodes", "-subj", f"/CN={address}", "-keyout", "its.key", "-out", "its.csr"]
    _openssl(directory, "req", *words)
    signed = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names"]
    _openssl(directory, "x509", "-req", "-in", "its.csr", "-days", "2", *signed, "-out", "its.crt")
    return {"certificate": str(directory / "its.crt"), "key": str(directory / "its.key")}


def _openssl(directory: Path, *words: str) -> None:
    command = [need("openssl"), *words]
    subprocess.run(command, cwd=directory, check=True, capture_output=True)
