"""PHP apps, built by a real worker, answer over HTTP behind Apache and behind nginx."""

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import docker
import pytest

from releases.domain.build import BuildStatus
from tests.docker.builder.conftest import Workshop, layers, serving_files
from tests.docker.builder.test_examples import Serving
from tests.integration.builder.repository import Content

pytestmark = pytest.mark.docker


def test_the_example_answers_behind_apache_and_new_code_is_one_layer(
    workshop: Workshop, engine: docker.APIClient, serving: Serving
) -> None:
    first = workshop.build("hello-php", workshop.commit("hello-php"))
    assert first.status is BuildStatus.SUCCEEDED, workshop.output(first)
    assert (first.buildpack, first.why) == ("php", "public/index.php found")
    with serving(first, GREETING="Bonjour", PORT="7001") as fetch:
        assert fetch("/") == "Bonjour! commit unknown, release none\n"
        with pytest.raises(OSError, match="404"):
            fetch("/Procfile")
    changed = workshop.commit("hello-php", {"public/index.php": "<?php echo 'new', PHP_SAPI;"})
    second = workshop.build("hello-php", changed)
    assert layers(engine, second)[:-1] == layers(engine, first)[:-1]
    with serving(second) as fetch:
        assert fetch("/") == "newfpm-fcgi"


def test_without_a_procfile_a_front_controller_answers_every_path(
    workshop: Workshop, serving: Serving
) -> None:
    page = "<?php echo $_SERVER['REQUEST_URI'], ' ', $_SERVER['HTTPS'] ?? 'plain';"
    files = {"public/index.php": page, "public/.htaccess.off": "", "public/site.css": "a {}"}
    build = workshop.build("php-paths", workshop.repository.commit(files))
    with serving(build) as fetch:
        assert fetch("/some/page?a=1") == "/some/page?a=1 plain"
        assert fetch("/site.css") == "a {}"
        with pytest.raises(OSError, match="404"):
            fetch("/.htaccess.off")


def app_with_packages(url: str) -> Mapping[str, Content]:
    package = {
        "name": "acme/greeting",
        "version": "1.0.0",
        "type": "library",
        "dist": {"type": "zip", "url": url, "reference": "1"},
        "autoload": {"psr-4": {"Acme\\": "src/"}},
    }
    composer = {
        "require": {"php": "^8.1", "acme/greeting": "1.0.0"},
        "autoload": {"psr-4": {"App\\": "src/"}},
        "scripts": {"post-install-cmd": "cp src/template.txt made.txt"},
        "config": {"secure-http": False},
    }
    unreachable = {**package, "name": "acme/dev", "dist": {"type": "zip", "url": f"{url}.none"}}
    lock = {"packages": [package], "packages-dev": [unreachable], "minimum-stability": "stable"}
    return {
        "composer.json": json.dumps(composer),
        "composer.lock": json.dumps(lock),
        "src/Page.php": "<?php namespace App; class Page { const TEXT = 'a class'; }",
        "src/template.txt": "a script",
        "index.php": "<?php require 'vendor/autoload.php'; echo App\\Page::TEXT, ', ',"
        " Acme\\Greeting::TEXT, ', ', file_get_contents('made.txt');",
        "nginx_app.conf": "location = /said { return 200 'by nginx'; }",
        "Procfile": "web: vendor/bin/heroku-php-nginx -C nginx_app.conf\n",
    }


def package_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        source = "<?php namespace Acme; class Greeting { const TEXT = 'a package'; }"
        archive.writestr("acme-greeting-1/src/Greeting.php", source)
    return buffer.getvalue()


def test_composer_installs_packages_before_the_source_and_the_class_map_after_it(
    workshop: Workshop, engine: docker.APIClient, serving: Serving, tmp_path: Path
) -> None:
    (tmp_path / "greeting.zip").write_bytes(package_zip())
    with serving_files(engine, tmp_path) as url:
        app = app_with_packages(f"{url}/greeting.zip")
        first = workshop.build("php-packages", workshop.repository.commit(app))
    assert first.status is BuildStatus.SUCCEEDED, workshop.output(first)
    with serving(first) as fetch:
        assert fetch("/") == "a class, a package, a script"
        assert fetch("/said") == "by nginx"
        with pytest.raises(OSError, match="404"):
            fetch("/composer.json")
    # Nobody serves the package any more.
    changed = workshop.repository.commit({**app, "src/template.txt": "a new script"})
    second = workshop.build("php-packages", changed)
    assert layers(engine, second)[:-2] == layers(engine, first)[:-2]
    with serving(second) as fetch:
        assert fetch("/") == "a class, a package, a new script"


def test_packages_without_a_lock_are_told_in_a_plain_line(workshop: Workshop) -> None:
    files = {"composer.json": '{"require": {"php": "*", "acme/greeting": "^1"}}', "index.php": ""}
    build = workshop.build("php-no-lock", workshop.repository.commit(files))
    assert build.status is BuildStatus.FAILED
    line = "composer.json requires acme/greeting, but there is no composer.lock: run"
    assert any(line in printed for printed in workshop.output(build))
