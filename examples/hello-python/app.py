"""Says hello, and which release says it."""

import os


def app(environ, start_response):
    greeting = os.environ.get("GREETING", "Hello from paas")
    commit = os.environ.get("GIT_REV", "")[:7] or "unknown"
    release = os.environ.get("PAAS_RELEASE", "none")
    body = f"{greeting}! commit {commit}, release {release}\n".encode()
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    return [body]
