package ediweb_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"linemark/internal/upstream/ediweb"
	"linemark/internal/upstream/ediweb/ediwebtest"
	"linemark/internal/upstream/ediweb/stack"
)

func TestFetchesAsInTheSample(t *testing.T) {
	c, s := site(t, ediwebtest.Options{Waybills: []ediwebtest.Waybill{
		{ID: "21966959", Number: "AT-1683121162935"}, {ID: "21962431", Number: "АТ/Ж 2"},
	}}, ediweb.Options{})
	a := once(t, c, s, "21966959", "21962431")
	call := s.Calls()[0]
	if want := "id_type=gln&org_id=2359874562330&doc_ids=21966959%2C21962431"; call.RawQuery != want {
		t.Errorf("asked %q, not %q", call.RawQuery, want)
	}
	if _, ok := call.Header["Accept-Encoding"]; ok {
		t.Error("asked for an encoding, which the document does not show")
	}
	if got := states(a); got != "21966959 found; 21962431 found" {
		t.Fatal(got, a.Documents[0].Why)
	}
	for i, want := range []ediweb.Packet{
		{Number: "AT-1683121162935", Name: "QR_AT-1683121162935_31082023102612.zip", SafeName: "QR_AT-1683121162935_31082023102612.zip"},
		{Number: "АТ/Ж 2", Name: "QR_АТ/Ж 2_31082023102612.zip", SafeName: "QR_АТ_Ж_2_31082023102612.zip"},
	} {
		d := a.Documents[i]
		p := d.Packets[0]
		if p.Number != want.Number || p.Name != want.Name || p.SafeName != want.SafeName || p.Stamp != "31082023102612" || p.Problem != "" || len(p.Raw) == 0 {
			t.Errorf("packet %+v, not %+v", p, want)
		}
		if len(p.Pictures) != 1 || string(p.Pictures[0].Bytes) != string(ediwebtest.PNG(d.ID)) || p.Pictures[0].Format != stack.PNG || p.Pictures[0].SafeName != "qr.png" {
			t.Errorf("pictures %+v", p.Pictures)
		}
	}
	lot := a.Lots[0]
	if lot.RequestUUID != call.RequestUUID || lot.RequestUUID == "" || lot.FileName != "StackQrCodes_RESPONSE_31082023102612.zip" || lot.SafeName != lot.FileName {
		t.Errorf("the lot calls itself %q, %q, %q", lot.RequestUUID, lot.FileName, lot.SafeName)
	}
	if len(lot.Inventories) != 1 || !strings.Contains(string(lot.Inventories[0].Raw), "<DocumentId>21966959<") || len(lot.Notes) != 0 || len(a.Strays) != 0 {
		t.Errorf("inventories %+v, notes %q, strays %d", lot.Inventories, lot.Notes, len(a.Strays))
	}
}

func TestSplitsIntoLots(t *testing.T) {
	for _, c := range []struct{ n, calls int }{{1, 1}, {99, 1}, {100, 1}, {101, 2}, {200, 2}, {250, 3}} {
		client, s := site(t, ediwebtest.Options{Waybills: waybills(c.n)}, ediweb.Options{})
		asked := append(ids(c.n), ids(c.n)...) // everything repeated
		a := once(t, client, s, asked...)
		if len(s.Calls()) != c.calls || len(a.Lots) != c.calls {
			t.Errorf("%d documents: %d calls, %d lots", c.n, len(s.Calls()), len(a.Lots))
		}
		if got := a.With(ediweb.Found); !slices.Equal(got, ids(c.n)) {
			t.Errorf("%d documents: found %q", c.n, got)
		}
		uuids := map[string]bool{}
		for _, l := range a.Lots {
			uuids[l.RequestUUID] = true
		}
		if len(uuids) != c.calls {
			t.Errorf("%d calls are kept under %d ids", c.calls, len(uuids))
		}
	}
}

