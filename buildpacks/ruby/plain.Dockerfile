ARG RUNTIME
FROM ${RUNTIME}
USER app
# The source comes last and nothing runs after it: a push of code alone is one layer.
COPY --chown=1000:1000 . .
