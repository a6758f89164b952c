// Package smartonetest is an emulator of SmartOne's "T&T SYSTEM", in the manner of
// net/http/httptest: an [http.Handler] with login_api, make_aggregation and get_batch_codes, that
// keeps its own account of what came and which documents exist.
//
// It is stricter than the real system is known to be. Whatever the caller does against the vendor's
// document is refused and noted in [History.Breaches]. Where the vendor is silent the choice is a
// field of [Options], or is written at the function that makes it.
package smartonetest
