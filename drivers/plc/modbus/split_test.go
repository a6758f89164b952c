package modbus

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"linemark/drivers"
)

// A request that the PLC refuses to answer as a whole is taken apart, once in a session, and
// what is missing is named.
func TestRefusedTogether(t *testing.T) {
	for name, c := range map[string]struct {
		inputs  map[string]any
		answers map[string]string
		code    byte     // the exception to everything without an answer; 0: illegal address
		first   []string // requests of the first reading
		later   []string // requests of each later one
		values  drivers.Values
		refused string
	}{
		"a gap": {
			inputs:  map[string]any{"a": "holding:0:uint16", "b": "holding:1:uint16", "c": "holding:5:uint16"},
			answers: map[string]string{"010300000002": "01030400070008", "010300050001": "0103020009"},
			first:   []string{"010300000006", "010300000002", "010300050001"},
			later:   []string{"010300000002", "010300050001"},
			values:  drivers.Values{"a": 7, "b": 8, "c": 9},
		},
		"neighbours": {
			inputs:  map[string]any{"a": "input:0:uint16", "b": "input:1:uint16"},
			answers: map[string]string{"010400000001": "0104020007", "010400010001": "0104020008"},
			first:   []string{"010400000002", "010400000001", "010400010001"},
			later:   []string{"010400000001", "010400010001"},
			values:  drivers.Values{"a": 7, "b": 8},
		},
		"too many at once": {
			inputs:  map[string]any{"a": "input:0:uint16", "b": "input:1:uint16"},
			answers: map[string]string{"010400000001": "0104020007", "010400010001": "0104020008"},
			code:    3,
			first:   []string{"010400000002", "010400000001", "010400010001"},
			later:   []string{"010400000001", "010400010001"},
			values:  drivers.Values{"a": 7, "b": 8},
		},
		"a coil that does not exist": {
			inputs:  map[string]any{"a": "coil:0", "b": "coil:1", "far": "coil:7", "last": "discrete:3"},
			answers: map[string]string{"010100000002": "01010103", "010200030001": "01020101"},
			first:   []string{"010100000008", "010100000002", "010100070001"},
			later:   []string{"010100000002", "010100070001"},
			refused: "reading inputs.far, coil 7 (00008): illegal data address (exception 2)",
		},
		"the last of neighbours": {
			inputs:  map[string]any{"a": "coil:0", "b": "coil:1", "c": "coil:2"},
			answers: map[string]string{"010100000001": "01010101", "010100010001": "01010101"},
			first:   []string{"010100000003", "010100000001", "010100010001", "010100020001"},
			later:   []string{"010100000001", "010100010001", "010100020001"},
			refused: "reading inputs.c, coil 2 (00003): illegal data address (exception 2)",
		},
		"a number": {
			inputs:  map[string]any{"n": "holding:9:uint32"},
			first:   []string{"010300090002"},
			later:   []string{"010300090002"},
			refused: "reading inputs.n, holding 9 to 10 (40010 to 40011): illegal data address (exception 2)",
		},
		"bits of one register": {
			inputs:  map[string]any{"x": "holding:9.1", "y": "holding:9.2"},
			first:   []string{"010300090001"},
			later:   []string{"010300090001"},
			refused: "reading inputs.x, inputs.y, holding 9 (40010): illegal data address (exception 2)",
		},
		"busy": {
			inputs:  map[string]any{"a": "coil:0", "b": "coil:1"},
			code:    6,
			first:   []string{"010100000002"},
			later:   []string{"010100000002"},
			refused: "reading coil 0 to 1 (00001 to 00002): server device busy (exception 6)",
		},
		"an unknown function": {
			inputs:  map[string]any{"a": "discrete:0"},
			code:    1,
			first:   []string{"010200000001"},
			later:   []string{"010200000001"},
			refused: "reading inputs.a, discrete 0 (10001): illegal function 2 (exception 1)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := &peer{answers: c.answers, refuse: max(c.code, illegalAddress)}
			if c.code == illegalFunction {
				p.refuse = c.code
			}
			s := open(t, p, map[string]any{"inputs": c.inputs})
			want := c.first
			for range 3 {
				before := len(p.requests())
				got, err := s.Read(t.Context())
				if sent := p.requests()[before:]; !slices.Equal(sent, want) {
					t.Errorf("asked %q, want %q", sent, want)
				}
				want = c.later
				if c.refused == "" {
					if err != nil || !maps.Equal(got, c.values) {
						t.Errorf("Read = %v, %v, want %v", got, err, c.values)
					}
					continue
				}
				if no, ok := errors.AsType[*drivers.Refusal](err); !ok || no.What != c.refused || err.Error() != "plc-1: "+c.refused {
					t.Errorf("Read = %v, %v\nwant %q", got, err, c.refused)
				}
			}
		})
	}
}

// What the PLC has answered once in a session it has: a later refusal is of the moment, and
// nothing is taken apart for it.
func TestRefusedLater(t *testing.T) {
	p := &peer{refuse: illegalAddress, answers: map[string]string{"010100000002": "01010103"}}
	s := open(t, p, map[string]any{"inputs": map[string]any{"a": "coil:0", "b": "coil:1"}})
	if _, err := s.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	p.answers = nil
	p.mu.Unlock()
	_, err := s.Read(t.Context())
	no, ok := errors.AsType[*drivers.Refusal](err)
	if !ok || no.What != "reading coil 0 to 1 (00001 to 00002): illegal data address (exception 2)" || len(p.requests()) != 2 {
		t.Errorf("Read = %v after %q", err, p.requests())
	}
}
