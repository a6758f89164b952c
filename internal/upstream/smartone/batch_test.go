package smartone_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"linemark/internal/upstream/smartone"
	"linemark/internal/upstream/smartone/smartonetest"
)

const batchCodes = "/get_batch_codes/"

func TestBatchCodes(t *testing.T) {
	var codes []smartonetest.Code
	for i := range 25 {
		codes = append(codes, smartonetest.Code{Code: fmt.Sprintf("01\x1d%d\"\\й", i), Human: fmt.Sprint("h", i), UnitID: 3, UnitExt: "pack"})
	}
	for _, zip := range []bool{false, true} {
		o := good()
		o.GzipBatch = zip
		play(t, o, smartonetest.Options{}, func(t *testing.T, x *site) {
			x.srv.SetBatch(5, smartonetest.Batch{Codes: codes})
			for _, q := range []struct{ offset, count, want int }{{0, 0, 25}, {0, 10, 10}, {20, 10, 5}, {25, 10, 0}, {30, 0, 0}, {7, 1, 1}} {
				got, err := x.BatchCodes(t.Context(), smartone.BatchQuery{Batch: 5, Offset: q.offset, Count: q.count})
				if err != nil || len(got.Codes) != q.want || got.Total != q.want {
					t.Fatalf("%+v: %d codes, %v", q, len(got.Codes), err)
				}
				for i, c := range got.Codes {
					want := codes[q.offset+i]
					if string(c.Code) != want.Code || c.Human != want.Human || c.Unit != (smartone.ID{Ext: "pack", System: 3}) {
						t.Fatalf("%+v: %d is %+v", q, i, c)
					}
				}
			}
			h := x.clean(0)
			if first := h.Deliveries[1]; string(first.Body) != `{"batch_id":5}` || (first.Type == "application/octet-stream") != zip {
				t.Fatalf("%s as %s", first.Body, first.Type)
			}
		})
	}
}

func TestBatchCodesRefused(t *testing.T) {
	play(t, good(), smartonetest.Options{}, func(t *testing.T, x *site) {
		x.srv.SetBatch(1, smartonetest.Batch{NotReady: true})
		x.srv.SetBatch(3, smartonetest.Batch{Created: time.Now().AddDate(-2, 0, 0)})
		for batch, want := range map[int64]smartone.Refusal{
			1: {Code: 102, RetryLater: true}, 2: {Code: 116, Stops: true}, 3: {Code: 176, Stops: true},
		} {
			_, err := x.BatchCodes(t.Context(), smartone.BatchQuery{Batch: batch})
			no, ok := is[*smartone.Refusal](err)
			if !ok || no.Code != want.Code || no.RetryLater != want.RetryLater || no.Stops != want.Stops {
				t.Errorf("%d: %+v", batch, err)
			}
		}
		before := len(x.srv.History().Deliveries)
		for _, q := range []smartone.BatchQuery{{}, {Batch: -1}, {Batch: 1, Offset: -1}, {Batch: 1, Count: -1}} {
			_, err := x.BatchCodes(t.Context(), q)
			if _, ok := is[*smartone.InvalidError](err); !ok {
				t.Errorf("%+v: %v", q, err)
			}
		}
		if after := len(x.srv.History().Deliveries); after != before {
			t.Error("a wrong question was sent")
		}
	})
}

// What comes back is taken as it is, or not at all.
func TestBatchCodesStrict(t *testing.T) {
	item := func(s string) string { return `{"code":` + s + `}` }
	items := func(s ...string) string {
		return `{"status":"success","code":0,"items":[` + strings.Join(s, ",") + `]}`
	}
	for name, tc := range map[string]struct{ body, says string }{
		"good":               {items(item(`"a"`), item(`"b"`)), ""},
		"nulls beside":       {`{"status":"success","code":0,"message":null,"cnt":null,"items":[{"code":"a","hrc":null,"unit_id":null,"unit_ext_id":null}]}`, ""},
		"cnt of the batch":   {`{"status":"success","code":"0","cnt":"1000","items":[{"code":"a"}]}`, ""},
		"no items":           {`{"status":"success","code":0}`, "it holds no items"},
		"null":               {`{"status":"success","code":0,"items":null}`, "it holds no items"},
		"an object":          {`{"status":"success","code":0,"items":{"code":"a"}}`, "its items are no list"},
		"cnt above none":     {`{"status":"success","code":0,"cnt":1,"items":[{"code":"a"},{"code":"b"}]}`, "its cnt is 1, and it holds 2"},
		"too many":           {items(item(`"a"`), item(`"b"`), item(`"c"`)), "it holds more codes than the 2 that were asked for"},
		"twice":              {items(item(`"a"`), item(`"a"`)), "code 2 of 2 is the same as code 1"},
		"no code":            {items(item(`"a"`), `{"hrc":"b"}`), "item 2 of 2 has no code"},
		"null code":          {items(item(`null`)), "item 1 of 1 has no code"},
		"a number":           {items(item(`5`)), "reading its items"},
		"empty code":         {items(item(`""`)), "code 1 of 1 is empty"},
		"too long":           {items(item(`"` + strings.Repeat("x", 1025) + `"`)), "has 1025 characters"},
		"U+FFFD":             {items(item(`"a\ufffd"`)), "U+FFFD at byte 1"},
		"half a surrogate":   {items(item(`"a\ud800"`)), "U+FFFD at byte 1"},
		"a line end":         {items(item(`"ab\n"`)), "control character U+000A at byte 2"},
		"not UTF-8":          {items(item("\"a\xe8\"")), "it is not UTF-8"},
		"faults in success":  {`{"status":"success","code":0,"items":[{"code":"a"}],"errors_list":[{"code":137,"message":"x"}]}`, "refused in part: it says done, and names faults; 137 x"},
		"success with code":  {`{"status":"success","code":116,"items":[]}`, `its status is "success" with code 116`},
		"cut inside":         {`{"status":"success","code":0,"items":[{"code":"a"},{"co`, "reading the JSON"},
		"too large":          {items(item(`"`+strings.Repeat("x", 500)+`"`), item(`"`+strings.Repeat("y", 600)+`"`)), "longer than 1000 bytes"},
		"an error without":   {`{"status":"error","message":"why"}`, "refused without a code: why; ask"},
		"an error that is 0": {`{"status":"error","code":0}`, "code 0, which is done"},
		"unknown code":       {`{"status":"error","code":777,"message":"new"}`, "code 777 (not in the published lists): new"},
	} {
		o := good()
		o.MaxBody = 4000
		if name == "too large" {
			o.MaxBody = 1000
		}
		play(t, o, smartonetest.Options{}, func(t *testing.T, x *site) {
			x.srv.SetFault(fault(batchCodes, 1, smartonetest.Fault{Kind: smartonetest.Status, Status: 200, Body: tc.body}))
			got, err := x.BatchCodes(t.Context(), smartone.BatchQuery{Batch: 5, Count: 2})
			switch {
			case tc.says == "" && (err != nil || len(got.Codes) == 0 || got.Codes[0].Code != "a"):
				t.Errorf("%s: %v, %v", name, got, err)
			case tc.says != "" && (err == nil || !strings.Contains(err.Error(), tc.says) || len(got.Codes) > 0):
				t.Errorf("%s: got %v, want %q", name, err, tc.says)
			}
		})
	}
}
