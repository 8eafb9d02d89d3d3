"""Which images all hosts share: how a name is looked up, pulled from and pushed to the registry."""

from dataclasses import dataclass, replace

from docker.errors import APIError, NotFound

from builder.docker.engine import Engine, EngineRefused, Image
from builder.docker.image import Report
from releases.errors import PaasError


class RegistryFailed(PaasError):
    """The registry of the settings did not do what was asked."""


@dataclass(frozen=True)
class Images:
    """Images by name, as every builder sees them.

    With a registry its word counts: what it has under a name is used, although this engine may
    have another image of that name, and what only this engine has is pushed before it is used.
    Without one there is this engine alone.
    """

    engine: Engine
    registry: str  # `registry.example:5000`, or empty
    report: Report

    def find(self, name: str) -> Image | None:
        """The image of that name, pulled if need be; RegistryFailed, EngineRefused."""
        if not self.registry:
            return self.engine.image(name)
        digest = self._digest(name)
        if digest:
            return self._fetch(name, f"{self._repository(name)}@{digest}")
        return self.share(name) if self.engine.image(name) else None

    def share(self, name: str) -> Image:
        """Push the image that the engine has under a name; with no registry just look it up."""
        image = self.engine.image(name)
        if image is None:
            raise EngineRefused(f"image {name} was removed right after it was made; try again")
        if not self.registry:
            return image
        self.report([f"Pushing {_short(name)} to {self.registry}"])
        self.engine.tag(image.id, f"{self.registry}/{name}")
        return replace(image, reference=f"{self._repository(name)}@{self._push(name)}")

    def _fetch(self, name: str, reference: str) -> Image:
        image = self.engine.image(reference)
        if image is None:
            self.report([f"Pulling {_short(name)} from {self.registry}"])
            for _ in self.engine.pull(reference):
                pass  # one line is enough: the registry is near
            image = self.engine.image(reference)
        if image is None:
            raise EngineRefused(f"image {reference} was removed right after its pull; try again")
        self.engine.tag(image.id, name)
        return replace(image, name=name, reference=reference)

    def _digest(self, name: str) -> str:
        """Of the manifest that the registry has under the name; empty: none."""
        try:
            found = self.engine.api.inspect_distribution(f"{self.registry}/{name}")
        except NotFound:
            return ""
        except APIError as error:
            raise self._failed("cannot be asked", name, str(error.explanation)) from error
        return str(found["Descriptor"]["digest"])

    def _push(self, name: str) -> str:
        repository, _, tag = name.rpartition(":")
        digest = ""
        try:
            answer = self.engine.api.push(
                f"{self.registry}/{repository}", tag=tag, stream=True, decode=True
            )
            for message in answer:
                if "error" in message:
                    raise self._failed("did not take", name, message["error"])
                digest = message.get("aux", {}).get("Digest", digest)
        except APIError as error:
            raise self._failed("did not take", name, str(error.explanation)) from error
        return digest

    def _failed(self, what: str, name: str, reason: str) -> RegistryFailed:
        return RegistryFailed(
            f"registry {self.registry} {what} {_short(name)}: {reason.strip().splitlines()[0]}; "
            "is it up, and may this host's Docker use it (docker login)?"
        )

    def _repository(self, name: str) -> str:
        return f"{self.registry}/{name.rpartition(':')[0]}"


def _short(name: str) -> str:
    """A commit by seven of its digits."""
    repository, _, tag = name.rpartition(":")
    return f"{repository}:{tag[:7]}" if len(tag) == 40 else name
