# What only an install needs: packages that composer takes from a repository come by git.
ARG RUNTIME
FROM ${RUNTIME}
RUN apt-get -qq update \
    && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y git unzip >/dev/null \
    && rm -rf /var/lib/apt/lists/*
COPY install-php /usr/local/bin/
RUN chmod 755 /usr/local/bin/install-php
