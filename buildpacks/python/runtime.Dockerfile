# Debian's Python, a virtual environment outside the source, and a user without rights.
ARG STACK
FROM ${STACK}
RUN apt-get -qq update \
    && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y python3 python3-venv >/dev/null \
    && rm -rf /var/lib/apt/lists/* \
    && python3 -m venv /opt/venv
COPY install-python start-python /usr/local/bin/
RUN chmod 755 /usr/local/bin/install-python /usr/local/bin/start-python \
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
