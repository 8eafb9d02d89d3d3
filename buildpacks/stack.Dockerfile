# The stack: a Debian whose programs trust the extra CA bundle (firms that inspect TLS have one).
ARG STACK
FROM ${STACK}
RUN command -v update-ca-certificates >/dev/null || { \
      apt-get update \
      && apt-get install -y --no-install-recommends ca-certificates \
      && rm -rf /var/lib/apt/lists/*; }
COPY extra-ca.crt /tmp/extra-ca.crt
# One file per certificate, as update-ca-certificates wants them: then nothing that runs it again drops them.
RUN awk '/BEGIN CERTIFICATE/ { n++ } n { print > ("/usr/local/share/ca-certificates/extra-" n ".crt") }' /tmp/extra-ca.crt \
    && update-ca-certificates >/dev/null 2>&1 \
    && rm /tmp/extra-ca.crt
# Programs that bring their own certificates are pointed to the system's.
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    CURL_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt \
    REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt \
    PIP_CERT=/etc/ssl/certs/ca-certificates.crt \
    NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt \
    LANG=C.UTF-8
