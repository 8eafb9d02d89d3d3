"""What a release says of itself, and how its status may go."""

from releases.domain.release import NEXT_STATUS, ReleaseStatus
from tests.fakes.examples import artifact, release


def test_every_status_has_its_row() -> None:
    assert set(NEXT_STATUS) == set(ReleaseStatus)
    assert {after for row in NEXT_STATUS.values() for after in row} < set(ReleaseStatus)


def test_every_way_from_pending_ends_and_none_comes_back() -> None:
    def ways(status: ReleaseStatus, so_far: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
        assert status not in so_far
        taken = (*so_far, status.value)
        onward = [way for after in sorted(NEXT_STATUS[status]) for way in ways(after, taken)]
        return onward or [taken]

    assert ways(ReleaseStatus.PENDING) == [
        ("pending", "failed"),
        ("pending", "live", "failed"),
        ("pending", "live", "superseded"),
    ]


def test_a_release_is_called_v12() -> None:
    assert release(number=12).name == "v12"


def test_the_port_is_the_images_unless_config_says_otherwise() -> None:
    made = artifact(port=3000)
    assert release(made=made).port == 3000
    assert release(made=made, config={"PORT": "8000"}).port == 8000


def test_a_release_never_shows_its_config_by_accident() -> None:
    assert "secret" not in repr(release(config={"A": "secret"}))
