"""The gRPC server on one connection, against a client of ours that also misbehaves."""

import tracemalloc

import pytest

from builder.buildkit.directory import Directory, directory_of_files
from builder.buildkit.filesync import DIFF_COPY, FIN, REQ, FileSync, Packet
from builder.buildkit.grpc import CallRefused, Metadata, Status, Unary
from builder.buildkit.secrets import GET_SECRET, GetSecretRequest, GetSecretResponse
from builder.buildkit.session import Offer
from tests.integration.builder.buildkit.engine_side import served

pytestmark = pytest.mark.integration

HEALTH = "/grpc.health.v1.Health/Check"
CONTEXT = [(b"dir-name", b"context")]
LARGE = directory_of_files({"large": b"x" * 5_000_000})
OFFER = Offer({"context": LARGE}, "key", {"TOKEN": b"hush"})
ASK, END = (
    Packet(type=REQ, ID=0).SerializeToString(),
    Packet(type=FIN).SerializeToString(),
)


def test_the_engine_is_told_that_the_session_lives() -> None:
    with served(OFFER.methods()) as engine:
        stream = engine.call(HEALTH, (), b"")
        assert engine.status(stream) == (0, "")
        assert engine.messages(stream) == [b"\x08\x01"]


@pytest.mark.parametrize(
    "path", ["/moby.filesync.v1.Auth/Credentials", "/moby.filesync.v1.FileSync/TarStream", "", "/"]
)
def test_what_is_not_offered_is_unimplemented(path: str) -> None:
    with served(OFFER.methods()) as engine:
        assert engine.status(engine.call(path, (), b"anything"))[0] == Status.UNIMPLEMENTED
        assert engine.status(engine.call(HEALTH, (), b"")) == (0, "")


@pytest.mark.parametrize("window", [1, 1000, 65535, 1 << 24])
def test_a_file_arrives_whole_whatever_the_window(window: int) -> None:
    sync = FileSync({"context": directory_of_files({"file": b"y" * 3000})})
    with served({DIFF_COPY: sync.diff_copy}, window) as engine:
        stream = engine.call(DIFF_COPY, CONTEXT, end=False)
        while len(engine.messages(stream)) < 2:
            engine.read()
        engine.say(stream, ASK, END)
        assert engine.status(stream) == (0, "")
        packets = [Packet.FromString(message) for message in engine.messages(stream)]
        assert b"".join(packet.data for packet in packets) == b"y" * 3000


def test_a_client_that_takes_nothing_costs_one_batch_and_holds_up_no_other_call() -> None:
    with served(OFFER.methods(), window=0) as engine:
        stream = engine.call(DIFF_COPY, CONTEXT, end=False)
        engine.http.increment_flow_control_window(1000, stream)
        engine.flush()
        while len(engine.messages(stream)) < 2:
            engine.read()
        tracemalloc.start()
        engine.say(stream, ASK)
        for _ in range(20):
            other = engine.call(HEALTH, (), b"")
            engine.http.increment_flow_control_window(100, other)
            engine.flush()
            assert engine.status(other) == (0, "")
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
        tracemalloc.stop()


def test_a_source_that_was_cut_off_ends_the_call_with_the_reason() -> None:
    cut = Directory(LARGE.entries, lambda _place, _size: b"")
    with served({DIFF_COPY: FileSync({"context": cut}).diff_copy}) as engine:
        stream = engine.call(DIFF_COPY, CONTEXT, end=False)
        while len(engine.messages(stream)) < 2:
            engine.read()
        engine.say(stream, ASK)
        assert engine.status(stream) == (2, "the stored source was cut off; push again")


def test_many_calls_at_once_are_answered_each() -> None:
    request = GetSecretRequest(ID="TOKEN").SerializeToString()
    with served(OFFER.methods()) as engine:
        streams = [engine.call(GET_SECRET, (), request) for _ in range(90)]
        for stream in streams:
            assert engine.status(stream) == (0, "")
            (message,) = engine.messages(stream)
            assert GetSecretResponse.FromString(message).data == b"hush"


def test_a_call_that_is_given_up_at_once_does_not_disturb_the_rest() -> None:
    with served(OFFER.methods()) as engine:
        for _ in range(50):
            stream = engine.call(DIFF_COPY, CONTEXT, end=False)
            engine.http.reset_stream(stream)
        head = [(b":method", b"POST"), (b":path", b"/none"), (b":scheme", b"http")]
        stream = engine.http.get_next_available_stream_id()
        engine.http.send_headers(stream, [*head, (b":authority", b"x")])
        engine.http.reset_stream(stream)  # both in one packet
        engine.flush()
        assert engine.status(engine.call(HEALTH, (), b"")) == (0, "")


def test_a_call_that_ends_before_it_asks_is_told_so() -> None:
    with served(OFFER.methods()) as engine:
        status, reason = engine.status(engine.call(GET_SECRET))
        assert (status, reason) == (3, "the call ended before it asked anything")


@pytest.mark.parametrize("prefix", [b"\1\0\0\0\0", b"\0\xff\xff\xff\xff"], ids=["packed", "long"])
def test_a_frame_that_is_not_read_ends_its_call_alone(prefix: bytes) -> None:
    with served(OFFER.methods()) as engine:
        stream = engine.call(GET_SECRET, (), end=False)
        engine.http.send_data(stream, prefix + b"x" * 1000)
        engine.flush()
        assert engine.status(stream)[0] in (Status.UNIMPLEMENTED, Status.RESOURCE_EXHAUSTED)
        engine.http.send_data(stream, b"x" * 1000)  # nobody listens any more
        assert engine.status(engine.call(HEALTH, (), b"")) == (0, "")


def test_the_patterns_of_a_long_dockerignore_fit() -> None:
    seen: list[int] = []

    def count(metadata: Metadata) -> Unary:
        seen.append(len(metadata["exclude-patterns"]))
        raise CallRefused(Status.NOT_FOUND, "ü")

    patterns = [(b"exclude-patterns", b"some/longer/path/%d" % number) for number in range(3000)]
    with served({"/count": count}) as engine:
        assert engine.http.remote_settings.max_header_list_size == 1 << 20
        assert engine.status(engine.call("/count", patterns)) == (5, "%C3%BC")
    assert seen == [3000]


def test_names_that_are_not_text_are_told_apart() -> None:
    seen: list[str] = []

    def remember(metadata: Metadata) -> Unary:
        seen.extend(metadata["followpaths"])
        return Unary(bytes)

    names = [(b"followpaths", name) for name in (b"\xff", "ü ".encode(), b"\xff\xfe")]
    with served({"/names": remember}) as engine:
        engine.status(engine.call("/names", names, b""))
    assert seen == ["\udcff", "ü ", "\udcff\udcfe"]


def test_what_is_no_http_2_ends_the_connection() -> None:
    with served(OFFER.methods()) as engine:
        engine.socket.sendall(bytes(100))
        while engine.socket.recv(65536):
            continue
