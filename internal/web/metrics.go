package web

import "net/http"

// ReadOnly lets h answer only what is read by machines that watch over others: /metrics, /healthz and /readyz.
func ReadOnly(h http.Handler) http.Handler {
	mux := http.NewServeMux()
	for _, path := range []string{MetricsPath, "/healthz", "/readyz"} {
		mux.Handle("GET "+path, h)
	}
	return mux
}

// MetricsPath is where Prometheus asks.
const MetricsPath = "/metrics"

// WithMetrics lets metrics answer there, and h everything else.
func WithMetrics(h, metrics http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+MetricsPath, metrics)
	mux.Handle("/", h)
	return mux
}

// WithPage lets api answer what programs ask for, and page everything else.
func WithPage(api, page http.Handler) http.Handler {
	mux := http.NewServeMux()
	for _, path := range []string{"/api/", MetricsPath, "/healthz", "/readyz"} {
		mux.Handle(path, api)
	}
	mux.Handle("/", page)
	return mux
}
