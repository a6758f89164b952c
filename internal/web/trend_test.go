package web_test

import (
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"linemark/internal/trend"
	"linemark/internal/web"
	"linemark/internal/web/apidoc/apitest"
)

// Trend knows one line, and has seen as many minutes as it is asked for hours.
func (p *plant) Trend(line string, back time.Duration) (trend.Shift, bool) {
	speed := 12.5
	return trend.Shift{Line: line, PerMinute: &speed, Minutes: make([]trend.Minute, int(back.Hours()))}, line == "3 & 4"
}

func TestTrend(t *testing.T) {
	h := apitest.Watch(web.Handler(&plant{}, slog.New(slog.DiscardHandler)))
	for _, c := range []struct {
		path          string
		status, hours int
	}{
		{"/api/v1/lines/3 & 4/trend", 200, 8},
		{"/api/v1/lines/3 & 4/trend?hours=24", 200, 24},
		{"/api/v1/lines/3 & 4/trend?hours=1", 200, 1},
		{"/api/v1/lines/3 & 4/trend?hours=0", 400, 0},
		{"/api/v1/lines/3 & 4/trend?hours=25", 400, 0},
		{"/api/v1/lines/3 & 4/trend?hours=1.5", 400, 0},
		{"/api/v1/lines/3 & 4/trend?hours=%20", 400, 0},
		{"/api/v1/lines/5/trend", 404, 0},
	} {
		r := get(h, "GET", c.path)
		body := text(r)
		var s trend.Shift
		if r.StatusCode != c.status {
			t.Errorf("%s brings %d %s", c.path, r.StatusCode, body)
		} else if c.status == 200 {
			if err := json.Unmarshal([]byte(body), &s); err != nil || len(s.Minutes) != c.hours || s.Line != "3 & 4" || *s.PerMinute != 12.5 {
				t.Errorf("%s brings %s, %v", c.path, body, err)
			}
		}
	}
}
