"""Node apps and sites of every kind, built by a real worker with packages from npm, answer."""

import json
from collections.abc import Mapping

import pytest

from releases.domain.build import Build, BuildStatus
from tests.docker.builder.conftest import Workshop
from tests.docker.builder.test_examples import Serving
from tests.integration.builder.repository import Content

pytestmark = pytest.mark.docker

_DIGEST = "6FlzubTLZG3J2a/NVCAleEhjzq5oxgHyaCU9yYXvcLsvoVaHJq/s5xXI6/XXP6tz7R9xAOtHnSO/tXtF3WRTlA=="
INTEGRITY = f"sha512-{_DIGEST}"
SERVER = """\
const ms = require("ms");
let dev = "left out";
try { dev = require("lodash.noop") && "there"; } catch {}
require("node:http")
  .createServer((request, response) =>
    response.end(`${ms(60000)} on ${process.versions.node.split(".")[0]}, dev ${dev}`))
  .listen(process.env.PORT);
"""
DEV = {"lodash.noop": "3.0.1"}


def package(**more: object) -> str:
    """A package.json with one dependency and one for development."""
    common = {"name": "hello", "dependencies": {"ms": "2.1.3"}, "devDependencies": DEV}
    return json.dumps({**common, "scripts": {"start": "node server.js"}, **more})


YARN_CLASSIC: Mapping[str, Content] = {
    "package.json": package(),
    "server.js": SERVER,
    "yarn.lock": f"""\
# yarn lockfile v1

lodash.noop@3.0.1:
  version "3.0.1"

ms@2.1.3:
  version "2.1.3"
  integrity {INTEGRITY}
""",
}
YARN_BERRY: Mapping[str, Content] = {
    "package.json": package(devDependencies={}, packageManager="yarn@4.9.1"),
    "server.js": SERVER,
    "yarn.lock": """\
__metadata:
  version: 8
  cacheKey: 10c0

"hello@workspace:.":
  version: 0.0.0-use.local
  resolution: "hello@workspace:."
  dependencies:
    ms: "npm:2.1.3"
  languageName: unknown
  linkType: soft

"ms@npm:2.1.3":
  version: 2.1.3
  resolution: "ms@npm:2.1.3"
  checksum: 10c0/d924b57e7312b3b63ad21fc5b3dc0af5e78d61a1fc7cfb5457edaf26326bf62be5307cc87ffb6862ef1c2b33b0233cdb5d4f01c4c958cc0d660948b65a287a48
  languageName: node
  linkType: hard
""",  # noqa: E501 - as Yarn writes it
}
PNPM: Mapping[str, Content] = {
    "package.json": package(devDependencies={}),
    "server.js": SERVER,
    "pnpm-lock.yaml": f"""\
lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      ms:
        specifier: 2.1.3
        version: 2.1.3
packages:
  ms@2.1.3:
    resolution: {{integrity: {INTEGRITY}}}
snapshots:
  ms@2.1.3: {{}}
""",
}
BUILT: Mapping[str, Content] = {
    "package.json": package(
        scripts={
            "build": "node -e \"require('lodash.noop'); require('fs').writeFileSync('built.js', "
            "require('fs').readFileSync('server.js'))\"",
            "start": "node built.js",
        }
    ),
    "server.js": SERVER,
}
SITE: Mapping[str, Content] = {
    "package.json": json.dumps(
        {"name": "site", "devDependencies": DEV, "scripts": {"build": "node make.js"}}
    ),
    "index.html": "the source",
    "make.js": """\
require("lodash.noop");
const fs = require("node:fs");
fs.mkdirSync("dist/assets", { recursive: true });
fs.writeFileSync("dist/index.html", "the site");
fs.writeFileSync("dist/about.html", "about it");
fs.writeFileSync("dist/assets/index-Dx4rgT9a.js", "script");
""",
}


def built(workshop: Workshop, name: str, files: Mapping[str, Content]) -> Build:
    build = workshop.build(name, workshop.repository.commit(files))
    assert build.status is BuildStatus.SUCCEEDED, "\n".join(workshop.output(build))
    return build


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("yarn-classic", YARN_CLASSIC),
        ("yarn-berry", YARN_BERRY),
        ("pnpm", PNPM),
        ("node-build", BUILT),
    ],
)
def test_each_package_manager_installs_what_the_app_needs_to_run(
    workshop: Workshop, serving: Serving, name: str, files: Mapping[str, Content]
) -> None:
    build = built(workshop, name, files)
    with serving(build) as fetch:
        assert fetch("/") == "1m on 24, dev left out"


def test_a_push_of_code_alone_installs_nothing(workshop: Workshop) -> None:
    for text in (SERVER, SERVER + "// changed\n"):
        build = built(workshop, "yarn-classic", {**YARN_CLASSIC, "server.js": text})
    steps = [line for line in workshop.output(build) if "] RUN" in line]
    assert steps
    assert [line for line in steps if "CACHED" not in line] == []


def test_a_site_that_is_built_is_served_without_what_it_was_built_from(
    workshop: Workshop, serving: Serving
) -> None:
    build = built(workshop, "site", SITE)
    assert (build.buildpack, build.why) == ("site", "package.json has scripts.build")
    with serving(build) as fetch:
        assert fetch("/") == fetch("/a/page/of/the/app") == "the site"
        assert fetch("/about") == "about it"
        for missing in ("/assets/gone.js", "/make.js", "/package.json"):
            with pytest.raises(OSError, match="404"):
                fetch(missing)


def test_a_build_that_leaves_no_site_says_what_it_looked_for(workshop: Workshop) -> None:
    build = workshop.build("siteless", workshop.repository.commit({**SITE, "make.js": ""}))
    assert build.status is BuildStatus.FAILED
    output = "\n".join(workshop.output(build))
    assert "the build left no index.html in dist, build, out, .output/public, _site" in output
