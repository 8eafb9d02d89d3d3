"""What the front door writes down of a command: enough to see who did what, and no secret."""

import logging

import pytest

from tests.integration.gitreceive.front_door import Door

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("words", [("echo", "shop", "A=s3cret"), ("echo", "A=s3cret")])
def test_who_called_what_is_logged_and_no_value(
    door: Door, caplog: pytest.LogCaptureFixture, words: tuple[str, ...]
) -> None:
    with caplog.at_level(logging.INFO, logger="gitreceive"):
        door.ssh(*words)
        door.wait_idle()

    assert "alice (SHA256:" in caplog.text
    assert "'echo'" in caplog.text
    assert "s3cret" not in caplog.text
