"""Which of our images an app's Dockerfile asks for, and which one its image will stand on."""

from collections.abc import Mapping
from dataclasses import replace

from builder.bases.footing import Footing
from builder.bases.stack import Bases, suite_of
from builder.detection.plan import Base, Plan
from builder.docker.engine import Image
from builder.docker.stages import last_base


def find_below(bases: Bases, plan: Plan) -> tuple[Mapping[str, str], Footing]:
    """Build arguments that name images (made by now), and the base of the app's image."""
    bases = replace(bases, seen={})  # a toolchain stands on a runtime, and both on a stack
    images = {argument: _image(bases, base) for argument, base in plan.bases.items()}
    if "STACK" in plan.declares:
        images["STACK"] = bases.stack(suite_of(plan.buildpack, plan.version))
    arguments = {argument: image.name for argument, image in images.items()}
    return arguments, _footing(bases, plan, images, last_base(plan.dockerfile, arguments))


def _image(bases: Bases, base: Base) -> Image:
    make = bases.toolchain if base.kind == "toolchain" else bases.runtime
    return make(base.buildpack, base.version)


def _footing(bases: Bases, plan: Plan, images: Mapping[str, Image], name: str) -> Footing:
    for argument, image in images.items():
        if image.name == name:
            base = plan.bases.get(argument, Base(plan.buildpack, "stack", plan.version))
            suite = suite_of(base.buildpack, base.version)
            return Footing(name, image.id, suite, "" if base.kind == "stack" else base.version)
    known = bases.engine.image(name) if name else None
    return Footing(name, known.id if known else "")
