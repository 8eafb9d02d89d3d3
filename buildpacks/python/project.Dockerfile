# As the Dockerfile, for an app that is a package itself, or whose requirements are in its source.
ARG RUNTIME
ARG TOOLCHAIN
FROM ${TOOLCHAIN} AS dependencies
COPY pyproject.tom[l] uv.loc[k] poetry.loc[k] poetry.tom[l] ./
ARG BUILD_CONFIG
# What can be installed before the source is there is not installed again for a change of code.
RUN --mount=type=cache,target=/root/.cache --mount=type=secret,id=build-env \
    grep -Eqs '^[^#]*(path|workspace) *=' pyproject.toml \
    || with-build-env install-python dependencies
COPY . .
RUN --mount=type=cache,target=/root/.cache --mount=type=secret,id=build-env \
    { [ ! -f bin/pre_compile ] || with-build-env bash bin/pre_compile; } \
    && with-build-env install-python project

FROM ${RUNTIME}
COPY --from=dependencies /opt/venv /opt/venv
USER app
COPY --from=dependencies --chown=1000:1000 /app .
ARG BUILD_CONFIG
RUN --mount=type=secret,id=build-env,uid=1000 with-build-env prepare-python
