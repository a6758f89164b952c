package recordtest

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

func TestRecord(t *testing.T) {
	var r Record[string]
	Tell(&r, "nobody listens")
	var told []string
	r.OnPrinted(func(l string) { told = append(told, l, r.Printed()[0]) })
	for range 2 { // the second signal finds one waiting
		Ready(&r)
	}
	<-r.Labelled()
	select {
	case <-r.Labelled():
		t.Error("two signals are kept")
	default:
	}
	Take(&r, "a")
	Take(&r, "b")
	Print(&r, "a")
	Print(&r, "a")
	Tell(&r, "a")
	if got := r.Received(); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("received %q", got)
	}
	if got := r.Printed(); !slices.Equal(got, []string{"a", "a"}) || r.Odometer() != 2 || !slices.Equal(told, got) {
		t.Errorf("printed %q, odometer %d, told %q", got, r.Odometer(), told)
	}
	r.Printed()[0] = "c"
	if r.Printed()[0] != "a" {
		t.Error("what was handed out changes the record")
	}
}

type broken struct{}

var errFull = errors.New("full")

func (broken) Write([]byte) (int, error) { return 0, errFull }

func TestLog(t *testing.T) {
	var b bytes.Buffer
	for w, want := range map[interface{ Write([]byte) (int, error) }]error{&b: nil, broken{}: errFull} {
		l := NewLog(w)
		l.Add(map[string]int{"label": 1})
		l.Add(map[string]int{"label": 2})
		if err := l.Err(); !errors.Is(err, want) {
			t.Errorf("Err = %v, want %v", err, want)
		}
	}
	if got := b.String(); got != "{\"label\":1}\n{\"label\":2}\n" {
		t.Errorf("wrote %q", got)
	}
	none := NewLog(nil)
	none.Add(func() {})
	if none.Err() != nil {
		t.Error("a log that is not kept fails")
	}
	bad := NewLog(&b)
	if bad.Add(func() {}); bad.Err() == nil {
		t.Error("what cannot be written is no failure")
	}
}
