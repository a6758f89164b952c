// Package izkmtest is an emulator of IZKM, the code-ordering interface of the national
// marking system (LEGACY-API v1.10.0), in the manner of net/http/httptest: an
// [http.Handler] that issues codes, takes reports, and keeps its own account of all of it.
//
// It is stricter than the real system is known to be. Whatever the caller does against the
// document is refused and noted in [History.Breaches]. Where the document is silent the
// choice is written at the function that makes it. Error codes other than 601 and 725 are
// the emulator's own, since the document has no list of them.
//
// One request leaves at most one line in [Options.Log], two if a fault has it carried out
// [Twice], written before its answer goes out, so that an emulator killed at any moment
// continues with [Server.Restore].
package izkmtest
