// Package diadoctest is an emulator of Kontur.Diadoc as far as the transfer protocol of a document
// goes, in the manner of net/http/httptest: an [http.Handler] with the login by password, the token
// endpoint of OpenID Connect and GenerateDocumentProtocol, which keeps its own account of all of it.
//
// It is stricter than the real system is known to be. Whatever the caller does against the document is
// refused where the document has a status for it, and noted in [History.Breaches]. So are the things that
// the vendor asks of callers: to wait as long as Retry-After says, four calls at a time, one token for 24 hours.
package diadoctest
