package browser

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"linemark/internal/sim"
	"linemark/internal/upstream/izkm/izkmtest"
)

// An operator lives through a part of a shift: the line runs and stops and is started, a report is refused and settled,
// a box is undone, the batch ends, the next one begins.
func TestShiftInABrowser(t *testing.T) {
	s := newScreen(t, sim.Options{Seed: 1, Rate: 10, Faults: sim.Faults{NoRead: 0.05}, Restart: time.Hour})
	s.size(1024, 768)
	s.open("/")
	s.shows(".line .state", "running")
	s.shows(".recent td", "good")
	s.shows(".recent td", "no read")
	s.shoot("line-running")
	if look[bool](s, `document.querySelector(".actions form") !== null`) {
		t.Error("something can be done without a person")
	}

	s.login(operator, password)
	s.sees("button.stop")

	s.plant.BreakRejector("3", true)
	s.stopsWith("rejection")
	s.shows(".line > h2", "stopped")
	s.shoot("line-stopped")
	s.plant.BreakRejector("3", false)
	s.press("button.start")
	s.shows(".note", "goes on")
	s.shows(".line > h2", "running")

	s.stopLine("cleaning the lens")
	s.shows(".big .sentence", "cleaning the lens")
	s.undoBox()
	s.open("/")
	s.press("button.start")
	s.shows(".line > h2", "running")

	s.settleReport()
	s.batches()
}

func (s *screen) stopLine(why string) {
	s.t.Helper()
	s.open("/")
	s.fill(`form[action$="/stop"] input[name=reason]`, why)
	s.press("button.stop")
}

// stopsWith waits until the line has stopped for this. What stops it before, where a machine has no processor for it in
// time, is ended as an operator would.
func (s *screen) stopsWith(why string) {
	s.t.Helper()
	const sentence = ".line .big.stopped .sentence"
	for range 10 {
		s.sees(sentence)
		if strings.Contains(look[string](s, fmt.Sprintf(`(document.querySelector(%q) || document.body).innerText`, sentence)), why) {
			return
		}
		s.press("button.start")
		s.shows(".line > h2", "running")
	}
	s.t.Fatalf("the line never stops with %q", why)
}

func (s *screen) undoBox() {
	s.t.Helper()
	s.open("/packing?line=3&station=box")
	s.shoot("packing")
	s.sees("#containers")
	in := look[int](s, `document.querySelectorAll("#open li").length`)
	last := look[string](s, `document.querySelector("#open li:last-child") ? document.querySelector("#open li:last-child").textContent : ""`)
	s.fill(`form[action="/packing/undo"] input[name=reason]`, "the pack was dented")
	s.press(`form[action="/packing/undo"] button`)
	if in == 0 {
		s.shows(".note.bad", "container")
		return
	}
	s.shows(".note.good", last+" is out")
	s.waits("one less is in it", fmt.Sprintf(`document.querySelectorAll("#open li").length === %d`, in-1))
}

func (s *screen) settleReport() {
	s.t.Helper()
	s.plant.IZKM.SetFault(func(method, path string, _ int) izkmtest.Fault {
		if method == http.MethodPost && strings.Contains(path, "utilisation") {
			return izkmtest.Fault{Kind: izkmtest.Status, Status: http.StatusBadRequest}
		}
		return izkmtest.Fault{}
	})
	s.open("/reports")
	s.sees("#waiting .report.rejected")
	s.plant.IZKM.SetFault(nil)
	s.shoot("reports")
	s.press("#waiting td .button")
	s.sees(`form[action$="/retry"]`)
	s.shoot("report")
	s.press(`form[action$="/retry"] button`)
	s.shows(".note.good", "goes again")
}

func (s *screen) batches() {
	s.t.Helper()
	s.open("/batch")
	s.press(`form[action="/batch/end"] button`)
	s.shows("h1", "B1")
	s.shows(".big", "accounted for")
	s.shoot("sheet")
	s.open("/batch")
	s.fill("input[name=name]", "B 2") // in order
	s.press(`form[action="/batch/start"] button`)
	s.shows(".note.good", "B 2")
	s.shows("#batches td", "B 2")
	s.open("/batch/sheet?line=3&name=B1")
	s.open("/doubtful")
	s.shoot("doubtful")
	s.open("/journal?people=1")
	s.shows("td", operator)
	s.shoot("journal")
}

