# The stack: a Debian whose programs trust the extra CA bundle (firms that inspect TLS have one),
# and whose apt leaves nothing behind in a layer. (A layer that is half done is thrown away, so dpkg
# need not wait for the disk: that halves the time of an install.)
ARG STACK
FROM ${STACK}
RUN printf '%s\n' 'Dir::Cache::pkgcache "";' 'Dir::Cache::srcpkgcache "";' \
      'APT::Keep-Downloaded-Packages "false";' 'APT::Install-Recommends "false";' \
      'Acquire::Languages "none";' > /etc/apt/apt.conf.d/90paas \
    && echo force-unsafe-io > /etc/dpkg/dpkg.cfg.d/90paas \
    && { command -v update-ca-certificates >/dev/null || { \
      apt-get -qq update \
      && apt-get -qq install -y ca-certificates >/dev/null \
      && rm -rf /var/lib/apt/lists/*; }; }
COPY extra-ca.crt /tmp/extra-ca.crt
# One file per certificate, as update-ca-certificates wants them: no later run of it drops them.
RUN awk '/BEGIN CERTIFICATE/ { n++ } \
      n { print > ("/usr/local/share/ca-certificates/extra-" n ".crt") }' /tmp/extra-ca.crt \
    && update-ca-certificates >/dev/null 2>&1 \
    && rm /tmp/extra-ca.crt
# Programs that bring their own certificates are pointed to the system's.
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    CURL_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt \
    REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt \
    PIP_CERT=/etc/ssl/certs/ca-certificates.crt \
    NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt \
    LANG=C.UTF-8
