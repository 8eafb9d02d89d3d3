"""Go apps, built by a real worker, answer over HTTP from one static binary."""

import hashlib
import io
import zipfile
from base64 import b64encode
from pathlib import Path

import docker
import pytest

from releases.domain.build import BuildStatus
from releases.domain.config import ConfigChange
from tests.docker.builder.conftest import Workshop, layers, printed_by, serving_files
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
    look = "ls bin; id -u; test -e vendor || echo no vendor; ldd bin/serve 2>&1"
    seen = printed_by(engine, build.artifact.image, look).split("\n")
    assert seen == ["serve", "work", "1000", "no vendor", "\tnot a dynamic executable"]


def module_proxy(directory: Path, name: str, files: dict[str, str]) -> str:
    """Lay out v1.0.0 of a module as module proxies do; return its lines of a go.sum."""
    go_mod = f"module {name}\n"
    members = {f"{name}@v1.0.0/{path}": text for path, text in {**files, "go.mod": go_mod}.items()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in members.items():
            archive.writestr(path, text)
    versions = directory / name / "@v"
    versions.mkdir(parents=True)
    (versions / "v1.0.0.zip").write_bytes(buffer.getvalue())
    (versions / "v1.0.0.mod").write_text(go_mod)
    (versions / "v1.0.0.info").write_text('{"Version": "v1.0.0"}')
    sums = (f"v1.0.0 {h1(members)}", f"v1.0.0/go.mod {h1({'go.mod': go_mod})}")
    return "".join(f"{name} {each}\n" for each in sums)


def h1(files: dict[str, str]) -> str:
    """The hash that a go.sum has of some files."""
    lines = (
        f"{hashlib.sha256(files[path].encode()).hexdigest()}  {path}\n" for path in sorted(files)
    )
    return f"h1:{b64encode(hashlib.sha256(''.join(lines).encode()).digest()).decode()}"


def test_modules_come_from_the_proxy_that_the_build_config_names_before_the_source(
    workshop: Workshop, engine: docker.APIClient, serving: Serving, tmp_path: Path
) -> None:
    text = {"text.go": 'package greeting\n\nconst Text = "from a proxy"\n'}
    go_mod = "module example.com/app\n\ngo 1.19\n\nrequire example.com/greeting v1.0.0\n"
    sums = module_proxy(tmp_path, "example.com/greeting", text)
    app = {"go.mod": go_mod, "go.sum": sums, "main.go": SERVER}
    workshop.platform.store.apps.create("go-modules", "tester")
    with serving_files(engine, tmp_path) as url:
        config = ConfigChange({"GOPROXY": url})
        workshop.platform.store.configs.change_build_config("go-modules", config)
        first = workshop.build("go-modules", workshop.repository.commit(app))
    assert first.status is BuildStatus.SUCCEEDED, workshop.output(first)
    with serving(first) as fetch:
        assert fetch("/") == "from a proxy"
    # Nobody serves the module any more.
    changed = workshop.repository.commit({**app, "note.txt": "new"})
    assert workshop.build("go-modules", changed).status is BuildStatus.SUCCEEDED


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
