package ediweb_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"linemark/internal/upstream/ediweb"
	"linemark/internal/upstream/ediweb/ediwebtest"
	"linemark/internal/upstream/ediweb/stack"
)

// Gzip is told by the bytes, whatever the headers say and whoever took it off.
func TestGzipOrNot(t *testing.T) {
	for _, kind := range []ediwebtest.Kind{ediwebtest.None, ediwebtest.NoGzip, ediwebtest.LyingGzip, ediwebtest.DoubleGzip, ediwebtest.Drip} {
		for name, transport := range map[string]http.RoundTripper{"own": nil, "given": &http.Transport{DisableKeepAlives: true}} {
			c, s := site(t, ediwebtest.Options{Waybills: waybills(2)}, ediweb.Options{Transport: transport})
			s.SetFault(befalls(ediwebtest.Fault{Kind: kind}))
			if got := states(once(t, c, s, ids(2)...)); got != "1 found; 2 found" {
				t.Errorf("%s, %s transport: %s", kind, name, got)
			}
		}
	}
}

func TestErrorsSayWhatHappened(t *testing.T) {
	page := []byte("<html>no</html>")
	for name, c := range map[string]struct {
		fault ediwebtest.Fault
		kind  ediweb.Kind
		says  string
	}{
		"description":     {ediwebtest.Fault{Kind: ediwebtest.Status, Status: 400, Words: "Организация\nне найдена"}, ediweb.Refused, `(HTTP 400), it begins "Организация не найдена"`},
		"old encoding":    {ediwebtest.Fault{Kind: ediwebtest.Status, Status: 404, Words: "\xcd\xe5\xf2"}, ediweb.Refused, `\\xcd\\xe5\\xf2`},
		"forbidden":       {ediwebtest.Fault{Kind: ediwebtest.Status, Status: 403}, ediweb.Unauthorized, "access denied (HTTP 403)"},
		"server fault":    {ediwebtest.Fault{Kind: ediwebtest.Status, Status: 502, Words: "bad gateway"}, ediweb.ServerFault, "bad gateway"},
		"overload":        {ediwebtest.Fault{Kind: ediwebtest.Status, Status: 429, RetryAfter: 7 * time.Second}, ediweb.Busy, "too many requests"},
		"nothing":         {ediwebtest.Fault{Kind: ediwebtest.Status, Status: 204}, ediweb.Unexpected, "HTTP 204"},
		"redirect":        {ediwebtest.Fault{Kind: ediwebtest.Redirect, Words: "https://login.example/"}, ediweb.Unexpected, "redirected to https://login.example/, which is not followed"},
		"page":            {ediwebtest.Fault{Kind: ediwebtest.HTML}, ediweb.Unexpected, `not a ZIP, it begins "<html>`},
		"page in gzip":    {ediwebtest.Fault{Body: page}, ediweb.Unexpected, `not a ZIP, it begins "<html>no`},
		"empty":           {ediwebtest.Fault{Kind: ediwebtest.NoGzip, Body: []byte{}}, ediweb.Unexpected, "an empty answer, not a ZIP"},
		"half":            {ediwebtest.Fault{Kind: ediwebtest.Half}, ediweb.Unexpected, "unpacking gzip"},
		"half, no gzip":   {ediwebtest.Fault{Kind: ediwebtest.NoGzip, Body: archive(t, "a", "b")[:40]}, ediweb.Unexpected, "not a ZIP: zip: not a valid zip file"},
		"cut":             {ediwebtest.Fault{Kind: ediwebtest.Cut}, ediweb.Interrupted, "reading the answer"},
		"reset":           {ediwebtest.Fault{Kind: ediwebtest.Reset}, ediweb.Interrupted, "answer lost"},
		"gzip thrice":     {ediwebtest.Fault{Kind: ediwebtest.TripleGzip}, ediweb.Unexpected, "more than twice"},
		"too long":        {ediwebtest.Fault{Kind: ediwebtest.NoGzip, Body: make([]byte, 1<<20+1)}, ediweb.TooLarge, "longer than 1048576 bytes"},
		"too long packed": {ediwebtest.Fault{Body: make([]byte, 1<<20+1)}, ediweb.TooLarge, "longer than 1048576 bytes"},
		"bomb":            {ediwebtest.Fault{Body: archive(t, "a", strings.Repeat("0", 5<<19), "b", strings.Repeat("0", 5<<19))}, ediweb.Hostile, "more than 4194304 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			client, s := site(t, ediwebtest.Options{Waybills: waybills(1)}, ediweb.Options{MaxBody: 1 << 20, Limits: stack.Limits{Total: 4 << 20}})
			s.SetFault(befalls(c.fault))
			a, e := fails(t, client, c.kind, "1")
			if !strings.Contains(e.Error(), c.says) {
				t.Errorf("%q does not say %q", e, c.says)
			}
			lost := c.fault.Kind == ediwebtest.Reset
			if want := s.Calls()[len(s.Calls())-1].RequestUUID; !lost && (e.RequestUUID != want || a.Lots[0].RequestUUID != want || !strings.HasSuffix(e.Error(), "request_uuid "+want)) {
				t.Errorf("request_uuid %q is lost in %q", want, e)
			}
			if c.kind == ediweb.Busy && e.RetryAfter != 7*time.Second {
				t.Errorf("wait %v", e.RetryAfter)
			}
			if states(a) != "1 error" || a.Documents[0].Why != e.Error() || a.Documents[0].Packets != nil || a.Strays != nil {
				t.Errorf("something half stays: %+v", a)
			}
		})
	}
}

