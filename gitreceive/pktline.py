"""The two places of git's push protocol where we look in: ref commands and the report."""

from collections.abc import Callable

from dulwich.protocol import PktLineParser, pkt_line

from gitreceive.limits import Limits
from releases.errors import BadInput

_DECLINED = b"pre-receive hook declined"
_MAX_BAND = 65_515
_HELD = 16_384
_SHA256 = 64  # hex digits
USE_SHA1 = "push from one made with git init --object-format=sha1"


class BadPushRequest(BadInput):
    """What the client sent before its pack is not a push that git would send."""


class CommandGate:
    """Reads ref commands and push options on their way to git, and bounds them.

    git itself takes any number of them into memory (60,000 cost 13 s of CPU and 204 MB).
    Line breaks and other control characters inside them are refused, so that the hook's
    lines say what git has understood.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._buffer = bytearray()
        self._lines = 0
        self._refs = 0
        self._bytes = 0
        self._section = "commands"
        self._capabilities: list[bytes] = []
        self.options: list[str] = []

    @property
    def is_silent(self) -> bool:
        """Whether the client has sent nothing at all."""
        return not self._bytes

    @property
    def is_empty(self) -> bool:
        """Whether the client has said that it pushes no ref at all."""
        return self._section == "pack" and not self._refs

    def feed(self, data: bytes) -> bytes:
        """Return the data to hand on; BadPushRequest."""
        if self._section == "pack":
            return data
        self._bytes += len(data)
        self._buffer += data
        while self._section != "pack" and self._next_line():
            pass
        if self._section != "pack" and self._bytes > self._limits.ref_command_bytes:
            raise BadPushRequest("too much was sent before the pack; push fewer refs at once")
        return data

    def _next_line(self) -> bool:
        if len(self._buffer) < 4:
            return False
        size = _length(bytes(self._buffer[:4]))
        if size == 0:
            del self._buffer[:4]
            self._end_section()
            return True
        if len(self._buffer) < size:
            return False
        payload = bytes(self._buffer[4:size])
        del self._buffer[:size]
        self._take(payload)
        return True

    def _end_section(self) -> None:
        wants_options = self._section == "commands" and b"push-options" in self._capabilities
        self._section = "options" if wants_options else "pack"

    def _take(self, payload: bytes) -> None:
        self._lines += 1
        if self._lines > self._limits.ref_commands:
            raise BadPushRequest(f"more than {self._limits.ref_commands} refs in one push")
        line, _, capabilities = payload.partition(b"\0")
        text = line.removesuffix(b"\n")
        if self._section == "commands" and not line.startswith(b"shallow "):
            self._refs += 1
            self._capabilities += capabilities.split()  # git reads them behind any command
            if capabilities or self._refs == 1:
                self._check_format(text)
        is_odd = any(byte < 0x20 for byte in text) or b"\0" in capabilities
        if is_odd or text.startswith(b"push-cert"):
            raise BadPushRequest("a ref command that git does not send")
        if self._section == "options":
            self.options.append(text.decode(errors="replace"))

    def _check_format(self, line: bytes) -> None:
        is_sha256 = b"object-format=sha256" in self._capabilities or line.find(b" ") == _SHA256
        if is_sha256:
            raise BadPushRequest(f"SHA-256 repositories cannot be pushed; {USE_SHA1}")


def _length(digits: bytes) -> int:
    try:
        size = int(digits, 16)
    except ValueError as error:
        raise BadPushRequest("this is not git's push protocol") from error
    if 0 < size < 4 or digits.strip(b"0123456789abcdefABCDEF"):
        raise BadPushRequest("this is not git's push protocol")
    return size


class ReportFilter:
    """Puts our reason into git's report where it says that the hook declined.

    Everything else passes at once: progress, errors and the empty packets by which
    git keeps the line alive.
    """

    def __init__(self, reason: Callable[[], str]) -> None:
        self._reason = reason
        self.failure = ""  # the first line of the report that says that something went wrong
        self._parser = PktLineParser(self._packet)
        self._advertised = False
        self._report = b""
        self._out = b""

    def feed(self, data: bytes) -> bytes:
        """What to send for what git wrote.

        The list of refs goes as one, as long as it is short: a client that gives up at its first
        line (SHA-256) would miss what we have to say, for its ssh dies of what comes after it.
        """
        self._parser.parse(data)
        if not self._advertised and len(self._out) < _HELD:
            return b""
        return self._take()

    def close(self) -> bytes:
        """What is left when git ended in the middle of a report."""
        self._send_report()
        return self._take() + self._parser.get_tail()

    def _take(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def _packet(self, payload: bytes | None) -> None:
        if payload is None:
            self._advertised = True
            self._send_report()
            self._out += pkt_line(None)
        elif not self._advertised or payload == b"\x01" or payload[:1] in (b"\x02", b"\x03"):
            self._out += pkt_line(payload)
        elif payload[:1] == b"\x01":
            self._report += payload[1:]
        else:
            self._out += pkt_line(self._explained(payload))

    def _send_report(self) -> None:
        lines: list[bytes | None] = []
        parser = PktLineParser(lines.append)
        parser.parse(self._report)
        report = b"".join(pkt_line(line and self._explained(line)) for line in lines)
        report += parser.get_tail()
        self._report = b""
        for start in range(0, len(report), _MAX_BAND):
            self._out += pkt_line(b"\x01" + report[start : start + _MAX_BAND])

    def _explained(self, line: bytes) -> bytes:
        text = line.rstrip(b"\n")
        is_bad = text.startswith((b"ng ", b"unpack ")) and text != b"unpack ok"
        if is_bad and not self.failure:
            self.failure = text.decode(errors="replace")
        reason = self._reason()
        if not (reason and text.startswith(b"ng ") and text.endswith(b" " + _DECLINED)):
            return line
        return text.removesuffix(_DECLINED) + reason.encode(errors="replace") + b"\n"
