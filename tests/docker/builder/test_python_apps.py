"""Python apps of every kind, built by a real worker with packages from PyPI, answer over HTTP."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import docker
import pytest

from builder.bases.stack import Bases
from builder.detection.manifest import read_manifest
from builder.docker.engine import Engine
from releases.domain.build import BuildStatus
from releases.domain.config import ConfigChange
from releases.settings import PROJECT
from tests.docker.builder.conftest import Workshop
from tests.docker.builder.test_examples import Serving
from tests.docker.fresh import fresh
from tests.integration.builder.repository import Content

pytestmark = pytest.mark.docker

BOTTLE = """\
import os
import sys

import bottle


@bottle.get("/")
def index():
    return f"bottle on {sys.version_info[0]}.{sys.version_info[1]}"


bottle.run(host="0.0.0.0", port=int(os.environ["PORT"]), quiet=True)
"""
HASHES = """\
    {file = "bottle-0.13.2-py2.py3-none-any.whl", hash = "sha256:27569ab8d1332fbba3e400b3baab2227ab4efb4882ff147af05a7c00ed73409c"},
    {file = "bottle-0.13.2.tar.gz", hash = "sha256:e53803b9d298c7d343d00ba7d27b0059415f04b9f6f40b8d58b5bf914ba9d348"},
"""  # noqa: E501 - as Poetry writes them
POETRY: Mapping[str, Content] = {
    "app.py": BOTTLE,
    "pyproject.toml": """\
[tool.poetry]
package-mode = false

[tool.poetry.dependencies]
python = "^3.11"
bottle = "0.13.2"

[tool.poetry.group.dev.dependencies]
six = "1.17.0"
""",
    "poetry.lock": f"""\
[[package]]
name = "bottle"
version = "0.13.2"
description = ""
optional = false
python-versions = "*"
groups = ["main"]
files = [
{HASHES}]

[[package]]
name = "six"
version = "1.17.0"
description = ""
optional = false
python-versions = "*"
groups = ["dev"]
files = []

[metadata]
lock-version = "2.1"
python-versions = "^3.11"
content-hash = "155f581e9a941e9942c07912aac87b9384ab813df27b172301b975908f8a6144"
""",
}
PIPENV: Mapping[str, Content] = {
    "app.py": BOTTLE,
    "Pipfile.lock": """\
{"_meta": {"sources": [], "requires": {"python_version": "3.11"}},
 "default": {"bottle": {"version": "==0.13.2", "markers": "python_version >= '3.9'", "hashes": [
   "sha256:27569ab8d1332fbba3e400b3baab2227ab4efb4882ff147af05a7c00ed73409c"]}},
 "develop": {"six": {"version": "==1.17.0"}}}
""",
}
UV_PROJECT = """\
[project]
name = "hello"
version = "1"
requires-python = ">=3.11"
dependencies = ["bottle==0.13.2"]

[dependency-groups]
dev = ["six==1.17.0"]
"""
# MarkupSafe's C part is built from its sdist, by a compiler.
SDIST: Mapping[str, Content] = {
    "requirements.txt": "--no-binary markupsafe\nmarkupsafe==3.0.2\n",
    "Procfile": 'web: python -c "import markupsafe._speedups" && python -m http.server $PORT\n',
    "index.html": "compiled",
}
PACKAGE: Mapping[str, Content] = {
    "pyproject.toml": """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "hello-package"
version = "1"
dependencies = ["bottle==0.13.2"]

[project.scripts]
hello-serve = "hello.serve:main"
""",
    "src/hello/__init__.py": "",
    "src/hello/serve.py": "def main():\n    from hello import run  # noqa\n",
    "src/hello/run.py": BOTTLE,
    "Procfile": "web: hello-serve\n",
}
DJANGO: Mapping[str, Content] = {
    "requirements.txt": "django==5.2\nwhitenoise==6.9.0\ngunicorn==23.0.0\n",
    "manage.py": """\
import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
execute_from_command_line(sys.argv)
""",
    "shop/__init__.py": "",
    "shop/settings.py": """\
from pathlib import Path

SECRET_KEY = "of the test"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "shop.urls"
INSTALLED_APPS = ["django.contrib.staticfiles", "shop"]
MIDDLEWARE = ["whitenoise.middleware.WhiteNoiseMiddleware"]
STATIC_URL = "static/"
STATIC_ROOT = Path(__file__).parent.parent / "staticfiles"
STORAGES = {
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
}
""",
    "shop/urls.py": """\
from django.http import HttpResponse
from django.templatetags.static import static
from django.urls import path

