"""How an engine's messages read. The recordings are of Docker Engine 20.10, as they came."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from builder.docker.progress import Progress
from builder.docker.trace import decode_trace, encode_trace

HERE = Path(__file__).parent
STARTED = {"seconds": 1}


def recording(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HERE / name).read_text().splitlines()]


def read(progress: Progress, messages: Iterable[Mapping[str, Any]]) -> list[str]:
    return [line for message in messages for line in progress.read(message)]


def trace(**fields: object) -> dict[str, str]:
    return {"id": "moby.buildkit.trace", "aux": encode_trace(**fields)}


def test_a_recorded_build_reads_as_its_steps_and_ends_with_its_image() -> None:
    progress = Progress()
    lines = read(progress, recording("built.jsonl"))
    assert [line.partition("] ")[2].split()[0] for line in lines] == [
        "FROM",
        "WORKDIR",
        "RUN",
        "COPY",
    ]
    assert [line.startswith("CACHED [") for line in lines] == [False, True, True, False]
    assert progress.image.startswith("sha256:")
    assert progress.failure is None


def test_a_recorded_failure_shows_the_output_and_names_the_step() -> None:
    progress = Progress()
    lines = read(progress, recording("failed_build.jsonl"))
    assert lines[-3:] == ["x", "é", "partial"]
    assert lines[-4].startswith("[5/5] RUN echo x;")
    assert str(progress.failure).startswith("`RUN echo x; cat /dev/null;")
    assert str(progress.failure).endswith("` ended with exit status 3")


def test_output_of_two_steps_at_once_is_not_mixed_within_a_line() -> None:
    messages = [
        trace(logs=[{"vertex": "a", "stream": 1, "msg": b"one "}]),
        trace(logs=[{"vertex": "b", "stream": 1, "msg": b"two\n"}]),
        trace(logs=[{"vertex": "a", "stream": 1, "msg": b"line\n"}]),
    ]
    assert read(Progress(), messages) == ["two", "one line"]


def test_a_step_is_named_once_and_when_it_starts() -> None:
    waiting = {"digest": "a", "name": b"[stage-0 1/2] RUN x"}
    messages = [
        trace(vertexes=[waiting]),
        trace(vertexes=[{**waiting, "started": STARTED}]),
        trace(vertexes=[{**waiting, "started": STARTED, "completed": STARTED}]),
    ]
    assert read(Progress(), messages) == ["[1/2] RUN x"]


def test_a_name_that_is_not_utf8_does_no_harm() -> None:
    message = trace(vertexes=[{"digest": "a", "name": b"[1/2] RUN \xff", "started": STARTED}])
    assert read(Progress(), [message]) == ["[1/2] RUN \ufffd"]


def test_fields_of_newer_engines_are_skipped() -> None:
    status = decode_trace(trace(vertexes=[{"digest": "a"}])["aux"])
    newer = status.SerializeToString() + b"\x22\x03new"  # field 4: warnings
    assert [vertex.digest for vertex in type(status).FromString(newer).vertexes] == ["a"]


def test_the_classic_builders_messages_read_alike() -> None:
    progress = Progress()
    lines = read(
        progress,
        [
            {"stream": "Step 1/3 : FROM paas/base"},
            {"stream": "\n"},
            {"stream": " ---> 0b8380326512\n"},
            {"stream": "Step 2/3 : WORKDIR /app"},
            {"stream": "\n"},
            {"stream": " ---> Using cache\n"},
            {"stream": "Step 3/3 : RUN make"},
            {"stream": "\n"},
            {"stream": " ---> Running in 35feabb587db\n"},
            {"stream": "\u001b[91mcannot \u001b[0m"},
            {"stream": "\u001b[91mmake\n\u001b[0m"},
            {"error": "The command '/bin/sh -c make' returned a non-zero code: 2"},
        ],
    )
    assert lines == [
        "[1/3] FROM paas/base",
        "CACHED [2/3] WORKDIR /app",
        "[3/3] RUN make",
        "cannot make",
    ]
    assert str(progress.failure) == "`RUN make` ended with exit status 2"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            "failed to solve with frontend dockerfile.v0: failed to create LLB definition: "
            "dockerfile parse error line 1: unknown instruction: FROMX",
            "dockerfile parse error line 1: unknown instruction: FROMX",
        ),
        (
            'process "/bin/sh -c x" did not complete successfully: exit code: 7',
            "`RUN x` ended with exit status 7",
        ),
        (
            "executor failed running [/bin/sh -c x]: failed to create endpoint: no such bridge",
            "`RUN x`: failed to create endpoint: no such bridge",
        ),
    ],
)
def test_a_failure_is_one_plain_line(error: str, message: str) -> None:
    progress = Progress()
    failed = {"digest": "a", "name": b"[1/1] RUN x", "started": STARTED, "error": b"failed"}
    if "parse" not in error:
        read(progress, [trace(vertexes=[failed])])
    read(progress, [{"error": error}])
    assert str(progress.failure) == message
