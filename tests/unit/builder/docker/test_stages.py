"""What a Dockerfile stands on in the end."""

import pytest

from builder.docker.stages import last_base

GIVEN = {"STACK": "paas/stack:bookworm-1", "RUNTIME": "paas/runtime-go:1-2"}


@pytest.mark.parametrize(
    ("dockerfile", "base"),
    [
        ("FROM debian:12\n", "debian:12"),
        ("ARG STACK\nFROM ${STACK}\nRUN true\n", "paas/stack:bookworm-1"),
        ("arg STACK\nfrom $STACK as app\n", "paas/stack:bookworm-1"),
        ("FROM --platform=linux/amd64 debian:12 AS web\n", "debian:12"),
        ("FROM golang:1 AS build\nRUN go build\nFROM scratch\n", "scratch"),
        ("FROM node:20 AS Base\nFROM base AS build\nFROM BASE\n", "node:20"),
        ("ARG TAG=3.12\nFROM python:${TAG}-slim\n", "python:3.12-slim"),
        ("ARG TAG\nFROM python:${TAG:-3.11}\n", "python:3.11"),
        ('ARG IMAGE="debian:12"\nFROM ${IMAGE}\n', "debian:12"),
        ("# FROM debian:11\n  FROM debian:12\n", "debian:12"),
    ],
)
def test_the_last_stage_decides(dockerfile: str, base: str) -> None:
    assert last_base(dockerfile, GIVEN) == base


@pytest.mark.parametrize("dockerfile", ["", "RUN true\n", "ARG X\nFROM ${X}\n", "FROM $OTHER\n"])
def test_nothing_is_said_where_the_text_does_not_say_it(dockerfile: str) -> None:
    assert last_base(dockerfile, GIVEN) == ""


def test_an_argument_counts_only_where_it_is_declared_before_the_first_stage() -> None:
    assert last_base("FROM debian:12\nARG STACK\nFROM ${STACK}\n", GIVEN) == ""
