ARG RUNTIME
ARG TOOLCHAIN
FROM ${TOOLCHAIN} AS gems
ARG BUILD_CONFIG
# Some gems are directories of the source, so nothing can be installed without it.
COPY . .
RUN --mount=type=cache,target=/var/cache/bundle --mount=type=secret,id=build-env install-gems

FROM ${RUNTIME}
COPY --from=gems --chown=1000:1000 /app/vendor/bundle ./vendor/bundle
USER app
COPY --chown=1000:1000 . .
ARG BUILD_CONFIG
RUN --mount=type=cache,target=/var/cache/assets,uid=1000 \
    --mount=type=secret,id=build-env,uid=1000 precompile-assets
