package web_test

import (
	"fmt"
	"strings"
	"testing"

	"linemark/internal/code"
	"linemark/internal/escape"
	"linemark/internal/ledger"
	"linemark/internal/web"
)

// TestPack: a container by its own code and by what is in it, changed, dissolved, and a code reaches
// the ledger as the bytes that its JSON string means.
func TestPack(t *testing.T) {
	p := newPlant(t)
	h := handlerOf(p)
	by := func(code code.Code) string {
		return fmt.Sprintf(`{"code": %s, "by": "Н. <1>", "reason": "torn"}`, must(escape.JSONString(code)))
	}
	box := must(p.ledger.Container(t.Context(), 1))
	c := read[web.Container](t, get(h, "GET", "/api/v1/pack?code="+escape.URLCode(code.Code(hostile))))
	if c.ID != 1 || c.State != "closed" || c.Code != string(box.Code) || c.Line != "3" || c.Station != "box" || c.Batch != "B1" || c.Capacity != 1 || len(c.In) != 1 || c.In[0] != code.Visible(box.In[0]) || c.ClosedAt == nil || c.OpenedAt.IsZero() {
		t.Errorf("the box is %+v", c)
	}
	if same := read[web.Container](t, get(h, "GET", "/api/v1/pack?code="+string(box.Code))); same.ID != 1 {
		t.Errorf("by its own code: %+v", same)
	}
	refused(t, get(h, "GET", "/api/v1/pack?line=3&station=box"), 400, "no container is open", true)
	refused(t, post(h, "/api/v1/pack/out", by(hostile), nil), 400, "is closed", true)
	replace := strings.Replace(by(hostile), `"by"`, `"for": "010478001234567721abcdefghijkl1\u001d93AAAA", "by"`, 1)
	refused(t, post(h, "/api/v1/pack/replace", replace, nil), 400, "not verified", true) // typed, and never read
	lot := must(p.ledger.Lot(t.Context(), "3", must(p.ledger.Product(t.Context(), bottle)), "B1"))
	must(p.ledger.Verify(t.Context(), "3/check", lot, must(code.Table{}.Profile(bottle.Group, bottle.Type)), []code.Code{"010478001234567721abcdefghijkl1\x1d93AAAA"}))
	r := read[web.Repacked](t, post(h, "/api/v1/pack/replace", replace, nil))
	if !strings.Contains(r.Said, "in its place") || r.Container.ID != 1 || r.Container.In[0] != "010478001234567721abcdefghijkl1" {
		t.Errorf("replaced: %+v", r)
	}
	r = read[web.Repacked](t, post(h, "/api/v1/pack/dissolve", by(box.Code), nil))
	if r.Container.State != "aside" || len(r.Container.In) != 0 || r.Container.Reason != "dissolved: by Н. <1>: torn" {
		t.Errorf("dissolved: %+v", r)
	}
	refused(t, post(h, "/api/v1/pack/dissolve", by(box.Code), nil), 400, "was set aside", true)
	open := must(p.ledger.OpenContainer(t.Context(), ledger.NewContainer{Line: "3", Station: "box", Group: bottle.Group, Batch: "B1", Capacity: 6}))
	another := fmt.Sprintf(`{"line": "3", "station": "box", "container": %d, "by": "N.", "reason": "x"}`, open+1)
	for _, do := range []string{"undo", "close", "empty"} {
		refused(t, post(h, "/api/v1/pack/"+do, another, nil), 400, "is open here no more", true)
	}
	if life := must(p.ledger.Trace(t.Context(), hostile)); life.State != ledger.Verified || len(life.Parents) != 0 {
		t.Errorf("the unit is %s in %q", life.State, life.Parents)
	}
}
