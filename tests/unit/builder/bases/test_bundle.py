"""The CA bundle that stacks trust: one that was named has to be there."""

from pathlib import Path

import pytest

from builder.bases.bundle import read_bundle
from releases.settings import BadSetting


def test_a_bundle_that_is_there_is_read(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_bytes(b"a certificate")
    assert read_bundle(tmp_path / "ca.crt") == b"a certificate"


def test_a_bundle_that_was_named_and_is_missing_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"setting ca_bundle: .*/ca.crt is not there"):
        read_bundle(tmp_path / "ca.crt")


def test_a_bundle_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="Is a directory"):
        read_bundle(tmp_path)
