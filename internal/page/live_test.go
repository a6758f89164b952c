package page

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	_ "linemark/drivers/all" // the drivers that the configuration names
	"linemark/internal/rights"
)

func TestLiveRefuses(t *testing.T) {
	d := newDesk(t)
	for _, v := range views {
		if v.live == nil {
			continue
		}
		r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8480/live/"+v.name, nil)
		r.RemoteAddr = "10.0.0.5:99"
		w := httptest.NewRecorder()
		if d.ServeHTTP(w, r); w.Code != http.StatusSeeOther {
			t.Errorf("%s: %d", v.name, w.Code)
		}
	}
}

func TestLive(t *testing.T) {
	d := newDesk(t)
	server := httptest.NewServer(d)
	defer server.Close()
	answer, err := http.Get(server.URL + "/live/lines?line=3")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if kind := answer.Header.Get("Content-Type"); kind != "text/event-stream" {
		t.Errorf("it is %q", kind)
	}
	in := bufio.NewScanner(answer.Body)
	event := func() (name, data string) {
		for in.Scan() && in.Text() != "" {
			if after, ok := strings.CutPrefix(in.Text(), "event: "); ok {
				name = after
			}
			if after, ok := strings.CutPrefix(in.Text(), "data: "); ok {
				data += after + "\n"
			}
		}
		return name, data
	}
	name, data := event()
	if name != "part" || !strings.Contains(data, `id="line-3"`) {
		t.Fatalf("first comes %s\n%s", name, data)
	}
	if name, _ = event(); name != "alive" {
		t.Errorf("then comes %s", name)
	}
	if err := d.agent.HoldLine(context.Background(), "3", "anna", "a <b> look"); err == nil {
		t.Error("a PLC that is not there took a stop")
	}
	for name != "part" {
		name, data = event()
	}
	if !strings.Contains(data, "a &lt;b&gt; look") {
		t.Errorf("the change is\n%s", data)
	}
}

func TestFrames(t *testing.T) {
	var f frames
	made := 0
	want := wanted{"en /live/lines", func() ([]byte, error) { made++; return []byte("same"), nil }}
	first, err := f.get(want)
	for range 100 {
		again, _ := f.get(want)
		if again.seq != first.seq {
			t.Fatal("what is the same counts as a change")
		}
	}
	if made != 1 || err != nil {
		t.Errorf("it was made %d times, %v", made, err)
	}
	for i := range mostFrames * 2 {
		_, err = f.get(wanted{fmt.Sprint("en /live/lines?line=", i), want.make})
	}
	if !errors.Is(err, errManyViews) || len(f.all) > mostFrames {
		t.Errorf("%d are kept, %v", len(f.all), err)
	}
}

func FuzzAsked(f *testing.F) {
	for _, text := range []string{"", "]d2010478001234567721abc{GS}93wxyz", "(01)04780012345677(21)abc", "(00)003012345670000001", "003012345670000000018", "\x1d", "<script>", "a+b%20c;d", "]", "({GS}"} {
		f.Add(text)
	}
	d := newDesk(f)
	f.Fuzz(func(t *testing.T, text string) {
		answer := (&person{desk: d}).get("/trace?code=" + url.QueryEscape(text))
		if answer.Code != http.StatusOK && answer.Code != http.StatusBadRequest || strings.Contains(answer.Body.String(), "<script>alert") {
			t.Errorf("%q is answered with %d\n%s", text, answer.Code, answer.Body)
		}
	})
}

func FuzzForms(f *testing.F) {
	for i := range actions {
		f.Add(uint8(i), "line=3&name=B7&reason=why&station=box&code=010478&by=me&as=sent&sure=1&product=water-05&up_to=9&cause=x")
		f.Add(uint8(i), "line=%00&name=%ff&reason=+&code=%1d&as=&up_to=-1&production_date=99999-99-99T99:99")
	}
	d := newDesk(f)
	d.run() // a line that nobody runs takes a stop or two, and waits with the next one
	anna := d.login("anna", rights.Engineer)
	f.Fuzz(func(t *testing.T, which uint8, body string) {
		a := actions[int(which)%len(actions)]
		if strings.HasSuffix(a.path, "/scan") {
			return // waits for a reading
		}
		form, err := url.ParseQuery(body)
		if err != nil {
			return
		}
		form.Set("csrf", anna.csrf)
		path := strings.NewReplacer("{name}", "3", "{id}", "1", "{do}", "out").Replace(a.path)
		answer := anna.send(http.MethodPost, path, form)
		if answer.Code != http.StatusSeeOther || strings.HasPrefix(answer.Header().Get("Location"), "//") {
			t.Errorf("%s with %q: %d to %q\n%s", path, body, answer.Code, answer.Header().Get("Location"), answer.Body)
		}
		for _, n := range d.page.notes.all {
			if n.Bad && strings.Contains(n.Text, "internal") {
				t.Errorf("%s with %q: %s", path, body, n.Text)
			}
		}
	})
}
