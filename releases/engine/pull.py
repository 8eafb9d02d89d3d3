"""How an image comes from a registry to the Docker that runs it."""

from typing import Any

import docker

from releases.domain.release import Artifact
from releases.engine.protocol import EngineFailed


def pull(api: Any, reference: str) -> None:
    """Pull `registry.example/paas/myapp@sha256:...`, with the credentials of Docker's own config.

    EngineFailed says why it cannot be had.
    """
    try:
        for message in api.pull(reference, stream=True, decode=True):
            if "error" in message:
                raise _failed(reference, message["error"])
    except docker.errors.APIError as error:
        raise _failed(reference, error.explanation or str(error)) from error


def registry_of(artifact: Artifact) -> str:
    """Where its image is pulled from: `registry.example:5000`."""
    return artifact.reference.partition("/")[0]


def not_the_same(artifact: Artifact) -> EngineFailed:
    """What was pulled is not what was built."""
    return EngineFailed(
        f"{artifact.reference} came as another image than was built; do all hosts' Dockers store "
        "images alike (the containerd image store on all or on none)?"
    )


def _failed(reference: str, reason: str) -> EngineFailed:
    return EngineFailed(
        f"image {reference} cannot be pulled: {str(reason).strip().splitlines()[0][:300]}; is the "
        "registry up, and may this host's Docker use it (docker login)?"
    )
