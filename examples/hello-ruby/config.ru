# Says hello, and which release says it.
greeting = ENV.fetch("GREETING", "Hello from paas")
commit = ENV.fetch("GIT_REV", "unknown")[0, 7]
release = ENV.fetch("PAAS_RELEASE", "none")

run lambda { |_env|
  [200, { "content-type" => "text/plain; charset=utf-8" },
   ["#{greeting}! commit #{commit}, release #{release}\n"]]
}
