ARG RUNTIME
ARG TOOLCHAIN
FROM ${TOOLCHAIN} AS gems
ARG BUILD_CONFIG
# The patterns keep the line valid where one of the files is missing.
COPY Gemfile Gemfile.loc[k] .ruby-versio[n] .tool-version[s] ./
COPY vendo[r]/cach[e] ./vendor/cache/
RUN --mount=type=cache,target=/var/cache/bundle --mount=type=secret,id=build-env install-gems

FROM ${RUNTIME}
COPY --from=gems --chown=1000:1000 /app/vendor/bundle ./vendor/bundle
USER app
COPY --chown=1000:1000 . .
ARG BUILD_CONFIG
RUN --mount=type=cache,target=/var/cache/assets,uid=1000 \
    --mount=type=secret,id=build-env,uid=1000 precompile-assets
