"""How an image comes from a registry to the Docker that runs it."""

from collections.abc import Callable
from typing import Any

import docker

from releases.domain.release import Artifact
from releases.engine.images import has_image
from releases.engine.protocol import EngineFailed


def fetch(api: Any, artifact: Artifact, report: Callable[[str], None]) -> None:
    """Pull an artifact's image by the digest that the build host pushed; EngineFailed."""
    registry = artifact.reference.partition("/")[0]
    report(f"Pulling the image of {artifact.commit[:7]} from {registry}")
    _pull(api, artifact.reference)
    if not has_image(api, artifact.image):
        raise EngineFailed(
            f"{artifact.reference} came as another image than was built; do all hosts' Dockers "
            "store images alike (the containerd image store on all or on none)?"
        )


def _pull(api: Any, reference: str) -> None:
    """With the credentials of Docker's own config."""
    try:
        for message in api.pull(reference, stream=True, decode=True):
            if "error" in message:
                raise _failed(reference, message["error"])
    except docker.errors.APIError as error:
        raise _failed(reference, error.explanation or str(error)) from error


def _failed(reference: str, reason: str) -> EngineFailed:
    return EngineFailed(
        f"image {reference} cannot be pulled: {str(reason).strip().splitlines()[0][:300]}; is the "
        "registry up, and may this host's Docker use it (docker login)?"
    )
