"""Java apps, built by a real worker with Maven or the app's Gradle wrapper, answer over HTTP."""

import docker
import pytest

from releases.domain.build import BuildStatus
from releases.settings import PROJECT
from tests.docker.builder.conftest import Workshop, layers, printed_by
from tests.docker.builder.test_examples import Serving

pytestmark = pytest.mark.docker

HELLO = (PROJECT / "examples/hello-java/src/main/java/Hello.java").read_text()
POM = (PROJECT / "examples/hello-java/pom.xml").read_text()
# Gradle itself cannot be had without its site: this wrapper does what `assemble` would.
GRADLEW = """\
#!/bin/sh
set -ex
[ "$*" = "--no-daemon --console=plain assemble" ]
mkdir -p build/libs build/tmp/classes
javac -d build/tmp/classes src/main/java/Hello.java
jar --create --file build/libs/app-sources.jar --main-class Nothing -C src .
jar --create --file build/libs/app.jar --main-class Hello -C build/tmp/classes .
"""


def test_maven_builds_the_example_and_new_code_is_one_layer(
    workshop: Workshop, engine: docker.APIClient, serving: Serving
) -> None:
    first = workshop.build("java-maven", workshop.commit("hello-java"))
    assert first.status is BuildStatus.SUCCEEDED, workshop.output(first)
    assert (first.buildpack, first.why) == ("java", "pom.xml found")
    with serving(first, GREETING="Ciao", PORT="7004") as fetch:
        assert fetch("/") == "Ciao! commit unknown, release none\n"
    code = {"src/main/java/Hello.java": HELLO.replace("%s! commit", "%s, new code! commit")}
    second = workshop.build("java-maven", workshop.commit("hello-java", code))
    assert layers(engine, second)[:-1] == layers(engine, first)[:-1]
    with serving(second) as fetch:
        assert fetch("/").startswith("Hello from paas, new code!")
    assert second.artifact
    flags = "java -XX:+PrintFlagsFinal -version 2>&1 | grep -w MaxHeapSize; id -u"
    *_, heap, _, _, user = printed_by(engine, second.artifact.image, flags, memory="512m").split()
    assert user == "1000"
    assert 300 << 20 < int(heap) < 360 << 20


def test_gradles_wrapper_builds_the_jar_that_is_run(workshop: Workshop, serving: Serving) -> None:
    files = {"build.gradle": "", "gradlew": GRADLEW, "src/main/java/Hello.java": HELLO}
    build = workshop.build("java-gradle", workshop.repository.commit(files))
    assert build.status is BuildStatus.SUCCEEDED, workshop.output(build)
    with serving(build) as fetch:
        assert fetch("/") == "Hello from paas! commit unknown, release none\n"


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({"build.gradle": ""}, "there is no gradlew: run `gradle wrapper` and commit gradlew"),
        (
            {"pom.xml": POM.replace("<mainClass>Hello</mainClass>", ""), "src/main/java/x": ""},
            "nothing to run: no jar with a Main-Class (there are target/hello-java-1.0.jar)",
        ),
    ],
)
def test_a_build_that_makes_nothing_to_run_is_told_in_a_plain_line(
    workshop: Workshop, files: dict[str, str], line: str
) -> None:
    build = workshop.build("java-nothing", workshop.repository.commit(files))
    assert build.status is BuildStatus.FAILED
    assert any(line in printed for printed in workshop.output(build))
