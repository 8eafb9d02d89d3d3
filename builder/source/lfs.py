"""Git LFS pointers: what a repository has in place of large files that it keeps elsewhere."""

from collections.abc import Sequence

_FIRST_LINE = b"version https://git-lfs.github.com/spec/v1\n"
_MAX_BYTES = 1024  # by its specification a pointer is shorter
_SHOWN = 5


def is_pointer(content: bytes) -> bool:
    """Whether this is a pointer, and not the file itself."""
    return len(content) < _MAX_BYTES and content.startswith(_FIRST_LINE)


def warning(paths: Sequence[str]) -> str:
    """What to say of pointers that go into a build."""
    shown = ", ".join(paths[:_SHOWN])
    more = f" and {len(paths) - _SHOWN} more" if paths[_SHOWN:] else ""
    return (
        f"Git LFS keeps the content of {shown}{more} elsewhere, and only pointers are built; "
        "commit the files themselves (git lfs migrate export), or download them in the build"
    )
