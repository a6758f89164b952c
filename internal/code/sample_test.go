package code

import (
	"strings"
	"testing"
)

func TestSamplesHoldEveryCharacter(t *testing.T) {
	if len(Set82) != 82 {
		t.Fatalf("set 82 has %d characters", len(Set82))
	}
	for _, group := range (Table{}).Groups() {
		for _, typ := range []Type{Unit, Group} {
			p, err := Table{}.Profile(group, typ)
			if err != nil {
				continue
			}
			samples := Samples(p, "04780012345677")
			all := ""
			for _, c := range samples {
				parts, err := p.Parse(c)
				if err != nil || len(parts.Warnings) > 0 {
					t.Errorf("%s %s: sample %s: %v %v", group, typ, Visible(c), err, parts.Warnings)
				}
				all += parts.Serial
			}
			for _, r := range Set82 {
				if !strings.ContainsRune(all, r) {
					t.Errorf("%s %s: no sample has %q in its serial", group, typ, r)
				}
			}
		}
	}
}
