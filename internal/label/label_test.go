package label

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"linemark/internal/code"
)

const gtin = "04780012345677"

func water(t *testing.T) code.Profile {
	t.Helper()
	p, err := code.Table{}.Profile("water", code.Unit)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestFields(t *testing.T) {
	p := water(t)
	batch := Batch{Name: "L7", ProductionDate: "2026-11-22", ExpirationDate: "2027-11-22T00:00:00+05:00"}
	unit := code.Samples(p, gtin)[0]
	parts, err := p.Parse(unit)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		label Label
		want  map[string]string
	}{
		"of a code": {batch.OfCode(unit, gtin, p, 12), map[string]string{"gtin": gtin, "serial": parts.Serial, "batch": "L7", "sscc": "", "count": "12",
			"production_date": "2026-11-22", "expiration_date": "2027-11-22T00:00:00+05:00"}},
		"of a code that cannot be read": {batch.OfCode("no code", gtin, p, 1), map[string]string{"gtin": gtin, "serial": "", "batch": "L7", "sscc": "", "count": "1",
			"production_date": "2026-11-22", "expiration_date": "2027-11-22T00:00:00+05:00"}},
		"of a transport code, no dates": {Batch{}.OfSSCC("00003012345670000017", 3), map[string]string{"gtin": "", "serial": "", "batch": "", "sscc": "003012345670000017", "count": "3"}},
	} {
		if got := c.label.Fields(); !maps.Equal(got, c.want) {
			t.Errorf("a label %s: %v", name, got)
		}
	}
	if l := batch.OfCode(unit, gtin, p, 1); l.Code != unit {
		t.Errorf("P8: the code became %q", l.Code)
	}
}

func TestCarries(t *testing.T) {
	p := water(t)
	if err := Carries(p, gtin, func([]byte) error { return nil }); err != nil {
		t.Error(err)
	}
	for _, forbidden := range []string{"\x1d", "%", "<"} {
		err := Carries(p, gtin, func(c []byte) error {
			if strings.Contains(string(c), forbidden) {
				return errors.New("no " + forbidden)
			}
			return nil
		})
		if err == nil || !strings.Contains(err.Error(), "no "+forbidden) {
			t.Errorf("a printer that cannot take %q: %v", forbidden, err)
		}
	}
}
