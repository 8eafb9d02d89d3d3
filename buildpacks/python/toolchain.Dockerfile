# What packages without a wheel need to be built: a compiler, and the headers of Python and of the
# libraries that the runtime has.
ARG RUNTIME
FROM ${RUNTIME}
RUN apt-get -qq update \
    && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
         build-essential git pkg-config python3-dev libffi-dev libssl-dev libpq-dev libmariadb-dev \
         >/dev/null \
    && rm -rf /var/lib/apt/lists/*
