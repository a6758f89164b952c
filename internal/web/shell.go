package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
)

// ReloadPath is where a POST with the body {} lets the configuration be taken over.
const ReloadPath = "/api/v1/reload"

// Reload answers 200 when the configuration was taken over, and 422 with a Fault when it was refused: then
// the old one goes on.
func Reload(do func(context.Context) error) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+ReloadPath, func(w http.ResponseWriter, r *http.Request) {
		if err := readBody(w, r, &struct{}{}); err != nil {
			clerk{log: slog.Default()}.answer(w, r, nil, err)
			return
		}
		if err := do(r.Context()); err != nil {
			writeJSON(w, http.StatusUnprocessableEntity, Fault{Error: err.Error(), Hint: "the old configuration goes on"})
			return
		}
		writeJSON(w, http.StatusOK, struct{}{})
	})
	return mux
}

// Degraded answers while no agent runs: its status, and 503 with the reasons for everything else.
func Degraded(status any, why []string) http.Handler {
	mux := http.NewServeMux()
	text := strings.Join(why, "\n")
	mux.HandleFunc("GET /api/v1/status", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, status) })
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, text, http.StatusServiceUnavailable) })
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusServiceUnavailable, Fault{Error: "nothing runs: " + why[0], Hint: "linemark status has all reasons"})
	})
	return mux
}
