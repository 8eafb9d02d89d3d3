"""What an app.json may say, and what is said of one that cannot be used."""

import json
from dataclasses import asdict

import pytest

from releases.domain.app_json import (
    SAYS_NOTHING,
    AppJson,
    BadAppJson,
    EnvVar,
    Scripts,
    parse_app_json,
)
from releases.domain.check import Check
from releases.domain.release import Artifact
from tests.fakes import examples

EVERYTHING = {
    "name": "Shop",
    "addons": ["heroku-postgresql"],
    "scripts": {
        "dokku": {"predeploy": "touch built", "postdeploy": "./tell"},
        "postdeploy": "./seed",
    },
    "env": {
        "GREETING": "hello",
        "SECRET_KEY": {"description": "signs cookies", "generator": "secret"},
        "MAILER": {"required": False},
        "API_KEY": {"description": "of the bank"},
    },
    "formation": {"web": {"quantity": 2, "max_parallel": 1}, "worker": {"max_parallel": 1}},
    "healthchecks": {
        "web": [
            {
                "type": "startup",
                "name": "front page",
                "description": "says hello",
                "path": "/up",
                "content": "hello",
                "attempts": 6,
                "timeout": 2,
                "wait": 3,
                "initialDelay": 4,
                "port": 8080,
                "scheme": "https",
                "httpHeaders": [{"name": "X-Key", "value": "$KEY"}],
                "onFailure": {"url": "http://hooks.example"},
            },
            {"listening": True, "warn": True},
        ],
        "worker": [{"command": ["./ready", "-q"]}, {"uptime": 10}],
    },
}


def test_all_that_is_used_is_read_and_the_rest_is_ignored() -> None:
    read = parse_app_json(json.dumps(EVERYTHING))
    assert read.scripts == Scripts("touch built", "./tell", "./seed")
    assert read.formation == {"web": 2}
    assert read.env == {
        "GREETING": EnvVar("hello"),
        "SECRET_KEY": EnvVar(generator="secret", description="signs cookies"),
        "MAILER": EnvVar(required=False),
        "API_KEY": EnvVar(description="of the bank"),
    }
    assert read.healthchecks["worker"] == (Check(command=("./ready", "-q")), Check(uptime=10))
    page, listening = read.healthchecks["web"]
    assert (page.title, page.path, page.content, page.port) == ("front page", "/up", "hello", 8080)
    assert (page.scheme, page.headers) == ("https", (("X-Key", "$KEY"),))
    assert page.patience_s(60) == 4 + 6 * (2 + 3)
    assert (listening.title, listening.warn) == ("listening", True)


def test_a_check_that_says_nothing_of_time_has_the_usual_patience() -> None:
    assert Check(path="/").patience_s(60) == 60
    assert Check(path="/", initial_delay=5).patience_s(60) == 65
    assert Check(path="/", attempts=2).patience_s(60) == 20


def test_an_empty_object_says_nothing() -> None:
    assert parse_app_json("{}") == SAYS_NOTHING


def test_a_record_is_read_back_as_it_was() -> None:
    made = examples.artifact(
        release_command="./migrate", app_json=parse_app_json(json.dumps(EVERYTHING))
    )
    assert Artifact.from_record(json.loads(json.dumps(asdict(made)))) == made


def test_a_record_of_an_earlier_version_says_nothing() -> None:
    record = asdict(examples.artifact())
    for later in ("release_command", "app_json", "built"):
        del record[later]
    assert Artifact.from_record(record) == examples.artifact()
    assert AppJson.from_record({}) == SAYS_NOTHING


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"env": }', "line 1: not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"env": {"A": "\\ud800"}}', "it has half of a character"),
        ('{"env": {"A": "a\\u0000"}}', "it has a NUL byte"),
        ("[]", 'expected an object, {"key": value}'),
        (" " * 300_000, "it has 300000 characters; 262144 are allowed"),
        ('{"scripts": []}', "key scripts: expected an object, found []"),
        (
            '{"scripts": {"dokku": {"predeploy": 1}}}',
            "scripts.dokku: key predeploy: expected a command line, found 1",
        ),
        (
            '{"healthchecks": {"web": [{"attempts": "3"}]}}',
            "healthchecks.web[0]: key attempts: expected a whole number from 0 to 1000, found '3'",
        ),
        ('{"healthchecks": {"web": {}}}', "healthchecks.web: expected a list of checks"),
        ('{"healthchecks": {"we b": []}}', "healthchecks: expected a process type as key"),
        (
            '{"healthchecks": {"web": [{"path": "up"}]}}',
            "healthchecks.web[0]: key path: expected a path that begins with /, found 'up'",
        ),
        (
            '{"healthchecks": {"web": [{"path": "/", "uptime": 3}]}}',
            "healthchecks.web[0]: key uptime: expected it or path, and not both",
        ),
        (
            '{"healthchecks": {"web": [{"command": "true"}]}}',
            "healthchecks.web[0]: key command: expected a list of words, found 'true'",
        ),
        (
            '{"healthchecks": {"web": [{"httpHeaders": [{"name": "A"}]}]}}',
            "healthchecks.web[0]: key httpHeaders: expected a list of objects with name and value",
        ),
        (
            '{"env": {"KEY": {"generator": "uuid"}}}',
            "env.KEY: key generator: expected secret, found 'uuid'",
        ),
        ('{"env": {"KEY": 1}}', 'env.KEY: expected an object, {"key": value}'),
        ('{"env": {"1KEY": "a"}}', "env.1KEY: config var '1KEY' cannot be used"),
        ('{"env": {"PORT": "http"}}', "env.PORT: config var PORT must be a number"),
        (
            '{"formation": {"web": {"quantity": true}}}',
            "formation.web: key quantity: expected a whole number from 0 to 100, found True",
        ),
    ],
)
def test_a_mistake_is_named_with_file_key_and_what_was_expected(text: str, message: str) -> None:
    with pytest.raises(BadAppJson) as caught:
        parse_app_json(text)
    assert str(caught.value).startswith(f"app.json: {message}")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250
