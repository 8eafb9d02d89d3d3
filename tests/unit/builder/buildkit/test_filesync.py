"""The packets of a sync, against the bytes that BuildKit's own library writes and reads."""

import pytest

from builder.buildkit.directory import Directory, directory_of_files
from builder.buildkit.filesync import DATA, ERR, FIN, REQ, STAT, DiffCopy, FileSync, Packet
from builder.buildkit.grpc import CallRefused, Messages, Status, frame

FILES = directory_of_files({"a/one": b"1" * 150_000, "two": b"22", "empty": b""})
NAMES = ["a", "a/one", "empty", "two"]


def packets(call: DiffCopy) -> list[Packet]:
    """All that the call has to say for now."""
    messages = Messages()
    found = []
    while more := call.more():
        found += [Packet.FromString(message) for message in messages.feed(more)]
    return found


def ask(call: DiffCopy, number: int) -> None:
    call.receive(Packet(type=REQ, ID=number).SerializeToString())


def begun(directory: Directory = FILES) -> DiffCopy:
    """A call that has told of all entries."""
    call = DiffCopy(directory, directory.entries)
    packets(call)
    return call


def test_a_stat_is_encoded_as_on_the_wire() -> None:
    one = directory_of_files({"ü": b"abc"})
    mtime = one.entries[0].mtime_ns
    varint = bytearray()
    while mtime:
        varint.append(mtime & 0x7F | (0x80 if mtime > 0x7F else 0))
        mtime >>= 7
    stat = b"\x0a\x02\xc3\xbc\x10\xa4\x03\x28\x03\x30" + bytes(varint)
    packet = b"\x12" + bytes([len(stat)]) + stat
    assert DiffCopy(one, one.entries).more() == frame(packet) + frame(b"")


def test_all_entries_are_told_of_in_order_and_then_that_these_were_all() -> None:
    said = packets(DiffCopy(FILES, FILES.entries))
    assert [packet.type for packet in said] == [STAT] * 5
    assert [packet.stat.path.decode() for packet in said[:4]] == NAMES
    assert not said[4].HasField("stat")


def test_contents_come_for_what_is_asked_for_each_with_an_empty_packet_at_its_end() -> None:
    call = begun()
    for number in (1, 3, 2):
        ask(call, number)
    contents: dict[int, bytes] = {}
    ended = []
    for packet in packets(call):
        assert packet.type == DATA
        contents[packet.ID] = contents.get(packet.ID, b"") + packet.data
        if not packet.data:
            ended.append(packet.ID)
    assert contents == {1: b"1" * 150_000, 3: b"22", 2: b""}
    assert ended == [1, 3, 2]


def test_a_large_file_is_sent_in_parts() -> None:
    call = begun()
    ask(call, 1)
    parts = []
    while more := call.more():
        parts.append(len(more))
    assert len(parts) > 2
    assert max(parts) < 100_000


def test_the_end_is_answered_and_then_the_call_is_over() -> None:
    call = begun()
    call.receive(Packet(type=FIN).SerializeToString())
    assert call.more() == frame(Packet(type=FIN).SerializeToString())
    assert call.more() is None


@pytest.mark.parametrize("number", [0, 4, 2**32 - 1], ids=["a directory", "beyond", "far beyond"])
def test_a_request_for_what_is_no_file_ends_the_call(number: int) -> None:
    with pytest.raises(CallRefused, match="no file") as caught:
        ask(begun(), number)
    assert caught.value.status is Status.INVALID_ARGUMENT


def test_a_file_is_given_once() -> None:
    call = begun()
    ask(call, 3)
    with pytest.raises(CallRefused, match="no file 3"):
        ask(call, 3)


def test_a_file_is_not_given_before_it_was_told_of() -> None:
    with pytest.raises(CallRefused, match="no file 1"):
        ask(DiffCopy(FILES, FILES.entries), 1)


@pytest.mark.parametrize(
    ("message", "status"),
    [
        (b"\xff\xff\xff", Status.INVALID_ARGUMENT),
        (Packet(type=STAT).SerializeToString(), Status.INVALID_ARGUMENT),
        (Packet(type=99).SerializeToString(), Status.INVALID_ARGUMENT),
        (Packet(type=ERR, data=b"disk full").SerializeToString(), Status.CANCELLED),
    ],
)
def test_any_other_message_ends_the_call(message: bytes, status: Status) -> None:
    with pytest.raises(CallRefused) as caught:
        begun().receive(message)
    assert caught.value.status is status


def test_a_source_that_was_cut_off_ends_the_call() -> None:
    entries = FILES.entries
    call = begun(Directory(entries, lambda _place, _size: b"short"))
    ask(call, 1)
    with pytest.raises(CallRefused, match="cut off"):
        call.more()


SYNC = FileSync({"context": FILES, "dockerfile": directory_of_files({"Dockerfile": b"FROM x"})})


@pytest.mark.parametrize("name", ["", "/", "..", "../../etc", "secrets", "Context"])
def test_a_directory_that_is_not_shown_is_not_found(name: str) -> None:
    with pytest.raises(CallRefused) as caught:
        SYNC.diff_copy({"dir-name": [name]})
    assert caught.value.status is Status.NOT_FOUND


def test_paths_above_the_directory_lead_nowhere() -> None:
    asked = {"dir-name": ["dockerfile"], "followpaths": ["../context/two", "/etc/passwd"]}
    assert [packet.HasField("stat") for packet in packets(SYNC.diff_copy(asked))] == [False]


def test_escaped_names_are_read_where_the_engine_says_that_it_escaped() -> None:
    shown = FileSync({"context": directory_of_files({"ü+x": b"", "%C3%BC+x": b""})})

    def told(asked: dict[str, list[str]]) -> list[str]:
        call = shown.diff_copy({"dir-name": ["context"], **asked})
        return [packet.stat.path.decode() for packet in packets(call)[:-1]]

    assert told({"followpaths": ["%C3%BC%2Bx"], "followpaths-encoded": ["1"]}) == ["ü+x"]
    assert told({"followpaths": ["%C3%BC+x"]}) == ["%C3%BC+x"]


@pytest.mark.parametrize("key", ["followpaths", "include-patterns"])
def test_the_dockerignore_is_not_applied_a_second_time(key: str) -> None:
    shown = FileSync({"context": directory_of_files({".dockerignore": b"two", "two": b""})})
    call = shown.diff_copy({"dir-name": ["context"], key: [".dockerignore"]})
    assert len(packets(call)) == 1
    everything = shown.diff_copy({"dir-name": ["context"]})
    assert len(packets(everything)) == 3


def test_too_many_patterns_are_refused() -> None:
    with pytest.raises(CallRefused, match="more than 1000 patterns") as caught:
        SYNC.diff_copy({"dir-name": ["context"], "exclude-patterns": ["x"] * 1001})
    assert caught.value.status is Status.INVALID_ARGUMENT
