"""Gems as files, so that an app can bring its own where RubyGems cannot be reached."""

import gzip
import io
import tarfile
from collections.abc import Mapping, Sequence

_SPECIFICATION = """\
--- !ruby/object:Gem::Specification
name: {name}
version: !ruby/object:Gem::Version
  version: '1.0'
platform: ruby
authors: [nobody]
summary: for tests
bindir: exe
executables: {executables}
extensions: {extensions}
files: {files}
require_paths: [lib]
specification_version: 4
"""


def gem(
    name: str,
    files: Mapping[str, str],
    *,
    executables: Sequence[str] = (),
    extensions: Sequence[str] = (),
) -> bytes:
    """Version 1.0 of a gem, as `gem build` would write it."""
    specification = _SPECIFICATION.format(
        name=name,
        files=_list(list(files)),
        executables=_list(executables),
        extensions=_list(extensions),
    )
    contents = {path: text.encode() for path, text in files.items()}
    return _tar(
        {
            "metadata.gz": gzip.compress(specification.encode(), mtime=0),
            "data.tar.gz": gzip.compress(_tar(contents), mtime=0),
        }
    )


def _list(values: Sequence[str]) -> str:
    return f"[{', '.join(values)}]"


def _tar(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o755 if path.startswith("exe/") else 0o644
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
