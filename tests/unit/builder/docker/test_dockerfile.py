"""What the builder understands of a Dockerfile's text."""

import pytest

from builder.docker.dockerfile import cache_namespace, takes, without_mounts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RUN --mount=type=cache,target=/c pip install x\n", "RUN pip install x\n"),
        ("RUN --mount=type=cache,target=/a --mount=type=bind,target=/b x\n", "RUN x\n"),
        ("RUN --network=none --mount=type=cache,target=/a x\n", "RUN --network=none x\n"),
        ("run --mount=type=tmpfs,target=/a \\\n    x\n", "run \\\n    x\n"),
        ("RUN \\\n  --mount=type=cache,target=/a \\\n  x\n", "RUN \\\n  \\\n  x\n"),
        ("RUN echo --mount=type=cache\n", "RUN echo --mount=type=cache\n"),
        ("COPY --mount=x . .\n", "COPY --mount=x . .\n"),
    ],
)
def test_mounts_are_taken_out_for_an_engine_without_buildkit(text: str, expected: str) -> None:
    assert without_mounts(text) == expected


@pytest.mark.parametrize(
    ("text", "takes_it"),
    [
        ("ARG STACK=debian\nFROM $STACK\n", True),
        ("arg STACK\n", True),
        ("ARG STACKS\nFROM debian\n", False),
        ("# ARG STACK\n", False),
    ],
)
def test_a_dockerfile_takes_what_it_has_an_argument_for(text: str, takes_it: bool) -> None:
    assert takes(text, "STACK") is takes_it


def test_a_scope_is_put_in_front_of_cache_mounts_by_a_build_argument() -> None:
    assert cache_namespace("shop/3") == {"BUILDKIT_CACHE_MOUNT_NS": "shop/3"}
    assert cache_namespace("") == {}
