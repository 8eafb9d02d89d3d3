# Where dependencies are installed: uv and Poetry, and what packages without a wheel are built with.
ARG RUNTIME
FROM ${RUNTIME}
RUN apt-get -qq update \
    && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
         build-essential git pkg-config python3-dev python3-venv \
         libffi-dev libssl-dev libpq-dev libmariadb-dev >/dev/null \
    && rm -rf /var/lib/apt/lists/* \
    && python3 -m venv /opt/tools \
    && /opt/tools/bin/pip install --no-cache-dir --progress-bar off \
         uv poetry poetry-plugin-export \
    && ln -s /opt/tools/bin/uv /opt/tools/bin/poetry /usr/local/bin/ \
    && python3 -m venv /opt/venv
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