// Ids of other alphabets are long once escaped; a request line has its limit too.
func TestLongIDsMakeSmallerLots(t *testing.T) {
	var bills []ediwebtest.Waybill
	var asked []string
	for i := range 100 {
		id := fmt.Sprintf("Накладная № %03d на перевозку", i)
		asked = append(asked, id)
		bills = append(bills, ediwebtest.Waybill{ID: id, Number: fmt.Sprint(i)})
	}
	c, s := site(t, ediwebtest.Options{Waybills: bills}, ediweb.Options{})
	a := once(t, c, s, asked...)
	if got := a.With(ediweb.Found); !slices.Equal(got, asked) {
		t.Errorf("found %d", len(got))
	}
	for _, call := range s.Calls() {
		if len(call.RawQuery) > 7<<10 {
			t.Errorf("a query of %d bytes", len(call.RawQuery))
		}
	}
	if len(s.Calls()) < 2 {
		t.Error("one call")
	}
}

func TestRefusesBadInput(t *testing.T) {
	c, s := site(t, ediwebtest.Options{}, ediweb.Options{})
	long := strings.Repeat("x", 201)
	for name, c2 := range map[string]struct {
		kind ediweb.IDType
		org  string
		docs []string
		says string
	}{
		"id_type":          {"inn", gln, []string{"1"}, `id_type "inn" is neither gln nor fns`},
		"no id_type":       {"", gln, []string{"1"}, `id_type ""`},
		"id_type in caps":  {"GLN", gln, []string{"1"}, `id_type "GLN"`},
		"no org_id":        {ediweb.FNS, "", []string{"1"}, "org_id is missing"},
		"short GLN":        {ediweb.GLN, "123", []string{"1"}, "13 digits"},
		"GLN of letters":   {ediweb.GLN, "235987456233O", []string{"1"}, "13 digits"},
		"org_id with GS":   {ediweb.FNS, "2BM\x1d", []string{"1"}, "control"},
		"no documents":     {ediweb.GLN, gln, nil, "no documents"},
		"empty id":         {ediweb.GLN, gln, []string{"1", ""}, "document id is empty"},
		"blank":            {ediweb.GLN, gln, []string{"1 "}, "blank"},
		"comma":            {ediweb.GLN, gln, []string{"1,2"}, "comma"},
		"GS":               {ediweb.GLN, gln, []string{"1\x1d2"}, "control"},
		"not UTF-8":        {ediweb.GLN, gln, []string{"1\xe8"}, "UTF-8"},
		"long id":          {ediweb.GLN, gln, []string{long}, "201 bytes"},
		"too many at once": {ediweb.GLN, gln, make([]string, 10_001), "10001 documents"},
	} {
		a, err := c.QRCodes(context.Background(), c2.kind, c2.org, c2.docs)
		e, ok := err.(*ediweb.Error)
		if !ok || e.Kind != ediweb.Invalid || !strings.Contains(err.Error(), c2.says) || strings.Contains(err.Error(), "\n") || a.Documents != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(s.Calls()); n != 0 {
		t.Errorf("%d calls left", n)
	}
	if _, err := c.QRCodes(context.Background(), ediweb.FNS, "2BM-7700000000-770001001-201901010000000000000", []string{"1"}); err != nil {
		t.Errorf("an id of the tax service: %v", err)
	}
}

func TestAccessAndExtraParameters(t *testing.T) {
	o := ediwebtest.Options{Waybills: waybills(1), AuthHeader: "X-Api-Key", AuthValue: secret, Extra: []string{"date", "mode x"}}
	extra := map[string]string{"mode x": "a&b", "date": "2019-04-02"}
	c, s := site(t, o, ediweb.Options{AuthHeader: "X-Api-Key", AuthValue: secret, Extra: extra})
	once(t, c, s, "1")
	if q := s.Calls()[0].RawQuery; !strings.HasSuffix(q, "&doc_ids=1&date=2019-04-02&mode%20x=a%26b") {
		t.Errorf("asked %q", q)
	}
	c, s = site(t, o, ediweb.Options{AuthHeader: "X-Api-Key", AuthValue: "other", Extra: extra})
	a, e := fails(t, c, ediweb.Unauthorized, ids(101)...)
	if e.Status != http.StatusUnauthorized || e.RequestUUID == "" || len(s.Calls()) != 1 {
		t.Errorf("%+v after %d calls", e, len(s.Calls()))
	}
	if got := a.With(ediweb.Failed); len(got) != 101 || !strings.Contains(a.Documents[100].Why, "not asked for, since") {
		t.Errorf("%d failed, the last: %s", len(got), a.Documents[100].Why)
	}
}

func TestNoTextHoldsTheSecret(t *testing.T) {
	c, s := site(t, ediwebtest.Options{Extra: []string{"key"}}, ediweb.Options{AuthHeader: "Authorization", AuthValue: secret, Extra: map[string]string{"key": "k3y-of-8+"}})
	s.SetFault(func(n int) ediwebtest.Fault {
		switch n {
		case 0:
			return ediwebtest.Fault{Kind: ediwebtest.Status, Status: 400, Words: "no access for " + strings.ToUpper(secret) + " with k3y-of-8+ alias k3y-of-8%2B"}
		case 1:
			return ediwebtest.Fault{Kind: ediwebtest.Redirect, Words: "https://else.example/?t=5ecret-t0ken"}
		}
		return ediwebtest.Fault{Body: archive(t, "5ecret-t0ken.zip", "x", "QR_1_03052023133944.zip", string(archive(t, "5ecret-t0ken.zip", "x")))}
	})
	var texts []string
	for range 3 {
		a, err := c.QRCodes(context.Background(), ediweb.GLN, gln, ids(1))
		texts = append(texts, fmt.Sprint(err))
		for _, d := range a.Documents {
			texts = append(texts, d.Why)
			for _, p := range d.Packets {
				texts = append(texts, p.Problem)
			}
		}
		for _, l := range a.Lots {
			texts = append(texts, l.Notes...)
		}
	}
	texts = append(texts, fmt.Sprintf("%+v", c))
	hidden := 0
	for _, s := range texts {
		if low := strings.ToLower(s); strings.Contains(low, "5ecret") || strings.Contains(low, "k3y") {
			t.Errorf("the secret is in %q", s)
		}
		hidden += strings.Count(s, "***")
	}
	if hidden < 6 {
		t.Errorf("only %d places hidden in %q", hidden, texts)
	}
}

func TestNewChecks(t *testing.T) {
	for name, o := range map[string]ediweb.Options{
		"no URL":            {},
		"other scheme":      {URL: "ftp://x"},
		"no host":           {URL: "https:///x"},
		"query":             {URL: "https://x/?a=b"},
		"user":              {URL: "https://u:p@x"},
		"header alone":      {URL: "https://x", AuthHeader: "X-Key"},
		"value alone":       {URL: "https://x", AuthValue: "v"},
		"name with a blank": {URL: "https://x", AuthHeader: "X Key", AuthValue: "v"},
		"name of its own":   {URL: "https://x", AuthHeader: "accept-encoding", AuthValue: "v"},
		"two lines":         {URL: "https://x", AuthHeader: "X-Key", AuthValue: "v\r\nHost: y"},
		"not ASCII":         {URL: "https://x", AuthHeader: "X-Key", AuthValue: "ключ"},
		"parameter twice":   {URL: "https://x", Extra: map[string]string{"doc_ids": "1"}},
		"parameter no name": {URL: "https://x", Extra: map[string]string{"": "1"}},
		"limits":            {URL: "https://x", Limits: stack.Limits{Names: "koi8"}},
		"timeout":           {URL: "https://x", Timeout: -1},
		"body":              {URL: "https://x", MaxBody: -1},
	} {
		if _, err := ediweb.New(o); err == nil || !strings.HasPrefix(err.Error(), "ediweb: ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ediweb.New(ediweb.Options{URL: "http://dapi-preprod.ediweb.ru/", Timeout: time.Second}); err != nil {
		t.Error(err)
	}
}
