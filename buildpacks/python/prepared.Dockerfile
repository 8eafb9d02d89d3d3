# As the Dockerfile, for an app that has something to do when source and dependencies are together.
ARG RUNTIME
ARG TOOLCHAIN
FROM ${TOOLCHAIN} AS dependencies
COPY requirements*.txt pyproject.tom[l] uv.loc[k] poetry.loc[k] poetry.tom[l] Pipfile.loc[k] ./
ARG BUILD_CONFIG
RUN --mount=type=cache,target=/root/.cache --mount=type=secret,id=build-env \
    with-build-env install-python dependencies

FROM ${RUNTIME}
COPY --from=dependencies /opt/venv /opt/venv
USER app
COPY --chown=1000:1000 . .
ARG BUILD_CONFIG
RUN --mount=type=secret,id=build-env,uid=1000 with-build-env prepare-python
