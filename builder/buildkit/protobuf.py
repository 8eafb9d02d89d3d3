"""How a table of fields becomes protobuf messages, without generated code."""

from collections.abc import Mapping
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field

# Message -> field -> (number, type). The type is a scalar, another message of the table or the
# full name of a message of protobuf's own; "*" in front marks a repeated field. Numbers are the
# other side's wire format, so they never change; fields that are not listed are skipped when read.
Table = Mapping[str, Mapping[str, tuple[int, str]]]

TIME = ".google.protobuf.Timestamp"
_SCALARS = {
    "string": Field.TYPE_STRING,
    "bytes": Field.TYPE_BYTES,
    "bool": Field.TYPE_BOOL,
    "int64": Field.TYPE_INT64,
    "uint32": Field.TYPE_UINT32,
}


def declare(package: str, table: Table) -> dict[str, Any]:
    """A class for each message of the table, by name."""
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{package}.proto",
        package=package,
        syntax="proto3",
        dependency=[timestamp_pb2.DESCRIPTOR.name],
    )
    for name, fields in table.items():
        message = file.message_type.add(name=name)
        for field_name, (number, kind) in fields.items():
            message.field.append(_field(package, field_name, number, kind))
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}"))
        for name in table
    }


def _field(package: str, name: str, number: int, kind: str) -> Field:
    label = Field.LABEL_REPEATED if kind.startswith("*") else Field.LABEL_OPTIONAL
    kind = kind.removeprefix("*")
    if kind in _SCALARS:
        return Field(name=name, number=number, label=label, type=_SCALARS[kind])
    type_name = kind if kind.startswith(".") else f".{package}.{kind}"
    return Field(
        name=name, number=number, label=label, type=Field.TYPE_MESSAGE, type_name=type_name
    )
