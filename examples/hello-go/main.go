// Says hello, and which release says it.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
)

func main() {
	greeting := env("GREETING", "Hello from paas")
	commit := env("GIT_REV", "unknown")
	if len(commit) == 40 {
		commit = commit[:7]
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s! commit %s, release %s\n", greeting, commit, env("PAAS_RELEASE", "none"))
	})
	log.Fatal(http.ListenAndServe(":"+env("PORT", "5000"), nil))
}

func env(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