// A wrong password is refused, and after some of them nobody is let in by that name for a while.
func TestLoginInABrowser(t *testing.T) {
	s := newScreen(t, sim.Options{Seed: 2, Rate: 5})
	s.expect("/login")
	for range 5 {
		s.login(operator, "something else")
		s.shows(".note.bad", "wrong")
	}
	s.login(operator, password)
	s.shows(".note.bad", "too many wrong passwords")
	s.shoot("login-locked")
	s.login(engineer, password)
	s.shows(".who", engineer)
}

// Every view stands in all three languages on a panel of 1024x768 and on a phone, and nothing is wider than either.
func TestViewsInABrowser(t *testing.T) {
	s := newScreen(t, sim.Options{Seed: 3, Rate: 10, Faults: sim.SomeFaults})
	s.login(engineer, password)
	words := map[string][]string{"ru": {"Линии", "работает"}, "uz": {"Liniyalar", "ishlayapti"}, "en": {"Lines", "running"}}
	s.open("/")
	s.sees(".recent td.code a")
	code := look[string](s, `document.querySelector(".recent td.code a").getAttribute("href")`)
	views := map[string]string{"lines": "/", "batch": "/batch", "stock": "/stock", "reports": "/reports", "doubtful": "/doubtful", "trace": code, "packing": "/packing?line=3&station=box",
		"devices": "/devices", "printer": "/devices/tij-1", "scanner": "/devices/cam-1", "plc": "/devices/plc-1", "journal": "/journal"}
	for _, language := range []string{"ru", "uz", "en"} {
		s.size(1024, 768)
		s.open("/")
		s.press(fmt.Sprintf(`.languages button[value=%s]`, language))
		s.shows("header nav", words[language][0])
		s.shows(".state", words[language][1])
		for name, path := range views {
			for device, size := range map[string][2]int64{"panel": {1024, 768}, "phone": {390, 844}} {
				s.size(size[0], size[1])
				s.open(path)
				s.fits(name + " in " + language + " on a " + device)
				s.shoot(strings.Join([]string{name, language, device}, "-"))
			}
		}
	}
}

// A page that hears nothing of its agent says so within a few seconds, and takes it up again by itself.
func TestLostInABrowser(t *testing.T) {
	s := newScreen(t, sim.Options{Seed: 4, Rate: 10})
	s.expect("ERR_CONNECTION_REFUSED")
	s.expect("ERR_INCOMPLETE_CHUNKED_ENCODING")
	s.expect("ERR_")
	s.open("/")
	s.shows(".line .state", "running")
	s.Agent.Kill()
	s.sees("#lost")
	s.shoot("lost")
	s.Start()
	s.gone("#lost")
	s.shows(".line .state", "running")
}

// A page can be used with the keys alone: every link, field and button is reached by the tabulator, and what it is on can
// be seen; and every text stands out from what is behind it.
func TestKeysInABrowser(t *testing.T) {
	s := newScreen(t, sim.Options{Seed: 5, Rate: 5})
	s.login(operator, password)
	s.open("/batch")
	const reach = `(() => {
		const want = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary")].filter(e => e.offsetParent !== null);
		return want.filter(e => e.tabIndex < 0 || e.disabled).map(e => e.outerHTML.slice(0, 80)).concat(
			want.filter(e => !(e.innerText || e.labels && e.labels.length && e.labels[0].innerText || e.getAttribute("aria-label") || "").trim()).map(e => "no name: " + e.outerHTML.slice(0, 80)));
	})()`
	// The contrast of every text with what lies behind it, as WCAG 2 has it: 4.5, and 3 for large type.
	const contrast = `(() => {
		const parts = c => { const m = c.match(/[\d.]+/g).map(Number); return {r: m[0], g: m[1], b: m[2], a: m.length > 3 ? m[3] : 1}; };
		const light = c => { const f = v => { v /= 255; return v <= 0.03928 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4); }; return 0.2126 * f(c.r) + 0.7152 * f(c.g) + 0.0722 * f(c.b); };
		const behind = e => { for (; e; e = e.parentElement) { const c = parts(getComputedStyle(e).backgroundColor); if (c.a === 1) return c; } return {r: 255, g: 255, b: 255}; };
		const bad = [];
		const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
		while (walk.nextNode()) {
			const e = walk.currentNode.parentElement;
			if (!walk.currentNode.textContent.trim() || e.offsetParent === null || e.closest("svg, script, noscript, .skip")) continue;
			const style = getComputedStyle(e), a = light(parts(style.color)), b = light(behind(e));
			const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), size = parseFloat(style.fontSize);
			const large = size >= 24 || size >= 18.66 && Number(style.fontWeight) >= 700;
			if (ratio < (large ? 3 : 4.5)) bad.push("contrast " + ratio.toFixed(2) + ": " + e.outerHTML.slice(0, 80));
		}
		return bad;
	})()`
	for _, path := range []string{"/", "/batch", "/stock", "/reports", "/doubtful", "/trace", "/packing?line=3&station=box", "/devices", "/journal", "/login"} {
		s.open(path)
		for _, b := range append(look[[]string](s, reach), look[[]string](s, contrast)...) {
			t.Errorf("%s: %s", path, b)
		}
	}
}