urlpatterns = [path("", lambda request: HttpResponse(static("shop.css")))]
""",
    "shop/wsgi.py": """\
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = get_wsgi_application()
""",
    "shop/static/shop.css": "h1 { color: teal }",
}


@pytest.mark.parametrize(
    ("name", "files", "answer"),
    [
        ("poetry", POETRY, "bottle on 3.11"),
        ("pipenv", PIPENV, "bottle on 3.11"),
        ("sdist", SDIST, "compiled"),
        ("package", PACKAGE, "bottle on 3.11"),
    ],
)
def test_each_way_to_name_dependencies_is_installed(
    workshop: Workshop, serving: Serving, name: str, files: Mapping[str, Content], answer: str
) -> None:
    build = workshop.build(name, workshop.repository.commit(fresh(files)))
    output = "\n".join(workshop.output(build))
    assert build.status is BuildStatus.SUCCEEDED, output
    assert "CACHED [dependencies" not in output
    assert "six" not in output
    with serving(build) as fetch:
        assert answer in fetch("/")


def test_uv_installs_what_its_lock_says(
    workshop: Workshop, serving: Serving, tmp_path: Path
) -> None:
    files: dict[str, Content] = {"pyproject.toml": UV_PROJECT, "app.py": BOTTLE}
    files["uv.lock"] = _uv_lock(workshop, tmp_path)
    build = workshop.build("uv", workshop.repository.commit(fresh(files)))
    output = "\n".join(workshop.output(build))
    assert build.status is BuildStatus.SUCCEEDED, output
    assert "+ bottle==0.13.2" in output
    assert "six" not in output
    with serving(build) as fetch:
        assert fetch("/") == "bottle on 3.11"


def _uv_lock(workshop: Workshop, directory: Path) -> str:
    """As uv writes it, with the addresses of whatever index there is."""
    settings = workshop.platform.settings
    python = read_manifest(PROJECT / "buildpacks/python/buildpack.yml")
    image = Bases(Engine(settings.docker_host), settings, print).toolchain(python).name
    (directory / "pyproject.toml").write_text(UV_PROJECT)
    mount = f"{directory}:/lock"
    have_uv = "python3 -m venv /uv && /uv/bin/pip install -q uv && /uv/bin/uv lock"
    command = ["docker", "run", "--rm", "-v", mount, "-w", "/lock", image, "sh", "-c", have_uv]
    subprocess.run(command, check=True, capture_output=True)
    return (directory / "uv.lock").read_text()


def test_django_has_its_static_files_collected(
    workshop: Workshop, engine: docker.APIClient, serving: Serving
) -> None:
    build = workshop.build("shop", workshop.repository.commit(DJANGO))
    output = "\n".join(workshop.output(build))
    assert build.status is BuildStatus.SUCCEEDED, output
    assert "Prepared after its source is copied: manage.py has `DJANGO_SETTINGS_MODULE`" in output
    with serving(build) as fetch:
        address = fetch("/")
        assert re.fullmatch(r"/static/shop\.[0-9a-f]{12}\.css", address)
        assert fetch(address) == "h1 { color: teal }"


def test_django_whose_settings_need_more_is_told_what_to_do(workshop: Workshop) -> None:
    needy = {**DJANGO, "shop/settings.py": 'import os\nSECRET_KEY = os.environ["SECRET_KEY"]\n'}
    build = workshop.build("needy", workshop.repository.commit(needy))
    assert build.status is BuildStatus.FAILED
    output = "\n".join(workshop.output(build))
    assert "KeyError: 'SECRET_KEY'" in output
    assert "config:set --build, or leave this step out with DISABLE_COLLECTSTATIC=1" in output


def test_build_config_reaches_the_steps_and_stays_in_no_layer(
    workshop: Workshop, engine: docker.APIClient
) -> None:
    needy = {**DJANGO, "shop/settings.py": 'import os\nSECRET_KEY = os.environ["SECRET_KEY"]\n'}
    workshop.platform.store.apps.create("told", "tester")
    workshop.platform.store.configs.change_build_config(
        "told", ConfigChange({"SECRET_KEY": "it's $HOME"})
    )
    build = workshop.build("told", workshop.repository.commit(needy))
    output = "\n".join(workshop.output(build))
    assert build.status is BuildStatus.SUCCEEDED, output
    assert "Django has no STATIC_ROOT: there are no static files to collect" in output
    assert "it's" not in str(engine.history(build.tag)) + str(engine.inspect_image(build.tag))


def test_what_was_built_once_is_not_built_again_for_one_more_package(workshop: Workshop) -> None:
    for packages in (["docopt==0.6.2"], ["docopt==0.6.2", "six==1.17.0"]):  # docopt has no wheel
        files = fresh({"requirements.txt": "\n".join(packages), "app.py": ""})
        build = workshop.build("kept", workshop.repository.commit(files))
    output = "\n".join(workshop.output(build))
    assert "Using cached docopt-0.6.2" in output
    assert "Building wheel for docopt" not in output
