"""What the id of a job says of the build that it is for."""

import pytest

from releases.work.queue import build_of

RQS_OWN = "6d1a2f3c-1234-4321-9876-0af3bc120af3"


@pytest.mark.parametrize("app", ["shop", "my-shop-2"])
def test_the_job_of_a_build_names_it(app: str) -> None:
    assert build_of(f"{app}-17-0af3bc12") == (app, 17)


@pytest.mark.parametrize("job", ["", "shop", "17-0af3bc12", "shop-x-0af3bc12", RQS_OWN])
def test_other_jobs_name_none(job: str) -> None:
    assert build_of(job) is None
