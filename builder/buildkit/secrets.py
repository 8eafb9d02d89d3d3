"""How a build step is given its secrets: out of our memory, one by one, as it mounts them."""

from collections.abc import Mapping

from google.protobuf.message import DecodeError

from builder.buildkit.grpc import CallRefused, Metadata, Status, Unary
from builder.buildkit.protobuf import Table, declare

GET_SECRET = "/moby.buildkit.secrets.v1.Secrets/GetSecret"  # noqa: S105 - a method's name

_TABLE: Table = {
    "GetSecretRequest": {"ID": (1, "string")},
    "GetSecretResponse": {"data": (1, "bytes")},
}
_MESSAGES = declare("moby.buildkit.secrets.v1", _TABLE)
GetSecretRequest = _MESSAGES["GetSecretRequest"]
GetSecretResponse = _MESSAGES["GetSecretResponse"]


class Secrets:
    """Hands out values by name."""

    def __init__(self, values: Mapping[str, bytes]) -> None:
        self._values = values

    def get_secret(self, _: Metadata) -> Unary:
        """Begin a call."""
        return Unary(self._answer)

    def _answer(self, message: bytes) -> bytes:
        try:
            name = GetSecretRequest.FromString(message).ID
        except DecodeError as error:
            raise CallRefused(Status.INVALID_ARGUMENT, "that names no secret") from error
        if name not in self._values:
            raise CallRefused(Status.NOT_FOUND, f"there is no secret {name[:100]!r} for this build")
        return bytes(GetSecretResponse(data=self._values[name]).SerializeToString())
