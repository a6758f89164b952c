package diadoc

import (
	"context"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"linemark/internal/upstream/diadoc/diadoctest"
)

const (
	testClient   = "testClient-8ee1638deae84c86b8e2069955c2825a"
	testLogin    = "plant@zavod.example"
	testPassword = `p&"a\s<s> ё+/=`
	testSecret   = "client secret+/:="
	testRefresh  = "refresh-token-1+/="

	testBox     = "208c37d1-e90d-4809-9964-d40add31d21c@diadoc.ru"
	testMessage = "405af46b-c6e4-4057-afb6-62269e56df15"
	testID      = "63e21026-ecd8-4013-aed3-70637e9d5d8f"
)

var (
	testDocument = Document{Box: testBox, Message: testMessage, ID: testID}
	testForm     = []byte("%PDF-1.4\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\r\n%%EOF\n")
	testSign     = []byte{0x30, 0x82, 0x01, 0x00, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02, 0xff}
)

// clock is a clock that stands until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// site is an emulator on loopback with one document, and a client that may log in there.
type site struct {
	*diadoctest.Server
	*Client
	clock *clock
	url   string
}

type change struct {
	server  func(*diadoctest.Options)
	options func(*Options)
}

// serverSays and clientSays change one side of a site.
func serverSays(f func(*diadoctest.Options)) change { return change{server: f} }
func clientSays(f func(*Options)) change            { return change{options: f} }

func newSite(t testing.TB, changes ...change) *site {
	t.Helper()
	s := &site{clock: newClock()}
	server := diadoctest.Options{ClientID: testClient, Login: testLogin, Password: testPassword, Now: s.clock.now}
	for _, c := range changes {
		if c.server != nil {
			c.server(&server)
		}
	}
	s.Server = diadoctest.New(server)
	s.Put(diadoctest.Document{Box: testBox, Message: testMessage, ID: testID, PrintForm: testForm, Signature: testSign})
	web := httptest.NewServer(s.Server)
	t.Cleanup(web.Close)
	s.url = web.URL
	o := Options{
		URL: web.URL, Password: &Password{ClientID: testClient, Login: testLogin, Password: testPassword},
		Now: s.clock.now, Jitter: func(time.Duration) time.Duration { return 0 },
	}
	for _, c := range changes {
		if c.options != nil {
			c.options(&o)
		}
	}
	var err error
	if s.Client, err = New(o); err != nil {
		t.Fatal(err)
	}
	return s
}

// ask asks for the one document.
func (s *site) ask(ctx context.Context) (Protocol, error) {
	return s.Protocol(ctx, testBox, testMessage, testID)
}

// put replaces the one document.
func (s *site) put(change func(*diadoctest.Document)) {
	d := diadoctest.Document{Box: testBox, Message: testMessage, ID: testID, PrintForm: testForm, Signature: testSign}
	change(&d)
	s.Put(d)
}

// faulty lets every request of a path suffer f.
func (s *site) faulty(path string, f diadoctest.Fault) {
	s.SetFault(func(_, at string, _ int) diadoctest.Fault {
		if at == path {
			return f
		}
		return diadoctest.Fault{}
	})
}

// unbroken fails the test if the emulator noted anything against the caller.
func (s *site) unbroken(t testing.TB) {
	t.Helper()
	for _, b := range s.History().Breaches {
		t.Error("against the document: " + b)
	}
}
