"""Why a step was not in the cache: records in, one short reason out."""

from dataclasses import replace
from typing import Any

import pytest

from builder.record.explain import Reasons, copied
from builder.record.ingredients import Ingredients
from releases.domain.build import Build, BuildOptions, BuildStatus, Step
from tests.fakes.examples import COMMIT

TEXT = "FROM base\nCOPY requirements.txt .\nRUN make\nCOPY . .\n"
COPY_LIST = "[2/4] COPY requirements.txt ./"
RUN = "[3/4] RUN make"
COPY_ALL = "[4/4] COPY . ."


def ingredients(text: str = TEXT, **known: Any) -> str:
    return Ingredients(text, **{"arguments": {}, **known}).recipe()


BEFORE = Build(
    app="myapp",
    number=1,
    commit=COMMIT,
    ref="refs/heads/main",
    who="alice",
    log="myapp:1",
    status=BuildStatus.SUCCEEDED,
    created_at=1.0,
    buildpack="dockerfile",
    recipe=ingredients(),
    base_image="sha256:old",
    steps=tuple(Step(name, 1.0, False) for name in (COPY_LIST, RUN, COPY_ALL)),
)
NOW = replace(BEFORE, number=2, compared_with=1, steps=(), status=BuildStatus.RUNNING)


@pytest.mark.parametrize(
    ("now", "step", "reason"),
    [
        ({"changed": ("requirements.txt",)}, COPY_LIST, "requirements.txt changed"),
        ({"changed": ("b.py", "a.py")}, COPY_ALL, "b.py, a.py changed"),
        (
            {"changed": tuple(f"{letter}.py" for letter in "abcd")},
            COPY_ALL,
            "4 files changed: a.py, b.py, c.py, ...",
        ),
        ({"changed": ("a.py",) * 101}, COPY_LIST, "more than 100 files changed"),
        ({"changed": ("app.py",)}, COPY_LIST, "it was no longer in the cache"),
        ({}, RUN, "it was no longer in the cache"),
        ({"options": BuildOptions(no_cache=True)}, RUN, "--no-cache"),
        ({"recipe": ingredients(caches=1)}, RUN, "the build cache was cleared"),
        ({"base_image": "sha256:new"}, COPY_LIST, "the base image changed"),
        ({"base_image": ""}, RUN, "it was no longer in the cache"),
        ({"buildpack": "node"}, RUN, "the buildpack is node now, dockerfile before"),
        ({"recipe": ingredients("other")}, "[3/4] RUN make all", "the Dockerfile changed"),
        ({"recipe": ingredients("ENV A=1")}, RUN, "the Dockerfile changed"),
        (
            {"recipe": ingredients("other"), "changed": ("requirements.txt",)},
            COPY_LIST,
            "requirements.txt changed",
        ),
        ({"recipe": ingredients(config={"TOKEN": "1f"})}, RUN, "build config changed: TOKEN"),
        (
            {"recipe": ingredients(config=dict.fromkeys("DCBA", "1f"))},
            RUN,
            "build config changed: A, B, C, ...",
        ),
        (
            {"recipe": ingredients(config={"TOKEN": "1f"}), "changed": ("a.py",)},
            COPY_ALL,
            "a.py changed",
        ),
        (
            {"recipe": ingredients(arguments={"VERSION": "3.12"})},
            RUN,
            "build arguments changed: VERSION",
        ),
    ],
)
def test_the_first_step_that_runs_says_why(now: dict[str, Any], step: str, reason: str) -> None:
    assert Reasons(BEFORE, replace(NOW, **now))(step) == reason


def test_a_buildpacks_dockerfile_is_not_called_the_apps() -> None:
    before = replace(BEFORE, buildpack="python")
    now = replace(NOW, buildpack="python", recipe=ingredients("other"))
    assert Reasons(before, now)("[3/4] RUN make all") == "buildpack python changed"


