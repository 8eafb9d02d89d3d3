"""That our tars are read by others as they were meant."""

import io
import tarfile

from hypothesis import given
from hypothesis import strategies as st

from builder.docker.context import context
from builder.source import tar

NAMES = st.lists(
    st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=80).filter(
        lambda name: name not in (".", "..")
    ),
    min_size=1,
    max_size=6,
).map("/".join)


def read(content: bytes) -> list[tarfile.TarInfo]:
    return tarfile.open(fileobj=io.BytesIO(content), mode="r:").getmembers()


@given(path=NAMES, target=NAMES, content=st.binary(max_size=1100), executable=st.booleans())
def test_every_name_and_content_survives(
    path: str, target: str, content: bytes, executable: bool
) -> None:
    mode = 0o755 if executable else 0o644
    file = tar.Member(b"f/" + path.encode(), tar.FILE, mode, len(content), mtime=946_684_800)
    archive = b"".join(
        [
            tar.header(tar.Member(b"d/" + path.encode(), tar.DIRECTORY, 0o755)),
            tar.header(file) + content + tar.padding(len(content)),
            tar.header(tar.Member(b"l", tar.SYMLINK, 0o777, target=target.encode())),
            tar.END,
        ]
    )
    directory, regular, link = read(archive)
    assert directory.isdir()
    assert directory.name == f"d/{path}".rstrip("/")
    assert (regular.name, regular.mode, regular.size) == (f"f/{path}", mode, len(content))
    assert (regular.uid, regular.gid, regular.mtime) == (0, 0, 946_684_800)
    assert (link.issym(), link.linkname) == (True, target)


def test_a_context_begins_with_our_members_in_gnu_format() -> None:
    content = b"".join(context({".paas/Dockerfile": b"FROM scratch\n"}))
    assert content[257:265] == b"ustar  \0"
    assert [member.name for member in read(content)] == [".paas/Dockerfile"]
