package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	_ "linemark/drivers/all" // the drivers that the configuration names
	"linemark/internal/config"
	"linemark/internal/proof/site"
	"linemark/internal/rights"
	"linemark/internal/sim"
)

func TestMain(m *testing.M) {
	result := m.Run()
	site.Clear()
	os.Exit(result)
}

// The people of these tests.
const (
	operator = "anna"
	engineer = "egor"
	password = "nine letters at least"
)

// patience is how long something may take on the page.
const patience = 30 * time.Second

// screen is a browser before the real program and the simulated plant around it.
type screen struct {
	*site.Site
	t     testing.TB
	plant *sim.Plant
	ctx   context.Context

	mu       sync.Mutex
	faults   []string // what the browser has complained of
	expected []string // parts of complaints that a test brings about
}

// newScreen starts all of it. Products pass until the test ends.
func newScreen(t testing.TB, o sim.Options) *screen {
	t.Helper()
	path, err := chromium()
	if err != nil {
		t.Skip(err) // the setup says so loudly where it should be there
	}
	s := &screen{Site: site.New(t, site.Program(t), "data"), t: t}
	book := rights.Beside(s.Dir)
	for name, role := range map[string]rights.Role{operator: rights.Operator, engineer: rights.Engineer} {
		if err := book.Set(name, role, password, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := config.Load(s.File)
	if err != nil {
		t.Fatal(err)
	}
	o.Dir = s.Logs
	if s.plant, err = sim.New(cfg, o); err != nil {
		t.Fatal(err)
	}
	shift, end := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		s.plant.Run(shift)
	}()
	t.Cleanup(func() {
		end()
		<-over
		if err := s.plant.Close(); err != nil {
			t.Error(err)
		}
	})
	s.Start()
	s.Until("the page is up", func() error { _, err := s.Status(); return err })
	s.browse(path)
	return s
}

func chromium() (string, error) {
	const path = "/usr/bin/chromium"
	_, err := os.Stat(path)
	return path, err
}

// browse starts the browser, with nothing that would call its maker.
func (s *screen) browse(path string) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(s.t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("disable-background-networking", true))
	all, stop := chromedp.NewExecAllocator(context.Background(), options...)
	s.t.Cleanup(stop)
	ctx, leave := chromedp.NewContext(all)
	s.t.Cleanup(leave)
	s.ctx = ctx
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		s.t.Fatalf("starting the browser: %v", err)
	}
	go func() { // ends with the browser
		for m, err := range chromedp.Console(ctx) {
			if err == nil && (m.IsException() || m.Type == "error" || m.Type == "warning") {
				s.complain(fmt.Sprintf("%s: %s %s", m.Type, m.Text, m.URL))
			}
		}
	}()
	s.t.Cleanup(s.content)
}

func (s *screen) complain(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, text)
}

// expect says that the browser will complain of something that the test brings about.
func (s *screen) expect(part string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expected = append(s.expected, part)
}

// content fails the test when the browser has complained.
func (s *screen) content() {
	s.mu.Lock()
	defer s.mu.Unlock()
complaints:
	for _, f := range s.faults {
		for _, part := range s.expected {
			if strings.Contains(f, part) {
				continue complaints
			}
		}
		s.t.Errorf("the browser complains: %s", f)
	}
}

// do carries out what a person does; what is not there within patience fails the test.
func (s *screen) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		text, _ := chromedp.Run(s.ctx, chromedp.Evaluate[string](`document.body ? document.location.href + "\n" + document.body.innerText : ""`))
		s.shoot("failed")
		s.t.Fatalf("%s: %v; the page shows:\n%s", what, err, text)
	}
}

func (s *screen) url(path string) string { return "http://" + s.At["HTTP"] + path }

// open goes to a page.
func (s *screen) open(path string) {
	s.t.Helper()
	s.do("opening "+path, chromedp.Navigate(s.url(path)), chromedp.WaitReady(chromedp.CSS("main")))
}

// shows waits until the page shows a text somewhere.
func (s *screen) shows(selector, text string) {
	s.t.Helper()
	s.waits(fmt.Sprintf("%q in %s", text, selector), fmt.Sprintf(`[...document.querySelectorAll(%q)].some(e => e.innerText.includes(%q))`, selector, text))
}

// waits until something is true in the page.
func (s *screen) waits(what, truth string) {
	s.t.Helper()
	s.do(what, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Run(ctx, chromedp.Poll[bool](truth, chromedp.WithPollingTimeout(patience)))
		return err
	}))
}

// look asks the page for something.
func look[T any](s *screen, script string) T {
	s.t.Helper()
	found, err := chromedp.Run(s.ctx, chromedp.Evaluate[T](script))
	if err != nil {
		s.t.Fatalf("asking the page: %v", err)
	}
	return found
}

// sees waits until something can be seen; gone, until it cannot.
func (s *screen) sees(selector string) {
	s.t.Helper()
	s.do(selector+" can be seen", chromedp.WaitVisible(chromedp.CSS(selector)))
}

func (s *screen) gone(selector string) {
	s.t.Helper()
	s.do(selector+" is gone", chromedp.WaitNotVisible(chromedp.CSS(selector)))
}

// press clicks on the one thing that a selector finds, and waits for the next page.
func (s *screen) press(selector string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible)); err != nil {
		s.shoot("failed")
		s.t.Fatalf("pressing %s: %v", selector, err)
	}
}

func (s *screen) fill(selector, text string) {
	s.t.Helper()
	s.do("filling in "+selector, chromedp.Clear(chromedp.CSS(selector)), chromedp.SendKeys(chromedp.CSS(selector), text))
}

// login lets somebody in and comes back to a page.
func (s *screen) login(name, word string) {
	s.t.Helper()
	s.open("/login")
	s.fill("#name", name)
	s.fill("#password", word)
	s.press(".login button")
}

// size makes the window as large as a panel.
func (s *screen) size(width, height int64) {
	s.t.Helper()
	s.do("sizing", chromedp.EmulateViewport(width, height))
}

// fits fails the test when the page is wider than its window: a finger would have to push it about.
func (s *screen) fits(what string) {
	s.t.Helper()
	if over := look[int](s, `document.documentElement.scrollWidth - window.innerWidth`); over > 0 {
		s.t.Errorf("%s is %d points wider than its window", what, over)
	}
}

// shoot keeps a picture of the page in the folder LINEMARK_SCREENSHOTS, if there is one.
func (s *screen) shoot(name string) {
	dir := os.Getenv("LINEMARK_SCREENSHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(s.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		s.t.Logf("no picture of %s: %v", name, err)
		return
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600); err != nil {
		s.t.Error(err)
	}
}
