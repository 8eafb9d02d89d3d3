# Debian's Python, the libraries that database drivers need, and a user without rights. What the app
# depends on comes in a virtual environment, outside the source.
ARG STACK
FROM ${STACK}
RUN apt-get -qq update \
    && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y python3 libpq5 libmariadb3 >/dev/null \
    && rm -rf /var/lib/apt/lists/*
COPY start-python prepare-python with-build-env /usr/local/bin/
RUN chmod 755 /usr/local/bin/*-* \
    && useradd --uid 1000 --home-dir /app --shell /usr/sbin/nologin app \
    && install -d -o app -g app /app
ENV PATH=/opt/venv/bin:$PATH \
    VIRTUAL_ENV=/opt/venv \
    PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore \
    PORT=5000
WORKDIR /app
EXPOSE 5000
CMD ["start-python"]
