package smartone

import (
	"testing"
)

func TestParameters(t *testing.T) {
	base := func() Document {
		d := shift()
		d.Rows = append(d.Rows, Row{Product: ext("Q"), Unit: ext("U"), Count: 5})
		return d
	}
	of := func(d Document) [32]byte {
		t.Helper()
		b, err := EncodeAggregation(d)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Parameters(b)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	first := of(base())
	for name, tc := range map[string]struct {
		change func(*Document)
		same   bool
	}{
		"another id":        {func(d *Document) { d.RequestID = "r-2" }, true},
		"rows another way":  {func(d *Document) { d.Rows = []Row{d.Rows[2], d.Rows[0], d.Rows[1]} }, true},
		"codes another way": {func(d *Document) { c := d.Rows[0].Codes; c[0], c[1] = c[1], c[0] }, true},
		"retail said":       {func(d *Document) { d.Emission = Retail }, true},
		"import":            {func(d *Document) { d.Emission = Import }, false},
		"another day":       {func(d *Document) { d.Date = d.Today }, false},
		"another count":     {func(d *Document) { d.Rows[2].Count = 6 }, false},
		"another code":      {func(d *Document) { d.Rows[0].Codes[1].Code = "03" }, false},
		"another parent": {func(d *Document) {
			d.Rows[0].Codes[0].Parent, d.Rows[0].Codes[1].Parent, d.Rows[1].Codes[0].Code = "O2", "O2", "O2"
		}, false},
		"another line":    {func(d *Document) { d.Line = ext("L2") }, false},
		"by the other id": {func(d *Document) { d.Line = ID{System: 1} }, false},
	} {
		d := base()
		tc.change(&d)
		if got := of(d) == first; got != tc.same {
			t.Errorf("%s: same is %v", name, got)
		}
	}
	without, err := Parameters([]byte(`{"a":[1,{"x":"y"}],"request_id":"1"}`))
	with, err2 := Parameters([]byte(` {"doc_type":1,"a":[{"x":"\u0079"},1],"request_id":"2"}`))
	if err != nil || err2 != nil || without != with {
		t.Errorf("a doc_type left out is not retail: %v %v", err, err2)
	}
	for _, bad := range []string{"", "null", "[]", `{"a":1}x`, "{\"a\":\"\xff\"}", `{"a":`} {
		if _, err := Parameters([]byte(bad)); err == nil {
			t.Errorf("%q has parameters", bad)
		}
	}
}

func TestRequestID(t *testing.T) {
	b, err := EncodeAggregation(shift())
	if err != nil {
		t.Fatal(err)
	}
	if id, err := RequestID(b); id != "r-1" || err != nil {
		t.Fatal(id, err)
	}
	for _, bad := range []string{"{}", `{"request_id":1}`, `{"request_id":""}`, ""} {
		if id, err := RequestID([]byte(bad)); err == nil {
			t.Errorf("%q has the id %q", bad, id)
		}
	}
}

func FuzzParameters(f *testing.F) {
	b, _ := EncodeAggregation(shift())
	f.Add(b)
	f.Add([]byte(`{"request_id":"\ud800","doc_type":null,"x":1e400}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := Parameters(body)
		again, err2 := Parameters(body)
		if p != again || (err == nil) != (err2 == nil) {
			t.Fatal("not the same twice")
		}
	})
}
