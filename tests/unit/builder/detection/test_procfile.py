"""What a Procfile may say."""

import pytest

from builder.detection.procfile import BadProcfile, read_procfile


def test_each_line_is_a_process_type() -> None:
    text = "# processes\nweb: gunicorn app:app --bind :$PORT\n\nworker:  python work.py  \n"
    assert read_procfile(text).processes == {
        "web": "gunicorn app:app --bind :$PORT",
        "worker": "python work.py",
    }


@pytest.mark.parametrize("text", [None, "", "\n# nothing\n"])
def test_without_a_process_type_web_runs_the_images_own_command(text: str | None) -> None:
    assert read_procfile(text).processes == {"web": None}


def test_release_is_no_process_type() -> None:
    read = read_procfile("release: python migrate.py\nweb: python app.py\n")
    assert read.processes == {"web": "python app.py"}
    assert read.release == "python migrate.py"


def test_with_release_alone_web_runs_the_images_own_command() -> None:
    assert read_procfile("release: ./migrate\n").processes == {"web": None}


def test_windows_line_ends_and_a_byte_order_mark_are_tolerated() -> None:
    text = "\ufeffweb: a\r\nworker: b\r\n"
    assert read_procfile(text).processes == {"web": "a", "worker": "b"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "web: a\n<<<<<<< HEAD\n",
            "Procfile line 2: merge conflict left in the file: '<<<<<<< HEAD'",
        ),
        ("=======\n", "Procfile line 1: merge conflict left in the file: '======='"),
        (">>>>>>> b: c\n", "Procfile line 1: merge conflict left in the file: '>>>>>>> b: c'"),
        ("web python app.py\n", "Procfile line 1: expected `type: command`: 'web python app.py'"),
        ("web: a\nweb: b\n", "Procfile line 2: process type web is there already, on line 1"),
        ("web:  \n", "Procfile line 1: process type web has no command: 'web:'"),
        ("we b: a\n", "Procfile line 1: a process type is letters, digits"),
        ("../x: a\n", "Procfile line 1: a process type is letters, digits"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_content(text: str, message: str) -> None:
    with pytest.raises(BadProcfile) as caught:
        read_procfile(text)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
