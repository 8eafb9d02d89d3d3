"""The shape of BuildKit's progress messages (moby.buildkit.v1.StatusResponse)."""

import base64
from collections.abc import Mapping
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field

_PACKAGE = "moby.buildkit.v1"
_TIME = ".google.protobuf.Timestamp"

# Message -> field -> (number, type); "*" marks a repeated field. Numbers are BuildKit's wire
# format, so they never change; fields that are not listed are skipped by the decoder.
# Text is declared as bytes where a build can put anything into it: protobuf refuses a whole
# message for one name that is not UTF-8.
_MESSAGES: Mapping[str, Mapping[str, tuple[int, str]]] = {
    "Vertex": {
        "digest": (1, "string"),
        "name": (3, "bytes"),
        "cached": (4, "bool"),
        "started": (5, _TIME),
        "completed": (6, _TIME),
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
_SCALARS = {
    "string": Field.TYPE_STRING,
    "bytes": Field.TYPE_BYTES,
    "bool": Field.TYPE_BOOL,
    "int64": Field.TYPE_INT64,
}


def decode_trace(aux: str) -> Any:
    """One `moby.buildkit.trace` payload, base64 of a StatusResponse, as a message."""
    return _STATUS_RESPONSE.FromString(base64.b64decode(aux))


def encode_trace(**fields: object) -> str:
    """The reverse of `decode_trace`."""
    return base64.b64encode(_STATUS_RESPONSE(**fields).SerializeToString()).decode()


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="builder/trace.proto",
        package=_PACKAGE,
        syntax="proto3",
        dependency=[timestamp_pb2.DESCRIPTOR.name],
    )
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field_name, (number, kind) in fields.items():
            message.field.append(_field(field_name, number, kind))
    return file


def _field(name: str, number: int, kind: str) -> Field:
    label = Field.LABEL_REPEATED if kind.startswith("*") else Field.LABEL_OPTIONAL
    kind = kind.removeprefix("*")
    if kind in _SCALARS:
        return Field(name=name, number=number, label=label, type=_SCALARS[kind])
    type_name = kind if kind.startswith(".") else f".{_PACKAGE}.{kind}"
    return Field(
        name=name, number=number, label=label, type=Field.TYPE_MESSAGE, type_name=type_name
    )


def _status_response() -> Any:
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(_file())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.StatusResponse"))


_STATUS_RESPONSE = _status_response()
