ARG STACK
FROM ${STACK}
RUN apt-get -qq update \
    && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y nginx-light >/dev/null \
    && rm -rf /var/lib/apt/lists/* /var/www/html
COPY nginx.conf /etc/nginx/site.conf
COPY start-static /usr/local/bin/
RUN chmod 755 /usr/local/bin/start-static \
    && useradd --uid 1000 --home-dir /app --shell /usr/sbin/nologin app \
    && install -d -o app -g app /app
ENV PORT=5000
WORKDIR /app
EXPOSE 5000
USER app
CMD ["start-static"]
