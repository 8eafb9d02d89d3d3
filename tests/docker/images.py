"""Tiny images of ours without a build: the machine's own static busybox and a web page."""

import io
import json
import tarfile
import uuid
from pathlib import Path
from typing import Any

from releases.domain.container import APP, INSTANCE
from releases.settings import Settings
from tests.services import need

APPLETS = ("sh", "cat", "echo", "env", "false", "httpd", "id", "nc", "sleep", "wget")
SERVE = "exec httpd -f -p $PORT -h /www"
# `/cgi-bin/slow?3` answers after three seconds; `/cgi-bin/env` shows what the process was given.
SLOW = "#!/bin/sh\nsleep ${QUERY_STRING:-3}\nprintf '\\r\\n'\ncat /www/index.html\n"
ENV = "#!/bin/sh\nprintf '\\r\\n'\nenv\n"


def busybox_image(
    api: Any,
    settings: Settings,
    app: str,
    *,
    body: str = "hello",
    command: str = SERVE,
    interpreter: str = "/bin/sh",
    shell: bool = True,
    entry_point: list[str] | None = None,
) -> str:
    """Import an image labelled as the app's; return its id.

    Its own command, a shell line, serves `body` at `/` on $PORT.
    """
    changes = [f"LABEL {INSTANCE}={settings.instance}", f"LABEL {APP}={app}"]
    changes += [f"CMD {json.dumps([interpreter, '-c', command])}"]
    changes += [f"ENTRYPOINT {json.dumps(entry_point)}"] if entry_point else []
    tag = uuid.uuid4().hex
    api.import_image_from_data(
        _tar(body, shell=shell), repository=f"{settings.instance}/{app}", tag=tag, changes=changes
    )
    return str(api.inspect_image(f"{settings.instance}/{app}:{tag}")["Id"])


def named_image(api: Any, settings: Settings, app: str, *names: str) -> str:
    """An image that is labelled as the app's, unlike any other, with these names only."""
    image = busybox_image(api, settings, app, body=uuid.uuid4().hex)
    given = api.inspect_image(image)["RepoTags"]
    for name in names:
        repository, _, tag = name.rpartition(":")
        api.tag(image, repository, tag)
    if names:
        for name in given:
            api.remove_image(name)
        return image
    return _without_names(api, image)


def _without_names(api: Any, image: str) -> str:
    """Docker removes an image with its last name, unless that passes to another image."""
    [name] = api.inspect_image(image)["RepoTags"]
    repository, _, tag = name.rpartition(":")
    api.import_image_from_data(_tar("other"), repository=repository, tag=tag)
    api.remove_image(name)
    return image


def plain_image(api: Any, name: str) -> None:
    """Import an image that is nobody's, to stand on: `FROM name`, with busybox in it."""
    repository, _, tag = name.partition(":")
    api.import_image_from_data(_tar("hello"), repository=repository, tag=tag)


def _tar(body: str, *, shell: bool = True) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        _add(tar, "bin/busybox", Path(need("busybox")).read_bytes())
        for applet in APPLETS[0 if shell else 1 :]:
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
        _add(tar, "www/index.html", body.encode())
        _add(tar, "www/cgi-bin/slow", SLOW.encode())
        _add(tar, "www/cgi-bin/env", ENV.encode())
        _add(tar, "etc/passwd", b"root:x:0:0:root:/:/bin/sh\n")
    return buffer.getvalue()


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o755
    tar.addfile(entry, io.BytesIO(content))
