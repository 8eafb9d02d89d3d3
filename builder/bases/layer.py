"""What one image below the apps' is made of, and the name that follows from it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from builder.docker.engine import Image
from builder.docker.image import Recipe
from releases.domain.container import INSTANCE

STACK = "paas/stack:"  # what the names of our images begin with
RUNTIME = "paas/runtime-"
BELOW = "paas.below"  # the label that names the image that one of ours was built on


@dataclass(frozen=True)
class Layer:
    """A stack, a runtime or a toolchain.

    Its tag follows from all that goes into it, so that a change of a Dockerfile, of the CA bundle
    or of the image below makes a new one, and nothing else does.
    """

    title: str  # "the Python 3.11 runtime"
    line: str  # the name of all its makes over time: "paas/runtime-python:3.11"
    dockerfile: str  # its text
    below: Image
    argument: str  # what the Dockerfile calls the image below
    files: Mapping[str, bytes]
    arguments: Mapping[str, str] = field(default_factory=dict)

    @property
    def tag(self) -> str:
        """`paas/runtime-python:3.11-<digest>`."""
        return f"{self.line}-{digest(self.below.id, self.dockerfile, self.files, self.arguments)}"

    def recipe(self, instance: str, tag: str, *, no_cache: bool = False) -> Recipe:
        """How it is built, under a tag of one's choice."""
        return Recipe(
            build_id=f"paas-{instance}-{tag}",
            tag=tag,
            dockerfile=self.dockerfile,
            labels={INSTANCE: instance, BELOW: self.below.name},
            arguments={**self.arguments, self.argument: self.below.name},
            files=self.files,
            no_cache=no_cache,
        )


def line_of(name: str) -> str:
    """The line of one of our images, by its name; empty if it is not one of ours."""
    line, dash, _ = name.rpartition("-")
    return line if dash and line.startswith((STACK, RUNTIME)) else ""


def digest(
    below: str, dockerfile: str, files: Mapping[str, bytes], arguments: Mapping[str, str]
) -> str:
    """Twelve hex digits that change when anything of it does."""
    made_of = hashlib.sha256(f"{below}\0{dockerfile}\0".encode())
    for name, content in files.items():
        made_of.update(f"{name}\0{len(content)}\0".encode())
        made_of.update(content)
    for name, value in sorted(arguments.items()):
        made_of.update(f"{name}={value}\0".encode())
    return made_of.hexdigest()[:12]