// What a page shows anew stays in its place: a list that a finger has pushed aside is not put back, and the region whose
// changes are read aloud is the same one.
func TestStaysInABrowser(t *testing.T) {
	s := newScreen(t, sim.Options{Seed: 7, Rate: 20, Faults: sim.Faults{NoRead: 0.2}, Restart: 3 * time.Second})
	s.open("/")
	s.sees(".recent td.code a")
	look[bool](s, `(() => { window.list = document.querySelector(".recent").parentElement; window.told = document.getElementById("notices"); window.first = document.querySelector(".recent td.code").innerText; return true; })()`)
	s.waits("other codes", `document.querySelector(".recent td.code").innerText !== window.first`)
	if look[bool](s, `!window.list.isConnected || !window.told.isConnected`) {
		t.Error("the list of codes or the notices were replaced by others")
	}
	s.plant.BreakRejector("3", true) // a large sentence comes, and goes again
	s.sees(".line .big.stopped")
	s.plant.BreakRejector("3", false)
	s.waits("the sentence has gone", `document.querySelector(".line .big") === null`)
	if look[bool](s, `!window.list.isConnected || !window.told.isConnected || document.querySelectorAll(".recent").length !== 1`) {
		t.Error("a sentence that came and went has taken the list of codes along")
	}
}

// A form goes once however often it is pressed, but for a stop; and a page that nobody sees keeps no connection, since
// a browser has only six: it takes up again when it is seen.
func TestTwiceInABrowser(t *testing.T) {
	s := newScreen(t, sim.Options{Seed: 6, Rate: 5})
	s.login(operator, password)
	s.open("/")
	const count = `(selector => { const form = document.querySelector(selector); let taken = 0;
		addEventListener("submit", e => { if (!e.defaultPrevented) taken++; e.preventDefault(); });
		form.querySelectorAll("input[required]").forEach(e => e.value = "x");
		for (let i = 0; i < 3; i++) form.requestSubmit();
		return taken; })(%q)`
	for selector, want := range map[string]int{`form[action$="/start"]`: 1, `form[action$="/stop"]`: 3} {
		s.open("/")
		if n := look[int](s, fmt.Sprintf(count, selector)); n != want {
			t.Errorf("%s went %d times, want %d", selector, n, want)
		}
	}
	s.open("/")
	s.waits("the clock", `document.getElementById("clock").textContent !== ""`)
	const hide = `(hidden => { Object.defineProperty(document, "hidden", {configurable: true, get: () => hidden}); document.dispatchEvent(new Event("visibilitychange")); window.was = document.getElementById("clock").textContent; return true; })(%v)`
	look[bool](s, fmt.Sprintf(hide, true))
	time.Sleep(5 * time.Second) // a page that is kept up to date is told the time each second
	if !look[bool](s, `document.getElementById("clock").textContent === window.was && document.getElementById("lost").hidden`) {
		t.Error("a page that nobody sees is told the time, or says that it has lost the agent")
	}
	look[bool](s, fmt.Sprintf(hide, false))
	s.waits("the clock goes on", `document.getElementById("clock").textContent !== window.was`)
}
