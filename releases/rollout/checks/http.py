"""How a container is asked over HTTP, and what of its answer counts."""

import http.client
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

BODY_BYTES = 64 * 1024  # in which the content is looked for
_CHUNK_BYTES = 4096
_LINE_CHARS = 120


class NoAnswer(Exception):
    """Nobody answered, or not in HTTP; the text says which."""


@dataclass(frozen=True)
class Asked:
    """One request. Config vars are filled in: it may hold secrets."""

    address: str
    port: int
    path: str = field(repr=False)
    scheme: str = "http"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout_s: float = 5.0


@dataclass(frozen=True)
class Answer:
    """A status, its words, and the beginning of the body."""

    status: int
    reason: str
    body: bytes

    @property
    def is_good(self) -> bool:
        """Whether it counts: a redirect does."""
        return 200 <= self.status < 400

    def __str__(self) -> str:
        line = next(iter(self.body.decode(errors="replace").strip().splitlines()), "")
        shown = "".join(letter for letter in line if letter.isprintable())[:_LINE_CHARS]
        said = f"{self.status} {self.reason}".strip()
        return f"{said} ({shown})" if shown else said


def ask(asked: Asked) -> Answer:
    """Ask once, following no redirect; NoAnswer."""
    deadline = time.monotonic() + asked.timeout_s
    connection = _connection(asked)
    try:
        connection.request("GET", asked.path, headers={"Accept": "*/*", **asked.headers})
        answer = connection.getresponse()
        return Answer(answer.status, answer.reason, _body(answer, deadline))
    except ConnectionRefusedError as error:
        raise NoAnswer(f"nobody answers on port {asked.port}") from error
    except TimeoutError as error:
        raise NoAnswer(f"no answer within {asked.timeout_s:g} s") from error
    except (
        ValueError,
        http.client.InvalidURL,
    ) as error:  # its text may have a secret's value in it
        raise NoAnswer("the path or a header has characters that HTTP cannot carry") from error
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(f"no HTTP answer: {type(error).__name__}") from error
    finally:
        connection.close()


def _connection(asked: Asked) -> http.client.HTTPConnection:
    if asked.scheme == "http":
        return http.client.HTTPConnection(asked.address, asked.port, timeout=asked.timeout_s)
    # It is asked by its address, for which it can have no certificate.
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(
        asked.address, asked.port, timeout=asked.timeout_s, context=context
    )


def _body(answer: http.client.HTTPResponse, deadline: float) -> bytes:
    """So much of it as comes in time: an endless stream is an answer too."""
    body = b""
    while len(body) < BODY_BYTES and time.monotonic() < deadline:
        try:
            chunk = answer.read1(min(_CHUNK_BYTES, BODY_BYTES - len(body)))
        except TimeoutError:
            break
        if not chunk:
            break
        body += chunk
    return body
