# Go, git for modules that no proxy has, and a C compiler for builds with CGO_ENABLED=1. Releases
# newer than the suite's come from its backports.
ARG RUNTIME
FROM ${RUNTIME}
ARG VERSION=1.23
RUN suite=$(. /etc/os-release && echo $VERSION_CODENAME) \
    && apt-get -qq update \
    && if ! apt-cache show golang-$VERSION-go >/dev/null 2>&1; then \
      mirror=$(apt-get indextargets --format '$(REPO_URI)' "Codename: $suite" | head -n 1) \
      && echo "deb $mirror $suite-backports main" \
        > /etc/apt/sources.list.d/backports.list \
      && apt-get -qq update; fi \
    && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
      golang-$VERSION-go gcc libc6-dev git >/dev/null \
    && rm -rf /var/lib/apt/lists/*
# Go has no compiled standard library since 1.20: an app's first build begins with this one's.
RUN CGO_ENABLED=0 GOFLAGS=-trimpath GOCACHE=/usr/local/share/go-build \
      PATH=/usr/lib/go-$VERSION/bin:$PATH go build net/http html/template database/sql encoding/xml
COPY download-go build-go /usr/local/bin/
RUN chmod 755 /usr/local/bin/download-go /usr/local/bin/build-go
# A go.mod that asks for a newer Go gets it from the module proxy; Debian turns that off.
ENV PATH=/usr/lib/go-$VERSION/bin:$PATH \
    GOTOOLCHAIN=auto \
    GOMODCACHE=/var/cache/go/modules \
    GOCACHE=/var/cache/go/build
