"""Ruby apps, built by a real worker, answer over HTTP: with no gems, and with some in C."""

from collections.abc import Mapping

import docker
import pytest

from releases.domain.build import BuildStatus
from tests.docker.builder.conftest import Workshop, layers
from tests.docker.builder.gems import gem
from tests.docker.builder.test_examples import Serving
from tests.integration.builder.repository import Content

pytestmark = pytest.mark.docker

IN_C = {
    "ext/tiny/extconf.rb": 'require "mkmf"\ncreate_makefile("tiny")\n',
    "ext/tiny/tiny.c": """\
#include <ruby.h>
static VALUE text(VALUE self) { return rb_str_new_cstr("from C"); }
void Init_tiny(void) { rb_define_singleton_method(rb_define_module("Tiny"), "text", text, 0); }
""",
}
# What the commands `rails server` and `rails assets:precompile` do, as far as the buildpack goes.
RAILS = {
    "exe/rails": """\
require "socket"
require "tiny"
if ARGV.first == "assets:precompile"
  abort "no key" unless ENV["SECRET_KEY_BASE"] && ENV["RAILS_ENV"] == "production"
  Dir.mkdir("public/assets")
  File.write("public/assets/app.css", File.read("app.css").upcase)
else
  server = TCPServer.new(ARGV[ARGV.index("--binding") + 1], ARGV[ARGV.index("--port") + 1])
  loop do
    client = server.accept
    nil while (line = client.gets) && line != "\\r\\n"
    body = "#{Tiny.text}, #{File.read("public/assets/app.css")}"
    client.write "HTTP/1.0 200 OK\\r\\nContent-Length: #{body.size}\\r\\n\\r\\n", body
    client.close
  end
end
""",
}
APP: Mapping[str, Content] = {
    "Gemfile": """\
source "https://rubygems.org"
ruby "3.1.6"
gem "tiny"
gem "sprockets-rails"
gem "absent", group: :test
""",
    "Gemfile.lock": """\
GEM
  remote: https://rubygems.org/
  specs:
    absent (1.0)
    sprockets-rails (1.0)
    tiny (1.0)

PLATFORMS
  x86_64-linux

DEPENDENCIES
  absent
  sprockets-rails
  tiny

RUBY VERSION
   ruby 3.1.6p260

BUNDLED WITH
   2.5.9
""",
    "vendor/cache/tiny-1.0.gem": gem("tiny", IN_C, extensions=["ext/tiny/extconf.rb"]),
    "vendor/cache/sprockets-rails-1.0.gem": gem("sprockets-rails", RAILS, executables=["rails"]),
    "config/application.rb": "",
    "public/index.html": "",
    "app.css": "some style",
}


def test_the_example_answers_and_new_code_is_one_layer(
    workshop: Workshop, engine: docker.APIClient, serving: Serving
) -> None:
    first = workshop.build("hello-ruby", workshop.commit("hello-ruby"))
    assert first.status is BuildStatus.SUCCEEDED, workshop.output(first)
    assert (first.buildpack, first.why) == ("ruby", "config.ru found")
    with serving(first, GREETING="Hej", PORT="7003") as fetch:
        assert fetch("/") == "Hej! commit unknown, release none\n"
    code = 'run ->(_env) { [200, {}, ["new code by #{Process.uid}"]] }\n'
    second = workshop.build("hello-ruby", workshop.commit("hello-ruby", {"config.ru": code}))
    assert layers(engine, second)[:-1] == layers(engine, first)[:-1]
    with serving(second) as fetch:
        assert fetch("/") == "new code by 1000"


def test_gems_in_c_are_built_before_the_source_and_assets_after_it(
    workshop: Workshop, engine: docker.APIClient, serving: Serving
) -> None:
    first = workshop.build("ruby-gems", workshop.repository.commit(APP))
    assert first.status is BuildStatus.SUCCEEDED, workshop.output(first)
    with serving(first) as fetch:
        assert fetch("/") == "from C, SOME STYLE"
    changed = workshop.repository.commit({**APP, "app.css": "new style"})
    second = workshop.build("ruby-gems", changed)
    assert layers(engine, second)[:-2] == layers(engine, first)[:-2]
    with serving(second) as fetch:
        assert fetch("/") == "from C, NEW STYLE"


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({"Gemfile": 'gem "rack"\n'}, "there is no Gemfile.lock: run `bundle install` and commit"),
        (
            {**APP, "Gemfile": 'source "https://rubygems.org"\nruby "2.7.8"\n'},
            "Your Ruby version is 3.1.2, but your Gemfile specified 2.7.8",
        ),
    ],
)
def test_gems_that_cannot_be_installed_are_told_in_a_plain_line(
    workshop: Workshop, files: dict[str, Content], line: str
) -> None:
    build = workshop.build("ruby-mistaken", workshop.repository.commit(files))
    assert build.status is BuildStatus.FAILED
    assert any(line in printed for printed in workshop.output(build)), "\n".join(
        workshop.output(build)
    )
