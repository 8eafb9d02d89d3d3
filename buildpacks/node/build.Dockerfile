# As the Dockerfile, for an app that has something to build or to run when its source is there.
ARG RUNTIME
ARG TOOLCHAIN
FROM ${TOOLCHAIN} AS build
COPY package.json package-lock.jso[n] npm-shrinkwrap.jso[n] yarn.loc[k] pnpm-lock.yam[l] \
    .npmr[c] .yarnr[c] .yarnrc.ym[l] ./
COPY package.json .yar[n]/releases/* .yarn/releases/
ARG BUILD_CONFIG
RUN --mount=type=cache,target=/root/.cache --mount=type=secret,id=build-env \
    with-build-env install-node all
COPY . .
RUN --mount=type=cache,target=/root/.cache --mount=type=secret,id=build-env \
    with-build-env build-node

FROM ${RUNTIME}
COPY --from=build /opt/tools /opt/tools
# Equal contents are an equal layer, though the build ran again.
COPY --from=build /app/node_modules ./node_modules
USER app
COPY --from=build --chown=1000:1000 /opt/app .
