package ediwebtest_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"linemark/internal/upstream/ediweb/ediwebtest"
)

const good = "id_type=gln&org_id=2359874562330&doc_ids=21966959%2C21962431"

func serve(t *testing.T, o ediwebtest.Options) (*ediwebtest.Server, func(method, path, query string) (*http.Response, []byte)) {
	t.Helper()
	o.Now = func() time.Time { return time.Date(2023, 8, 31, 10, 26, 12, 0, time.UTC) }
	s := ediwebtest.New(o)
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	plain := &http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}
	return s, func(method, path, query string) (*http.Response, []byte) {
		req, err := http.NewRequest(method, web.URL+path+"?"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := plain.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp, body
	}
}

// The answer is the sample's: its headers, gzip, and in it the archive of archives.
func TestAnswersAsTheSample(t *testing.T) {
	s, get := serve(t, ediwebtest.Options{Waybills: []ediwebtest.Waybill{
		{ID: "21966959", Number: "AT-1", Time: time.Date(2023, 5, 3, 13, 39, 44, 0, time.UTC)}, {ID: "21962431", Number: "AT-2"}, {ID: "3"},
	}})
	resp, body := get("GET", ediwebtest.Path, good)
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/plain; charset=UTF-8" || resp.Header.Get("Content-Encoding") != "gzip" ||
		resp.ContentLength != int64(len(body)) || resp.Header.Get("request_uuid") == "" ||
		resp.Header.Get("Content-Disposition") != "attachment; filename=StackQrCodes_RESPONSE_31082023102612.zip" ||
		resp.Header.Get("file_name") != "U3RhY2tRckNvZGVzX1JFU1BPTlNFXzMxMDgyMDIzMTAyNjEyLnppcA==" {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
	if name, err := base64.StdEncoding.DecodeString(resp.Header.Get("file_name")); err != nil || !strings.HasPrefix(string(name), "StackQrCodes_") {
		t.Errorf("%q", name)
	}
	g, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	packed, err := io.ReadAll(g)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
	}
	if got := strings.Join(names, " "); got != "Inventory.xml QR_AT-1_03052023133944.zip QR_AT-2_31082023102612.zip" {
		t.Errorf("it holds %s", got)
	}
	c := s.Calls()[0]
	if c.Status != 200 || strings.Join(c.Packed, " ") != "21966959 21962431" || c.RequestUUID != resp.Header.Get("request_uuid") || c.Breaches != nil {
		t.Errorf("noted %+v", c)
	}
}

func TestRefusesWhatIsAgainstTheDocument(t *testing.T) {
	many := strings.TrimSuffix(strings.Repeat("1%2C", 101), "%2C")
	s, get := serve(t, ediwebtest.Options{})
	for i, c := range []struct {
		method, path, query string
		status              int
		says                string
	}{
		{"GET", "/edi/api/v1/getStackQrCode", good, 404, "no such method"},
		{"POST", ediwebtest.Path, good, 405, "not GET"},
		{"GET", ediwebtest.Path, "", 400, "id_type"},
		{"GET", ediwebtest.Path, strings.Replace(good, "gln", "inn", 1), 400, "neither gln nor fns"},
		{"GET", ediwebtest.Path, "id_type=gln&doc_ids=1", 400, "org_id"},
		{"GET", ediwebtest.Path, "id_type=gln&org_id=1", 400, "doc_ids"},
		{"GET", ediwebtest.Path, strings.Replace(good, "%2C", ",", 1), 400, "bare comma"},
		{"GET", ediwebtest.Path, "id_type=gln&org_id=1&doc_ids=" + many, 400, "101"},
		{"GET", ediwebtest.Path, "id_type=gln&org_id=1&doc_ids=1%2C1", 400, "twice"},
		{"GET", ediwebtest.Path, "id_type=gln&org_id=1&doc_ids=1%2C", 400, "nothing"},
		{"GET", ediwebtest.Path, good + "&x=1", 400, "unknown parameter"},
		{"GET", ediwebtest.Path, good + "&org_id=1", 400, "2 times"},
		{"GET", ediwebtest.Path, good + "&%zz", 400, "percent"},
	} {
		resp, body := get(c.method, c.path, c.query)
		if resp.StatusCode != c.status || !strings.Contains(strings.Join(s.Calls()[i].Breaches, "\n"), c.says) || len(body) == 0 || resp.Header.Get("request_uuid") == "" {
			t.Errorf("%s %s: %d %q, noted %q", c.path, c.query, resp.StatusCode, body, s.Calls()[i].Breaches)
		}
	}
	s, get = serve(t, ediwebtest.Options{AuthHeader: "X-Key", AuthValue: "v", Extra: []string{"date"}})
	if resp, _ := get("GET", ediwebtest.Path, good+"&date=1"); resp.StatusCode != 401 {
		t.Errorf("without access: %d", resp.StatusCode)
	}
	if resp, _ := get("GET", ediwebtest.Path, good); resp.StatusCode != 401 || len(s.Breaches()) != 3 {
		t.Errorf("without a parameter: %d, %q", resp.StatusCode, s.Breaches())
	}
}
