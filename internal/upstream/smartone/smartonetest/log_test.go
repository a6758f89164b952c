package smartonetest

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestRestore: an emulator that goes on from a log knows what the one before knew.
func TestRestore(t *testing.T) {
	var log bytes.Buffer
	p := newPlant(t, Options{Log: &log})
	p.srv.SetBatch(7, Batch{Codes: []Code{{Code: "A", UnitExt: "PACK"}}})
	good := `{"request_id":"r1","depart_ext_id":"D","product_line_ext_id":"L","items":[{"assort_ext_id":"A","unit_ext_id":"U","cnt":1,"items":[{"code":"c1","parent_code":"p1"}]}]}`
	p.do("make_aggregation", good, nil)
	p.do("make_aggregation", strings.Replace(good, `"cnt":1`, `"cnt":2`, 1), nil) // the same id with other parameters
	p.do("make_aggregation", strings.NewReplacer("r1", "r2", `"cnt":1`, `"cnt":2`).Replace(good), nil)
	before := p.srv.History()
	log.WriteString(`{"event":"requ`)

	q := newPlant(t, Options{})
	q.at = p.at
	if err := q.srv.Restore(bytes.NewReader(log.Bytes())); err != nil {
		t.Fatal(err)
	}
	if h := q.srv.History(); !reflect.DeepEqual(h.Documents, before.Documents) || !reflect.DeepEqual(h.Breaches, before.Breaches) || len(h.Documents) != 1 || len(h.Breaches) != 2 {
		t.Errorf("restored %+v\nfrom %+v", h, before)
	}
	if !q.srv.HasBatch(7) || q.srv.HasBatch(8) || len(q.srv.batches[7].Codes) != 1 {
		t.Error("the batch is not there")
	}
	a := q.do("make_aggregation", good, nil)
	if a["status"] != "success" || len(q.srv.History().Documents) != 1 {
		t.Errorf("a repeat gets %v, and there are %d documents", a, len(q.srv.History().Documents))
	}
	if a := q.do("make_aggregation", strings.NewReplacer("r1", "r2", `"cnt":1`, `"cnt":2`).Replace(good), nil); a["status"] != "error" {
		t.Errorf("a repeat of what was refused gets %v", a)
	}
	q.at = q.at.Add(time.Minute)
	if a := q.do("make_aggregation", strings.Replace(good, "r1", "r3", 1), nil); a["request_id"] != "r1" {
		t.Errorf("equal parameters get %v", a)
	}
}
