# Ruby and bundler, the libraries that gems for databases are linked to, and puma for apps that
# have a config.ru and no Gemfile. Compilers are in the toolchain.
ARG STACK
FROM ${STACK}
ARG VERSION=3.1
RUN apt-get -qq update \
    && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
      ruby ruby-bundler puma libpq5 libmariadb3 libsqlite3-0 tzdata >/dev/null \
    && rm -rf /var/lib/apt/lists/*
COPY any_patch_level.rb /tmp/
COPY start-ruby precompile-assets /usr/local/bin/
RUN cat /tmp/any_patch_level.rb >> "$(ruby -rbundler -e 'print Bundler.method(:setup) \
      .source_location[0].delete_suffix(".rb") + "/ruby_version.rb"')" \
    && rm /tmp/any_patch_level.rb \
    && chmod 755 /usr/local/bin/start-ruby /usr/local/bin/precompile-assets \
    && useradd --uid 1000 --home-dir /app --shell /usr/sbin/nologin app \
    && install -d -o app -g app /app
# `ruby app.rb` finds the gems as `bundle exec` does; the empty last entry is Debian's own places.
ENV GEM_PATH=/app/vendor/bundle/ruby/$VERSION.0: \
    PATH=/app/bin:/app/vendor/bundle/bin:$PATH \
    BUNDLE_DEPLOYMENT=1 \
    BUNDLE_PATH=/app/vendor/bundle \
    BUNDLE_BIN=/app/vendor/bundle/bin \
    BUNDLE_WITHOUT=development:test \
    RACK_ENV=production \
    RAILS_ENV=production \
    RAILS_LOG_TO_STDOUT=enabled \
    RAILS_SERVE_STATIC_FILES=enabled \
    MALLOC_ARENA_MAX=2 \
    PORT=5000
WORKDIR /app
EXPOSE 5000
CMD ["start-ruby"]
