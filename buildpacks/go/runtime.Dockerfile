# Nothing of Go is needed to run what it made: the stack, a user without rights, and a start.
ARG STACK
FROM ${STACK}
COPY start-go /usr/local/bin/
RUN chmod 755 /usr/local/bin/start-go \
    && useradd --uid 1000 --home-dir /app --shell /usr/sbin/nologin app \
    && install -d -o app -g app /app
ENV PATH=/app/bin:$PATH \
    PORT=5000
WORKDIR /app
EXPOSE 5000
CMD ["start-go"]
