package ediweb_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"linemark/internal/upstream/ediweb"
	"linemark/internal/upstream/ediweb/ediwebtest"
)

const (
	gln    = "2359874562330" // the document's own, with a wrong check digit
	secret = "Bearer 5ecret-t0ken"
)

var clock = time.Date(2023, 8, 31, 10, 26, 12, 0, time.UTC)

// waybills are n documents with ids 1... and numbers AT-1... .
func waybills(n int) []ediwebtest.Waybill {
	var all []ediwebtest.Waybill
	for i := range n {
		all = append(all, ediwebtest.Waybill{ID: fmt.Sprint(i + 1), Number: fmt.Sprintf("AT-%d", i+1)})
	}
	return all
}

func ids(n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprint(i+1))
	}
	return all
}

// site is a client and the emulator that it speaks to.
func site(t *testing.T, server ediwebtest.Options, client ediweb.Options) (*ediweb.Client, *ediwebtest.Server) {
	t.Helper()
	server.Now = func() time.Time { return clock }
	s := ediwebtest.New(server)
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	client.URL = web.URL
	c, err := ediweb.New(client)
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

func befalls(f ediwebtest.Fault) func(int) ediwebtest.Fault {
	return func(int) ediwebtest.Fault { return f }
}

// once asks for the documents and expects no error and no breach.
func once(t *testing.T, c *ediweb.Client, s *ediwebtest.Server, docs ...string) ediweb.Answer {
	t.Helper()
	a, err := c.QRCodes(context.Background(), ediweb.GLN, gln, docs)
	if err != nil {
		t.Fatalf("QRCodes: %v", err)
	}
	if b := s.Breaches(); b != nil {
		t.Fatalf("against the document: %q", b)
	}
	return a
}

// fails asks and expects an *Error of a kind.
func fails(t *testing.T, c *ediweb.Client, kind ediweb.Kind, docs ...string) (ediweb.Answer, *ediweb.Error) {
	t.Helper()
	a, err := c.QRCodes(context.Background(), ediweb.GLN, gln, docs)
	var e *ediweb.Error
	if !errors.As(err, &e) || e.Kind != kind {
		t.Fatalf("QRCodes: %v, not %q", err, kind)
	}
	if strings.Contains(err.Error(), "\n") || len(err.Error()) > 700 {
		t.Errorf("not one clear line: %q", err)
	}
	return a, e
}

// states writes what became of each document: "1 found; 2 missing".
func states(a ediweb.Answer) string {
	var all []string
	for _, d := range a.Documents {
		all = append(all, d.ID+" "+string(d.State))
	}
	return strings.Join(all, "; ")
}

// archive packs files given as name, content, name, content.
func archive(t *testing.T, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for pair := range slices.Chunk(files, 2) {
		w, err := z.Create(pair[0])
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(pair[1]))
	}
	z.Close()
	return b.Bytes()
}

// qr is an inner archive with one picture.
func qr(t *testing.T, text string) string {
	return string(archive(t, "qr.png", string(ediwebtest.PNG(text))))
}