def test_without_a_build_to_compare_with_it_says_so() -> None:
    assert Reasons(None, replace(NOW, number=1))(RUN) == "first build of the app"
    assert Reasons(None, NOW)(RUN) == "no earlier build to compare with"


def test_a_record_that_tells_nothing_is_not_read_as_another_dockerfile() -> None:
    silent = replace(BEFORE, recipe="", steps=(), base_image="", buildpack="")
    assert Reasons(silent, NOW)(RUN) == "it was no longer in the cache"


def test_what_follows_a_step_that_ran_is_put_down_to_it() -> None:
    reasons = Reasons(BEFORE, replace(NOW, changed=("requirements.txt", "app.py")))
    assert [reasons(step) for step in (COPY_LIST, RUN, COPY_ALL)] == [
        "requirements.txt changed",
        "after step 2",
        "after step 2",
    ]


def test_stages_have_their_own_reasons_and_name_the_stage_they_copy_from() -> None:
    reasons = Reasons(BEFORE, replace(NOW, changed=("deps.txt",)))
    assert reasons("[build 2/4] COPY deps.txt .") == "deps.txt changed"
    assert reasons("[build 3/4] RUN make") == "after step 2"
    assert reasons("[docs 1/1] RUN make") == "after an earlier stage"
    assert reasons("[stage-2 2/3] COPY --from=build /src /app") == "after stage build"
    assert reasons("[stage-2 3/3] COPY --from=docs /page /page") == "after step 2"


def test_a_base_image_needs_no_reason_unless_it_changed() -> None:
    assert Reasons(BEFORE, NOW)("[1/4] FROM paas/stack:1") == ""
    changed = Reasons(BEFORE, replace(NOW, base_image="sha256:new"))
    assert changed("[1/4] FROM paas/stack:2") == "the base image changed"


def test_a_stage_of_the_classic_builder_begins_anew_with_its_base() -> None:
    reasons = Reasons(BEFORE, replace(NOW, changed=("a.py",)))
    assert reasons("[2/7] COPY . .") == "a.py changed"
    assert reasons("[4/7] FROM base") == ""
    assert reasons("[5/7] COPY a.py .") == "a.py changed"


def test_a_step_without_a_number_is_not_explained() -> None:
    assert Reasons(BEFORE, NOW)("exporting to image") == ""


@pytest.mark.parametrize(
    ("text", "patterns"),
    [
        ("COPY a.txt b.txt ./", ("a.txt", "b.txt")),
        ("COPY --chown=1000:1000 . .", (".",)),
        ('COPY ["a file", "b", "./"]', ("a file", "b")),
        ("COPY package.json package-lock.jso[n] ./", ("package.json", "package-lock.jso[n]")),
        ("copy --chmod=755 bin /bin", ("bin",)),
        ("ADD https://example.com/x.tar lib /lib", ("lib",)),
        ("COPY --from=build /a /b", ()),
        ("RUN cp a b", ()),
        ("COPY", ()),
    ],
)
def test_what_a_copy_takes_is_read_from_its_text(text: str, patterns: tuple[str, ...]) -> None:
    assert copied(text) == patterns


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        (".", "any/thing.py", True),
        ("./src/", "src/deep/a.py", True),
        ("src", "srcs/a.py", False),
        ("package-lock.jso[n]", "package-lock.json", True),
        ("requirements*.txt", "requirements-dev.txt", True),
        ("requirements*.txt", "lib/requirements.txt", False),
        ("lib/*.py", "lib/a.py", True),
        ("lib/*.py", "lib/deep/a.py", False),
        ("lib/a.py", "lib", False),
    ],
)
def test_a_changed_path_is_matched_as_docker_does(pattern: str, path: str, matches: bool) -> None:
    reason = Reasons(BEFORE, replace(NOW, changed=(path,)))(f"[2/4] COPY {pattern} ./")
    assert (reason == f"{path} changed") is matches
