"""How config is sealed, and that there is one key however many start at once."""

import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from releases.vault import Vault, WrongKey

CONFIG = {"A": "two words\n'\"", "B": "grüße 🚀", "EMPTY": ""}


def test_what_was_sealed_comes_back_exactly(tmp_path: Path) -> None:
    vault = Vault.open(tmp_path / "key")
    assert vault.unseal(vault.seal(CONFIG)) == CONFIG


def test_what_is_sealed_cannot_be_read(tmp_path: Path) -> None:
    sealed = Vault.open(tmp_path / "key").seal({"NAME": "secret"})
    assert sealed.isascii()
    assert "secret" not in sealed
    assert "NAME" not in sealed


def test_a_second_opening_finds_the_same_key(tmp_path: Path) -> None:
    sealed = Vault.open(tmp_path / "key").seal(CONFIG)
    assert Vault.open(tmp_path / "key").unseal(sealed) == CONFIG


def test_another_key_is_told_from_a_fault(tmp_path: Path) -> None:
    sealed = Vault.open(tmp_path / "one").seal(CONFIG)
    with pytest.raises(WrongKey, match=r"is secret\.key the one it was made with"):
        Vault.open(tmp_path / "two").unseal(sealed)


@pytest.mark.parametrize("content", [b"", b"garbage", b"\xff\xfe"])
def test_a_file_that_holds_no_key_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(WrongKey, match=f"{tmp_path}/key does not hold a key"):
        Vault.open(tmp_path / "key")


def test_only_its_owner_reads_the_key_and_nothing_else_is_left(tmp_path: Path) -> None:
    Vault.open(tmp_path / "home" / "key")
    assert (tmp_path / "home" / "key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["key"]


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    together, sealed = fork.Barrier(8), fork.Queue()

    def open_and_seal() -> None:
        together.wait()
        sealed.put(Vault.open(tmp_path / "new" / "key").seal(CONFIG))

    processes = [fork.Process(target=open_and_seal) for _ in range(8)]
    for process in processes:
        process.start()
    found = [sealed.get(timeout=20) for _ in processes]
    for process in processes:
        process.join()
    vault = Vault.open(tmp_path / "new" / "key")
    assert [vault.unseal(one) for one in found] == [CONFIG] * 8


def test_threads_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    together = threading.Barrier(8)

    def open_and_seal(path: Path) -> str:
        together.wait()
        return Vault.open(path).seal(CONFIG)

    with ThreadPoolExecutor(8) as pool:
        for turn in range(20):
            path = tmp_path / str(turn) / "key"
            found = list(pool.map(open_and_seal, [path] * 8))
            assert [Vault.open(path).unseal(one) for one in found] == [CONFIG] * 8


def test_a_digest_is_the_same_for_the_same_text_and_key_only(tmp_path: Path) -> None:
    one, two = Vault.open(tmp_path / "one"), Vault.open(tmp_path / "two")
    assert one.digest("A=1") == Vault.open(tmp_path / "one").digest("A=1")
    assert len({one.digest("A=1"), one.digest("A=2"), two.digest("A=1")}) == 3
    assert len(one.digest("")) == 16
