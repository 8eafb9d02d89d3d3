# A Java without a compiler and without windows. It trusts what the stack trusts: Debian makes the
# JVM's store of certificates from the system's.
ARG STACK
FROM ${STACK}
ARG VERSION=17
# Without the directory for its manual page the package cannot be installed.
RUN mkdir -p /usr/share/man/man1 \
    && apt-get -qq update \
    && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y openjdk-$VERSION-jre-headless \
      >/dev/null \
    && rm -rf /var/lib/apt/lists/* \
    && ln -s "$(echo /usr/lib/jvm/java-$VERSION-openjdk-*)" /usr/lib/jvm/current
COPY java start-java /usr/local/bin/
RUN chmod 755 /usr/local/bin/java /usr/local/bin/start-java \
    && useradd --uid 1000 --home-dir /app --shell /usr/sbin/nologin app \
    && install -d -o app -g app /app
ENV JAVA_HOME=/usr/lib/jvm/current \
    PORT=5000
WORKDIR /app
EXPOSE 5000
CMD ["start-java"]
