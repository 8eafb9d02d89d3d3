"""The shape of BuildKit's progress messages (moby.buildkit.v1.StatusResponse)."""

import base64
from typing import Any

from builder.buildkit.protobuf import TIME, Table, declare

# Text is declared as bytes where a build can put anything into it: protobuf refuses a whole
# message for one name that is not UTF-8.
_MESSAGES: Table = {
    "Vertex": {
        "digest": (1, "string"),
        "name": (3, "bytes"),
        "cached": (4, "bool"),
        "started": (5, TIME),
        "completed": (6, TIME),
        "error": (7, "bytes"),
    },
    "VertexLog": {
        "vertex": (1, "string"),
        "stream": (3, "int64"),
        "msg": (4, "bytes"),
    },
    "StatusResponse": {
        "vertexes": (1, "*Vertex"),
        "logs": (3, "*VertexLog"),
    },
}


def decode_trace(aux: str) -> Any:
    """One `moby.buildkit.trace` payload, base64 of a StatusResponse, as a message."""
    return _STATUS_RESPONSE.FromString(base64.b64decode(aux))


def encode_trace(**fields: object) -> str:
    """The reverse of `decode_trace`."""
    return base64.b64encode(_STATUS_RESPONSE(**fields).SerializeToString()).decode()


_STATUS_RESPONSE = declare("moby.buildkit.v1", _MESSAGES)["StatusResponse"]
