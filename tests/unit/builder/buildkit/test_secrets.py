"""Secrets are handed out by name, and only those of the build."""

import pytest

from builder.buildkit.grpc import CallRefused, Messages, Status
from builder.buildkit.secrets import GetSecretRequest, GetSecretResponse, Secrets
from builder.buildkit.session import Offer

SECRETS = Secrets({"TOKEN": b"\0\xffbytes", "EMPTY": b""})


@pytest.mark.parametrize(("name", "value"), [("TOKEN", b"\0\xffbytes"), ("EMPTY", b"")])
def test_a_secret_arrives_byte_by_byte(name: str, value: bytes) -> None:
    call = SECRETS.get_secret({})
    call.receive(GetSecretRequest(ID=name).SerializeToString())
    (message,) = Messages().feed(call.more() or b"")
    assert GetSecretResponse.FromString(message).data == value


def test_another_name_is_not_found() -> None:
    with pytest.raises(CallRefused, match="no secret 'OTHER'") as caught:
        SECRETS.get_secret({}).receive(GetSecretRequest(ID="OTHER").SerializeToString())
    assert caught.value.status is Status.NOT_FOUND


def test_what_is_no_request_is_refused() -> None:
    with pytest.raises(CallRefused, match="names no secret"):
        SECRETS.get_secret({}).receive(b"\xff\xff")


def test_what_is_offered_does_not_print_secrets() -> None:
    assert "hush" not in repr(Offer({}, "key", {"TOKEN": b"hush"}))
