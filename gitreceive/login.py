"""How many keys a client may offer, and of what kinds: what paramiko 5.1 lacks at the login."""

from typing import Any

import paramiko
from paramiko.auth_handler import AuthHandler
from paramiko.common import AUTH_SUCCESSFUL

_AuthHandler: Any = AuthHandler  # what a server has to change in it has no public name


class _UnreadableKey(paramiko.PKey):
    """Stands for a key of a type that we cannot read; nobody has it."""

    def asbytes(self) -> bytes:
        return b""


class PatientAuthHandler(_AuthHandler):  # type: ignore[misc]  # its private parts are untyped
    """Goes on after a key it cannot read, so that the client's next key gets its turn.

    paramiko hangs up on an sk- (FIDO) key, which OpenSSH may offer first. It also counts
    ten failures, the `none` that clients begin with among them, and does not count the question
    whether a key would do, which is asked of other people's keys too.
    """

    def __init__(self, transport: Any, tries: int) -> None:
        super().__init__(transport)
        self._tries = tries
        self._failures = 0
        self._requests = 0

    def _parse_userauth_request(self, message: Any) -> None:
        self._requests += 1
        if self._requests > 2 * self._tries + 2:  # each key is asked for, then signed with
            self._disconnect_no_more_auth()
        else:
            super()._parse_userauth_request(message)

    def _parse_userauth_info_response(self, message: Any) -> None:
        """Answers that nobody asked for: paramiko reads as many as the message says, 2^32 maybe."""
        self._disconnect_no_more_auth()

    def _send_auth_result(self, username: str, method: str, result: int) -> None:
        self.auth_fail_count = 0
        super()._send_auth_result(username, method, result)
        if result == AUTH_SUCCESSFUL:
            self.transport.packetizer.trust()
        self._failures += method != "none" and result != AUTH_SUCCESSFUL
        if self._failures >= self._tries:
            self._disconnect_no_more_auth()

    def _generate_key_from_request(self, algorithm: str, blob: bytes) -> paramiko.PKey:
        key: paramiko.PKey | None = super()._generate_key_from_request(algorithm, blob)
        return key or _UnreadableKey()
