# PHP-FPM behind Apache (it honours .htaccess, which most PHP apps bring) or nginx: Heroku's
# Procfiles name either. mod_php would be larger, and its processes would wait on idle connections.
ARG STACK
FROM ${STACK}
# apache2-bin depends on all of Perl (50 MB), for scripts that nothing here runs.
RUN apt-get -qq update \
    && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
      -o Dpkg::Options::=--path-exclude=/usr/share/perl/* \
      -o Dpkg::Options::=--path-exclude=/usr/lib/*/perl/* \
      -o Dpkg::Options::=--path-exclude=/usr/lib/*/libperl.so* \
      php-cli php-fpm php-apcu php-bcmath php-curl php-gd php-intl php-mbstring php-mysql \
      php-pgsql php-redis php-sqlite3 php-xml php-zip composer \
      apache2-bin nginx-light media-types >/dev/null \
    && rm -rf /var/lib/apt/lists/* \
    && ln -s /usr/sbin/php-fpm[0-9]* /usr/local/bin/php-fpm
COPY apache.conf site.apache.conf nginx.conf fpm.conf front-controller.apache.conf /etc/php-web/
COPY php.ini /etc/php-web/conf.d/
COPY finish-php serve-php start-php /usr/local/bin/
# Both commands by name, and where composer would have put them: Procfiles have either.
RUN cd /usr/local/bin && chmod 755 finish-php serve-php start-php \
    && useradd --uid 1000 --home-dir /app --shell /usr/sbin/nologin app \
    && install -d -o app -g app /app /app/vendor /app/vendor/bin \
    && for server in apache2 nginx; do \
      ln -s serve-php heroku-php-$server \
      && ln -s /usr/local/bin/heroku-php-$server /app/vendor/bin/; done
# The empty first entry stands for Debian's own directory.
ENV PHP_INI_SCAN_DIR=:/etc/php-web/conf.d \
    COMPOSER_CAFILE=/etc/ssl/certs/ca-certificates.crt \
    COMPOSER_NO_INTERACTION=1 \
    PATH=/app/vendor/bin:$PATH \
    PORT=5000
WORKDIR /app
EXPOSE 5000
CMD ["start-php"]
