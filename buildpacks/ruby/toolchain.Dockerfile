# What gems with parts in C need to be built.
ARG RUNTIME
FROM ${RUNTIME}
RUN apt-get -qq update \
    && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
      gcc g++ git make pkg-config ruby-dev libffi-dev libmariadb-dev libpq-dev libsqlite3-dev \
      libyaml-dev zlib1g-dev >/dev/null \
    && rm -rf /var/lib/apt/lists/*
COPY install-gems /usr/local/bin/
RUN chmod 755 /usr/local/bin/install-gems
