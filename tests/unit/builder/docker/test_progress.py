"""How an engine's messages read. The recordings are of Docker Engine 20.10, as they came."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from builder.docker.mask import mask_of
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


def test_steps_that_run_at_once_each_mark_their_lines() -> None:
    lines = read(Progress(), recording("parallel_stages.jsonl"))
    output = [line for line in lines if "ing " in line and "RUN" not in line]
    assert len(output) == 6
    assert {line.rpartition(" ")[0] for line in output} == {
        "[build 3/4] building",
        "[docs 1/1] writing",
    }


def test_a_step_that_took_over_a_second_says_how_long() -> None:
    lines = read(Progress(), recording("parallel_stages.jsonl"))
    assert [line for line in lines if "took" in line] == [
        "[docs 1/1] took 1.5 s",
        "[build 3/4] took 1.8 s",
    ]


def test_the_record_has_each_step_with_its_time_and_whether_the_cache_had_it() -> None:
    progress = Progress()
    read(progress, recording("changed_stages.jsonl"))
    steps = {step.name.partition("] ")[0] + "]": step for step in progress.steps}
    assert [tag for tag, step in steps.items() if not step.cached] == [
        "[base 1/1]",
        "[build 4/4]",
        "[stage-3 2/3]",
        "[stage-3 3/3]",
    ]
    assert all(0 < steps[tag].took_s < 1 for tag in ("[build 4/4]", "[stage-3 2/3]"))
    assert steps["[build 3/4]"].name == (
        "[build 3/4] RUN for i in 1 2 3; do echo building $i; sleep 0.5; done"
    )


def test_a_base_image_is_named_alike_whether_the_engine_calls_it_cached_or_not() -> None:
    for name in ("parallel_stages.jsonl", "failed_stage.jsonl"):
        first, *_ = read(Progress(), recording(name))
        assert first == "[base 1/1] FROM paas/stack:bookworm-1c26a7dd5443"


def test_a_step_that_runs_carries_its_reason_in_the_log_and_in_the_record() -> None:
    asked: list[str] = []

    def explain(name: str) -> str:
        asked.append(name)
        return "app.py changed" if "COPY . ." in name else ""

    progress = Progress(explain)
    lines = read(progress, recording("changed_stages.jsonl"))
    assert "[build 4/4] COPY . .  (app.py changed)" in lines
    assert [step.why for step in progress.steps if "COPY . ." in step.name] == ["app.py changed"]
    assert "[build 3/4]" not in " ".join(asked)  # the cache had it


def test_the_failure_names_the_step_that_failed_not_one_that_was_ended_with_it() -> None:
    progress = Progress()
    lines = read(progress, recording("failed_stage.jsonl"))
    assert "echo broken >&2; exit 4;" in str(progress.failure)
    assert lines[-5:] == [
        "The last lines of [docs 1/1]:",
        "writing 1",
        "writing 2",
        "writing 3",
        "broken",
    ]


def test_a_long_step_is_shown_short_and_kept_whole() -> None:
    name = b"[2/3] RUN --mount=type=cache,target=/c --network=none " + b"make " * 60
    progress = Progress()
    (line,) = read(progress, [trace(vertexes=[{"digest": "a", "name": name, "started": STARTED}])])
    assert line.startswith("[2/3] RUN --network=none make make")
    assert len(line) == 120
    assert len(progress.steps[0].name) > 300


def test_steps_of_the_engines_own_are_told_only_if_they_take_long() -> None:
    def export(seconds: int) -> dict[str, object]:
        ended = {"seconds": 1 + seconds}
        return {
            "digest": f"{seconds}",
            "name": b"exporting to image",
            "started": STARTED,
            "completed": ended,
        }

    progress = Progress()
    assert read(progress, [trace(vertexes=[export(0)]), trace(vertexes=[export(3)])]) == [
        "exporting to image took 3.0 s"
    ]
    assert [step.took_s for step in progress.steps] == [3.0]


def test_a_secret_is_masked_in_names_output_and_reasons() -> None:
    progress = Progress(mask=mask_of(["hunter22"]))
    step = {"digest": "a", "name": b"[1/1] COPY hunter22 /x", "started": STARTED}
    lines = read(
        progress,
        [
            trace(vertexes=[step], logs=[{"vertex": "a", "stream": 1, "msg": b"is hunter22\n"}]),
            trace(vertexes=[{**step, "error": b"no"}]),
            {"error": '"/hunter22" not found'},
        ],
    )
    assert lines == ["[1/1] COPY **** /x", "is ****"]
    assert str(progress.failure) == '`COPY **** /x`: "/****" not found'


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
    ticks = iter([10.0, 10.0, 10.0, 10.5, 10.5])
    progress = Progress(clock=lambda: next(ticks))
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
    assert [(step.cached, step.took_s) for step in progress.steps] == [
        (False, 0.0),
        (True, 0.5),
        (False, 0.0),
    ]


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
