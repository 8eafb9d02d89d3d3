ARG RUNTIME
ARG TOOLCHAIN
FROM ${TOOLCHAIN} AS packages
ARG BUILD_CONFIG
# The pattern keeps the line valid where there is no lock.
COPY composer.json composer.loc[k] ./
RUN --mount=type=cache,target=/var/cache/composer --mount=type=secret,id=build-env install-php

FROM ${RUNTIME}
COPY --from=packages --chown=1000:1000 /app .
USER app
COPY --chown=1000:1000 . .
ARG BUILD_CONFIG
# Which classes there are is only known with the source, and the app's scripts need it too.
RUN --mount=type=cache,target=/var/cache/composer,uid=1000 \
    --mount=type=secret,id=build-env,uid=1000 finish-php
