"""How the images below the apps' are named: by what goes into them."""

from dataclasses import replace

from builder.bases.layer import Layer, line_of
from builder.docker.engine import Image

STACK = Image("paas/stack:bookworm-1", "sha256:1", {}, ())
RUNTIME = Layer(
    title="the Python 3.11 runtime",
    line="paas/runtime-python:3.11",
    dockerfile="ARG STACK\nFROM ${STACK}\n",
    below=STACK,
    argument="STACK",
    files={"start": b"#!/bin/sh\n"},
)


def test_equal_ingredients_have_one_name_and_any_change_has_another() -> None:
    changed = [
        replace(RUNTIME, dockerfile=RUNTIME.dockerfile + "USER app\n"),
        replace(RUNTIME, below=replace(STACK, id="sha256:2")),
        replace(RUNTIME, files={"start": b"#!/bin/dash\n"}),
        replace(RUNTIME, arguments={"VERSION": "3.11.2"}),
    ]
    assert replace(RUNTIME).tag == RUNTIME.tag
    assert len({layer.tag for layer in [RUNTIME, *changed]}) == 5


def test_the_name_of_the_image_below_does_not_matter_only_its_content() -> None:
    assert replace(RUNTIME, below=replace(STACK, name="other:name")).tag == RUNTIME.tag


def test_a_recipe_names_the_image_below_under_the_argument_of_the_dockerfile() -> None:
    recipe = replace(RUNTIME, arguments={"VERSION": "3.11"}).recipe("paas", RUNTIME.tag)
    assert recipe.arguments == {"STACK": "paas/stack:bookworm-1", "VERSION": "3.11"}
    assert recipe.labels == {"paas.instance": "paas", "paas.below": "paas/stack:bookworm-1"}


def test_the_line_of_an_image_is_its_name_without_the_digest() -> None:
    assert line_of(RUNTIME.tag) == "paas/runtime-python:3.11"
    assert line_of("paas/stack:trixie-0123456789ab") == "paas/stack:trixie"


def test_an_image_that_is_not_ours_is_in_no_line() -> None:
    assert line_of("debian:bookworm-slim") == ""
    assert line_of("registry.example:5000/python-3") == ""
    assert line_of("") == ""
