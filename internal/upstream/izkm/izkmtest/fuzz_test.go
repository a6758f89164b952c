package izkmtest

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

// FuzzRequest: whatever comes in, the answer is JSON and not a 5xx, a refusal is noted, and
// the log restores to the same history.
func FuzzRequest(f *testing.F) {
	f.Add("POST", "orders", "", `{"products":[{"gtin":"04780101164394","quantity":2,"serialNumberType":"OPERATOR","templateId":3,"cisType":"UNIT"}],"releaseMethodType":"IMPORT"}`)
	f.Add("POST", "utilisation", "", `{"sntins":["\u001d\ud800","`+"\x1d"+`"],"sourceReportId":"a"}`)
	f.Add("POST", "aggregation", "", `{"participantId":"1","aggregationUnits":[{"unitSerialNumber":"x","sntins":["x"],"aggregatedItemsCount":1,"aggregationUnitCapacity":1,"aggregationType":"AGGREGATION"}]}`)
	f.Add("POST", "dropout", "", `{"sntins":["00030779729200000015"],"participantId":"1","address":"a","dropoutReason":"DEFECT","withChild":true,"sourceDocNum":"7"}`)
	f.Add("GET", "codes", "&orderId="+testOMS+"&gtin=04780101164394&quantity=1&lastBlockId=0", "")
	f.Add("GET", "orders", "&dateFrom=2026-03-01T00%3A00%3A00%2B05%3A00&limit=2147483647&offset=2147483647", "")
	f.Add("POST", "buffer/close", "&orderId="+testOMS, "{}")
	f.Fuzz(func(t *testing.T, method, name, query, body string) {
		if method != "GET" && method != "POST" {
			method = "POST"
		}
		var log bytes.Buffer
		s := New(Options{Log: &log, Now: newClock().now})
		r := httptest.NewRequest(method, "/", strings.NewReader(body))
		r.URL.Path, r.URL.RawQuery = "/api/v2/water/"+name, "omsId="+testOMS+query
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		h := s.History()
		if w.Code >= 500 || !json.Valid(w.Body.Bytes()) || (w.Code != 200) != strings.Contains(w.Body.String(), `"success":false`) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if w.Code != 200 && len(h.Breaches) == 0 {
			t.Errorf("refused without a breach: %s", w.Body)
		}
		again := New(Options{Now: newClock().now})
		if err := again.Restore(&log); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(again.History(), h) {
			t.Errorf("restored as %+v, was %+v", again.History(), h)
		}
	})
}

// FuzzRestore: no log makes Restore panic, and one that it takes can be served from.
func FuzzRestore(f *testing.F) {
	log, _ := lived(f, newClock())
	f.Add(log)
	f.Add(log[:len(log)/2])
	f.Add([]byte("{\"restored\":true}\n\n{"))
	f.Add([]byte(`{"block":{"orderId":"x"}}`))
	f.Add([]byte(`{"report":{"kind":"aggregation","status":"SENT","units":[{"unitSerialNumber":"a","sntins":["b"]},{"unitSerialNumber":"b","sntins":["a"]}]}}` +
		"\n" + `{"report":{"kind":"dropout","status":"SENT","codes":["a"],"withChild":true}}`)) // in a circle
	f.Fuzz(func(t *testing.T, log []byte) {
		s := New(Options{})
		if s.Restore(bytes.NewReader(log)) == nil {
			s.History()
		}
	})
}
