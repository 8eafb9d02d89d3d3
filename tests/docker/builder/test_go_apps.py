"""Go apps, built by a real worker, answer over HTTP from one static binary."""

import docker
import pytest

from releases.build import BuildStatus
from tests.docker.builder.conftest import Workshop, layers, printed_by
from tests.docker.builder.test_examples import Serving

pytestmark = pytest.mark.docker

SERVER = """\
package main

import (
	"net/http"
	"os"

	"example.com/greeting"
)

func main() {
	answer := func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(greeting.Text)) }
	http.ListenAndServe(":"+os.Getenv("PORT"), http.HandlerFunc(answer))
}
"""
COMMANDS = {
    "go.mod": "module example.com/app\n\ngo 1.19\n\nrequire example.com/greeting v1.0.0\n",
    "vendor/modules.txt": "# example.com/greeting v1.0.0\n## explicit\nexample.com/greeting\n",
    "vendor/example.com/greeting/text.go": 'package greeting\n\nconst Text = "vendored"\n',
    "cmd/serve/main.go": SERVER,
    "cmd/work/main.go": 'package main\n\nfunc main() { println("working") }\n',
    "cmd/tool/ignored.go": "//go:build ignore\n\npackage main\n",
    "Procfile": "web: serve\nworker: bin/work\n",
}


def test_the_example_answers_and_new_code_is_one_layer(
    workshop: Workshop, engine: docker.APIClient, serving: Serving
) -> None:
    first = workshop.build("hello-go", workshop.commit("hello-go"))
    assert first.status is BuildStatus.SUCCEEDED, workshop.output(first)
    assert (first.buildpack, first.why) == ("go", "go.mod found")
    with serving(first, GREETING="Hallo", PORT="7002") as fetch:
        assert fetch("/") == "Hallo! commit unknown, release none\n"
    code = SERVER.replace('\n\t"example.com/greeting"\n', "").replace("greeting.Text", '"new code"')
    second = workshop.build("hello-go", workshop.commit("hello-go", {"main.go": code}))
    assert any("CACHED" in line and "download-go" in line for line in workshop.output(second))
    assert layers(engine, second)[:-1] == layers(engine, first)[:-1]
    with serving(second) as fetch:
        assert fetch("/") == "new code"


def test_all_commands_of_a_module_are_built_with_what_is_vendored(
    workshop: Workshop, engine: docker.APIClient, serving: Serving
) -> None:
    build = workshop.build("go-commands", workshop.repository.commit(COMMANDS))
    assert build.status is BuildStatus.SUCCEEDED, workshop.output(build)
    assert build.artifact
    with serving(build) as fetch:
        assert fetch("/") == "vendored"
    assert printed_by(engine, build.artifact.image, build.artifact.processes["worker"]) == "working"
    listed = printed_by(engine, build.artifact.image, "ls -d bin/* vendor; id -u; ldd bin/serve")
    assert listed.split()[:2] == ["bin/serve", "bin/work"]
    assert "vendor'" in listed
    assert "1000" in listed
    assert "not a dynamic executable" in listed


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({"lib.go": "package lib\n"}, "nothing to run: example.com/app has no main package"),
        (
            {
                "cmd/one/main.go": "package main\n\nfunc main() {}\n",
                "cmd/two/main.go": "package main\n\nfunc main() {}\n",
            },
            "none is web: example.com/app/cmd/one example.com/app/cmd/two - add a Procfile such as"
            " `web: bin/one`",
        ),
    ],
)
def test_a_module_that_nothing_can_be_run_of_is_told_in_a_plain_line(
    workshop: Workshop, files: dict[str, str], line: str
) -> None:
    commit = workshop.repository.commit({"go.mod": "module example.com/app\n\ngo 1.19\n", **files})
    build = workshop.build("go-nothing", commit)
    assert build.status is BuildStatus.FAILED
    assert any(line in printed for printed in workshop.output(build))
