# The compiler, Maven, and those of its plugins that every build needs, as Debian has them: they
# serve where Maven Central cannot be reached. Gradle comes by the wrapper in the app's source.
ARG RUNTIME
FROM ${RUNTIME}
ARG VERSION=17
RUN apt-get -qq update \
    && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y openjdk-$VERSION-jdk-headless git unzip \
      maven libmaven-clean-plugin-java libmaven-compiler-plugin-java libmaven-install-plugin-java \
      libmaven-jar-plugin-java libmaven-resources-plugin-java libsurefire-java >/dev/null \
    && rm -rf /var/lib/apt/lists/*
COPY maven-settings.xml /etc/maven/settings.xml
COPY build-java /usr/local/bin/
RUN chmod 755 /usr/local/bin/build-java
