"""What may be said of a canary."""

import pytest

from releases.domain.canary import BadCanary, Canary, parse_canary


@pytest.mark.parametrize(
    ("percent", "duration", "made"),
    [
        ("10%", "60s", Canary(10, 60)),
        ("0.5", "5m", Canary(0.5, 300)),
        ("99%", "2h", Canary(99, 7200)),
        ("1%", "90", Canary(1, 90)),
    ],
)
def test_a_share_and_a_time_are_read(percent: str, duration: str, made: Canary) -> None:
    assert parse_canary(percent, duration) == made


@pytest.mark.parametrize(
    ("percent", "duration", "said"),
    [
        ("0%", "60s", "share '0%'"),
        ("100%", "60s", "share '100%'"),
        ("-1", "60s", "share '-1'"),
        ("ten", "60s", "share 'ten'"),
        ("10%", "0s", "time '0s'"),
        ("10%", "25h", "time '25h'"),
        ("10%", "soon", "time 'soon'"),
        ("10%", "", "time ''"),
    ],
)
def test_what_cannot_be_is_refused_with_an_example(percent: str, duration: str, said: str) -> None:
    with pytest.raises(BadCanary, match=said):
        parse_canary(percent, duration)
