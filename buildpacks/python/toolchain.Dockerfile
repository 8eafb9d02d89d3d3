# Where dependencies are installed, and built where there is no wheel of them.
ARG RUNTIME
FROM ${RUNTIME}
# Debian's pip keeps no wheel of a package that it has to build, the newest does.
RUN apt-get -qq update \
    && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
         gcc g++ make git pkg-config python3-dev python3-venv \
         libffi-dev libssl-dev libpq-dev libmariadb-dev >/dev/null \
    && rm -rf /var/lib/apt/lists/* \
    && python3 -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --quiet --upgrade pip
COPY install-python /usr/local/bin/
RUN chmod 755 /usr/local/bin/install-python
# uv is to install into /opt/venv, whatever other Python the app's files name.
ENV UV_PROJECT_ENVIRONMENT=/opt/venv \
    UV_PYTHON=/opt/venv/bin/python \
    UV_PYTHON_DOWNLOADS=never \
    UV_LINK_MODE=copy \
    UV_COMPILE_BYTECODE=1 \
    UV_NO_PROGRESS=1 \
    POETRY_NO_INTERACTION=1