func TestNoConnectionEndsAll(t *testing.T) {
	web := httptest.NewServer(nil)
	web.Close()
	c, err := ediweb.New(ediweb.Options{URL: web.URL})
	if err != nil {
		t.Fatal(err)
	}
	a, e := fails(t, c, ediweb.Unreachable, ids(201)...)
	if e.Status != 0 || len(a.Lots) != 3 || len(a.With(ediweb.Failed)) != 201 {
		t.Errorf("%+v", e)
	}
}

func TestTimeoutAndEnd(t *testing.T) {
	c, s := site(t, ediwebtest.Options{}, ediweb.Options{Timeout: 50 * time.Millisecond})
	s.SetFault(befalls(ediwebtest.Fault{Kind: ediwebtest.Silent}))
	if _, e := fails(t, c, ediweb.Interrupted, "1"); !errors.Is(e, context.DeadlineExceeded) {
		t.Error(e)
	}
	c, s = site(t, ediwebtest.Options{}, ediweb.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	s.SetFault(func(int) ediwebtest.Fault {
		cancel()
		return ediwebtest.Fault{Kind: ediwebtest.Silent}
	})
	a, err := c.QRCodes(ctx, ediweb.GLN, gln, ids(101))
	if !errors.Is(err, context.Canceled) || len(s.Calls()) != 1 || len(a.With(ediweb.Failed)) != 101 || !strings.HasPrefix(a.Documents[100].Why, "not asked for") {
		t.Errorf("%v after %d calls", err, len(s.Calls()))
	}
}

// A lot that fails takes nothing from those before and after it.
func TestPartialSuccessIsKept(t *testing.T) {
	c, s := site(t, ediwebtest.Options{Waybills: waybills(300)}, ediweb.Options{})
	s.SetFault(func(n int) ediwebtest.Fault {
		if n == 1 {
			return ediwebtest.Fault{Kind: ediwebtest.Cut}
		}
		return ediwebtest.Fault{Omit: []string{"7", "250"}}
	})
	a, e := fails(t, c, ediweb.Interrupted, ids(300)...)
	if e.IDs != 100 {
		t.Errorf("the error is of %d documents", e.IDs)
	}
	want := slices.DeleteFunc(ids(300), func(id string) bool { return id == "7" || id == "250" })
	if got := a.With(ediweb.Found); !slices.Equal(got, slices.Concat(want[:99], want[199:])) {
		t.Errorf("found %q", got)
	}
	if got := a.With(ediweb.Failed); !slices.Equal(got, ids(200)[100:]) {
		t.Errorf("failed %q", got)
	}
	if got := a.With(ediweb.Missing); !slices.Equal(got, []string{"7", "250"}) {
		t.Errorf("missing %q", got)
	}
	if a.Lots[0].Err != nil || a.Lots[1].Err == nil || a.Lots[2].Err != nil {
		t.Errorf("errors %v, %v, %v", a.Lots[0].Err, a.Lots[1].Err, a.Lots[2].Err)
	}
}

func TestOverloadEndsAll(t *testing.T) {
	c, s := site(t, ediwebtest.Options{Waybills: waybills(300)}, ediweb.Options{})
	s.SetFault(func(n int) ediwebtest.Fault {
		if n == 1 {
			return ediwebtest.Fault{Kind: ediwebtest.Status, Status: 429}
		}
		return ediwebtest.Fault{}
	})
	a, _ := fails(t, c, ediweb.Busy, ids(300)...)
	if len(s.Calls()) != 2 || len(a.With(ediweb.Found)) != 100 || len(a.With(ediweb.Failed)) != 200 {
		t.Errorf("%d calls, %d found", len(s.Calls()), len(a.With(ediweb.Found)))
	}
}

func TestHeadersDropped(t *testing.T) {
	c, s := site(t, ediwebtest.Options{Waybills: waybills(101)}, ediweb.Options{})
	s.SetFault(befalls(ediwebtest.Fault{NoHeaders: true}))
	a := once(t, c, s, ids(101)...)
	if l := a.Lots[1]; l.RequestUUID != "" || l.FileName != "" || l.SafeName != "StackQrCodes_2.zip" || len(a.With(ediweb.Found)) != 101 {
		t.Errorf("%q, %q", l.FileName, l.SafeName)
	}
}
