package chart

import (
	"bytes"
	"encoding/xml"
	"flag"
	"fmt"
	"html/template"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write testdata/*.svg anew; look at them before believing them")

var (
	tashkent = time.FixedZone("", 5*3600)
	from     = time.Date(2026, 11, 22, 14, 2, 30, 0, tashkent)
	shift    = Axis{from, from.Add(8 * time.Hour)}
)

// aShift is a shift with a break, a stop in which nothing is known, and faults.
func aShift(every time.Duration) (bars []Bar, delays []Delay, grades []Grade) {
	for i, at := 0, from.Truncate(every); at.Before(shift.To); i, at = i+1, at.Add(every) {
		wave := math.Sin(float64(i) * every.Minutes() / 20)
		switch hour := at.Sub(from); {
		case hour > 3*time.Hour && hour < 3*time.Hour+30*time.Minute:
			bars = append(bars, Bar{At: at})
			continue
		case hour > 5*time.Hour && hour < 5*time.Hour+40*time.Minute:
			continue
		}
		bars = append(bars, Bar{At: at, Good: 540 + int(50*wave), Bad: max(0, i%7-4) * (i%3 + 1)})
		delays = append(delays, Delay{At: at, P50: 780 + 90*wave, P95: 1100 + 240*wave})
		grades = append(grades, Grade{At: at, Value: 3.2 + .6*wave})
	}
	return bars, delays, grades
}

func drawn() map[string]template.HTML {
	bars, _, _ := aShift(5 * time.Minute)
	_, delays, grades := aShift(time.Minute)
	const five, one = 5 * time.Minute, time.Minute
	empty := Axis{from, from}
	return map[string]template.HTML{
		"bars":   Bars(shift, five, bars, Text{ID: "bars-3", Title: "Products in 5 minutes", Desc: "46,812 products, 73 of them rejected", Names: [2]string{"good", "rejected"}}),
		"delays": Delays(shift, one, delays, Text{ID: "delays-3", Title: "Печать — считывание", Desc: "Медиана 780 мс", Unit: "мс", Names: [2]string{"медиана", "95 %"}}),
		"grades": Grades(shift, one, grades, Text{ID: "grades-3", Title: "Bosma sifati", Desc: "oʻrtacha B"}),
		"nothing": Bars(shift, five, nil, Text{}) + Delays(empty, one, []Delay{{from, 5, 6}}, Text{}) +
			Grades(Axis{from, from.Add(-time.Hour)}, one, []Grade{{from, 4}}, Text{}),
		"few": Bars(Axis{from, from.Add(20 * time.Minute)}, five, []Bar{{from, 100000, 1}, {from.Add(5 * time.Minute), 0, 1}, {from.Add(10 * time.Minute), 1, 0}, {from.Add(15 * time.Minute), 0, 0}}, Text{ID: "few"}) +
			Delays(Axis{from, from.Add(10 * time.Minute)}, one, []Delay{{from, 100, 2000}, {from.Add(3 * time.Minute), 100, 900}, {from.Add(4 * time.Minute), 200, 950}, {from.Add(9 * time.Minute), 1, 1}}, Text{ID: "few-2"}),
	}
}

func TestGolden(t *testing.T) {
	for name, got := range drawn() {
		file := filepath.Join("testdata", name+".svg")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n")), []byte(got)) {
			t.Errorf("%s is drawn in another way:\n%s", name, got)
		}
	}
}

// Eight hours are less than 12 KB each, with as many minutes as they have.
func TestSize(t *testing.T) {
	for name, svg := range drawn() {
		if len(svg) > 12<<10 {
			t.Errorf("%s has %d bytes", name, len(svg))
		}
	}
}

// What is not known is not drawn: a line is broken there, and a bar is missing where a zero would be a short line.
func TestGaps(t *testing.T) {
	all := drawn()
	line := regexp.MustCompile(`class="c-p50"[^>]* d="([^"]*)"`).FindStringSubmatch(string(all["delays"]))[1]
	if n := strings.Count(line, "M"); n != 3 {
		t.Errorf("the line has %d pieces: %s", n, line)
	}
	if n := strings.Count(regexp.MustCompile(`class="c-none"[^>]* d="([^"]*)"`).FindStringSubmatch(string(all["bars"]))[1], "M"); n != 6 {
		t.Errorf("nothing passed %d times", n)
	}
	for _, none := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if got := string(Grades(shift, time.Minute, []Grade{{from.Add(time.Hour), none}}, Text{})); strings.Contains(got, "c-grade") {
			t.Errorf("%v is drawn: %s", none, got)
		}
	}
	bars, _, _ := aShift(5 * time.Minute)
	if n := strings.Count(regexp.MustCompile(`class="c-good" d="([^"]*)"/><path class="c-bad"`).FindStringSubmatch(string(all["bars"]))[1], "M"); n != len(bars)-6 {
		t.Errorf("%d bars of %d", n, len(bars)-6)
	}
}

// What lies outside of the time that is shown is not there, and what reaches into it is.
func TestOutside(t *testing.T) {
	hour := func(h float64) time.Time { return from.Add(time.Duration(h * float64(time.Hour))) }
	for _, c := range []struct {
		axis Axis
		at   time.Time
		d    string // of its bar; empty: none
	}{
		{shift, hour(-1), ""}, {shift, hour(-.5), "M56 208V32H111V208z"}, {shift, hour(0), "M56 208V32H166V208z"}, {shift, hour(7.5), "M889 208V32H943V208z"}, {shift, hour(8), ""},
		{Axis{from, from}, hour(-.5), ""}, {Axis{hour(1), from}, hour(-.5), ""}, {Axis{from, hour(.5)}, hour(-.25), "M56 208V32H943V208z"},
	} {
		got := ""
		if found := regexp.MustCompile(`class="c-good" d="([^"]*)"`).FindStringSubmatch(string(Bars(c.axis, time.Hour, []Bar{{c.at, 1, 0}}, Text{}))); found != nil {
			got = found[1]
		}
		if got != c.d {
			t.Errorf("of %v to %v a bar at %v is %q, want %q", c.axis.From, c.axis.To, c.at, got, c.d)
		}
	}
}

// A single rejected product among very many is seen.
func TestOneRejectedIsSeen(t *testing.T) {
	bad := regexp.MustCompile(`class="c-bad"[^>]* d="M\d+ (\d+)V(\d+)H`).FindStringSubmatch(string(drawn()["few"]))
	y, y2 := number(bad[1]), number(bad[2])
	if y-y2 < 4 {
		t.Errorf("it is %v high", y-y2)
	}
}

// Hours are those of the clock on the wall, whatever the zone, and summer time's end does not stop them.
func TestTimes(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		from time.Time
		span time.Duration
		want string
	}{
		{from, 8 * time.Hour, "15:00 16:00 17:00 18:00 19:00 20:00 21:00 22:00"},
		{from, 24 * time.Hour, "15:00 18:00 21:00 00:00 03:00 06:00 09:00 12:00"},
		{from, 20 * time.Minute, "14:05 14:10 14:15 14:20"},
		{time.Date(2026, 11, 22, 6, 0, 0, 0, time.FixedZone("", 5*3600+1800)), 2 * time.Hour, "06:00 06:15 06:30 06:45 07:00 07:15 07:30 07:45 08:00"},
		{time.Date(2026, 10, 25, 0, 0, 0, 0, berlin), 6 * time.Hour, "00:00 01:00 02:00 02:00 03:00 04:00 05:00"},
		{time.Date(2026, 3, 29, 0, 0, 0, 0, berlin), 5 * time.Hour, "00:00 00:30 01:00 01:30 03:00 03:30 04:00 04:30 05:00 05:30 06:00"},
		{time.Date(1960, 1, 1, 0, 0, 1, 0, time.UTC), 3 * time.Hour, "00:30 01:00 01:30 02:00 02:30 03:00"},
	} {
		var got []string
		for _, at := range begin(Axis{c.from, c.from.Add(c.span)}, Text{}).times() {
			got = append(got, at.Format("15:04"))
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%v for %v: %s, want %s", c.from, c.span, text, c.want)
		}
	}
}

func TestScale(t *testing.T) {
	for _, c := range []struct {
		most float64
		want scale
	}{{0, scale{1, 1}}, {math.NaN(), scale{1, 1}}, {-3, scale{1, 1}}, {1, scale{1, 1}}, {3, scale{1, 3}}, {4, scale{1, 4}}, {5, scale{2, 3}}, {9, scale{5, 2}}, {100, scale{50, 2}},
		{612, scale{200, 4}}, {1000, scale{500, 2}}, {1340, scale{500, 3}}, {math.Inf(1), scale{5e11, 2}}} {
		if got := upTo(c.most); got != c.want {
			t.Errorf("up to %v: %+v, want %+v", c.most, got, c.want)
		}
	}
}

func number(text string) float64 {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic(err)
	}
	return f
}

var (
	command = regexp.MustCompile(`[MLHVhvz]|-?[\d.]+(?:e-?\d+)?| `)
	sizes   = regexp.MustCompile(`^-?\d+$`)
)

// points are the places that a path goes to.
func points(d string) (all [][2]float64, err error) {
	if rest := command.ReplaceAllString(d, ""); rest != "" {
		return nil, fmt.Errorf("%q is no path: %q", d, rest)
	}
	var x, y float64
	var at string
	var pair []float64
	for _, token := range command.FindAllString(d, -1) {
		switch {
		case token == " ":
			continue
		case strings.Contains("MLHVhvz", token):
			if at = token; len(pair) > 0 {
				return nil, fmt.Errorf("half a point in %q", d)
			}
			continue
		}
		n := number(token)
		switch at {
		case "H":
			x = n
		case "V":
			y = n
		case "h":
			x += n
		case "v":
			y += n
		default:
			if pair = append(pair, n); len(pair) < 2 {
				continue
			}
			x, y, pair = pair[0], pair[1], nil
		}
		all = append(all, [2]float64{x, y})
	}
	return all, nil
}

// sound says what is wrong with a drawing: it is no XML, says something in a way that the page may not, or goes
// beyond its viewBox.
func sound(svg template.HTML, texts ...string) error {
	d := xml.NewDecoder(strings.NewReader(string(svg)))
	ids := map[string]bool{}
	var refs []string
	words, inDefs := "", 0
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		switch e := token.(type) {
		case xml.CharData:
			words += string(e) + "\n"
		case xml.EndElement:
			if e.Name.Local == "defs" {
				inDefs--
			}
		case xml.StartElement:
			switch e.Name.Local {
			case "svg", "title", "desc", "path", "text", "pattern":
			case "defs":
				inDefs++
			default:
				return fmt.Errorf("an element %s", e.Name.Local)
			}
			at := map[string]string{}
			for _, a := range e.Attr {
				at[a.Name.Local] = a.Value
				if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "style" || a.Name.Local == "href" {
					return fmt.Errorf("an attribute %s", a.Name.Local)
				}
				if id, ok := strings.CutPrefix(a.Value, "url(#"); ok {
					refs = append(refs, strings.TrimSuffix(id, ")"))
				}
			}
			if id := at["id"]; id != "" {
				if ids[id] {
					return fmt.Errorf("two are called %s", id)
				}
				ids[id] = true
			}
			refs = append(refs, strings.Fields(at["aria-labelledby"])...)
			if e.Name.Local == "svg" && (at["role"] != "img" || at["viewBox"] != "0 0 960 240" || at["aria-labelledby"] == "") {
				return fmt.Errorf("svg has %v", at)
			}
			places, err := points(at["d"])
			if err != nil {
				return err
			}
			if e.Name.Local == "text" {
				if !sizes.MatchString(at["x"]) || !sizes.MatchString(at["y"]) || at["font-size"] == "" {
					return fmt.Errorf("a text at %v", at)
				}
				places = append(places, [2]float64{number(at["x"]), number(at["y"])})
			}
			for _, p := range places {
				if !(p[0] >= 0 && p[0] <= width && p[1] >= 0 && p[1] <= height) {
					return fmt.Errorf("%v is outside: %s", p, at["d"])
				}
				if e.Name.Local == "path" && inDefs == 0 && at["class"] != "c-axis" && !(p[0] >= left && p[0] <= right+1 && p[1] >= 4 && p[1] <= bottom) {
					return fmt.Errorf("%v is outside of the field: %s", p, at["d"])
				}
			}
		}
	}
	for _, id := range refs {
		if !ids[id] {
			return fmt.Errorf("nothing is called %s", id)
		}
	}
	for _, text := range texts {
		if text = strings.TrimSpace(strings.ReplaceAll(text, "\r", "\n")); utf8Clean(text) && !strings.Contains(words, text) {
			return fmt.Errorf("%q is not said in %q", text, words)
		}
	}
	return nil
}

// utf8Clean says whether a text has nothing that may stand in no document.
func utf8Clean(s string) bool {
	for _, r := range s {
		if r == '\uFFFD' || r < ' ' || r >= 0x7f && r < 0xa0 || r&0xfffe == 0xfffe {
			return false
		}
	}
	return true
}

func TestSound(t *testing.T) {
	for name, svg := range drawn() {
		for _, one := range strings.SplitAfter(string(svg), "</svg>\n") {
			if err := sound(template.HTML(one)); one != "" && err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// Whatever is to be drawn, and whatever is said of it: the drawing is whole, says it as it is, and stays inside.
func TestAnythingIsDrawn(t *testing.T) {
	moments := rapid.OneOf(rapid.Int64Range(0, 9*3600), rapid.Int64Range(-1<<40, 1<<40), rapid.Int64())
	values := rapid.OneOf(rapid.Float64Range(0, 5000), rapid.Float64(), rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1)}))
	rapid.Check(t, func(t *rapid.T) {
		at := func() time.Time {
			return from.Add(time.Duration(moments.Draw(t, "moment")) * time.Second)
		}
		axis := Axis{at(), at()}
		step := time.Duration(rapid.OneOf(rapid.Int64Range(int64(time.Second), int64(time.Hour)), rapid.Int64()).Draw(t, "step"))
		text := Text{ID: rapid.String().Draw(t, "id"), Title: rapid.String().Draw(t, "title"), Desc: rapid.String().Draw(t, "desc"), Unit: rapid.String().Draw(t, "unit"), Names: [2]string{rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")}}
		var bars []Bar
		var delays []Delay
		var grades []Grade
		counts := rapid.OneOf(rapid.IntRange(0, 700), rapid.Int())
		for range rapid.IntRange(0, 30).Draw(t, "n") {
			at := at()
			bars = append(bars, Bar{at, counts.Draw(t, "good"), counts.Draw(t, "bad")})
			delays = append(delays, Delay{at, values.Draw(t, "p50"), values.Draw(t, "p95")})
			grades = append(grades, Grade{at, values.Draw(t, "grade")})
		}
		texts := []string{text.Title, text.Desc, text.Unit}
		for _, err := range []error{
			sound(Bars(axis, step, bars, text), append(texts, text.Names[:]...)...),
			sound(Delays(axis, step, delays, text), append(texts, text.Names[:]...)...),
			sound(Grades(axis, step, grades, text), texts...),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

func BenchmarkDelays(b *testing.B) {
	_, delays, _ := aShift(time.Minute)
	b.ReportAllocs()
	for b.Loop() {
		Delays(shift, time.Minute, delays, Text{ID: "d"})
	}
}
