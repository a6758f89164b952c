package izkm

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"linemark/internal/code"

	"pgregory.net/rapid"
)

// answered calls one method against a server that gives body with status 200.
func answered[T any](t *testing.T, body string, call func(*Client) (T, error)) (T, error) {
	t.Helper()
	w := serve(t, always(reply(200, body)))
	return call(w.client(t, func(o *Options) {
		o.Now = func() time.Time { return time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC) }
	}))
}

// expect compares the result of a call with want, or with an unexpected answer where want is
// the word "lost".
func expect[T any](t *testing.T, got T, err error, want any) {
	t.Helper()
	if want == "lost" {
		if e := asError(t, err); e.Kind != Unexpected || !e.Lost() {
			t.Errorf("got %+v, want an unexpected answer", e)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(any(got), want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestPing(t *testing.T) {
	for body, healthy := range map[string]bool{
		`{"omsId":"` + testOMS + `","success":true}`:                      true,
		`{"omsId":"` + strings.ToLower(testOMS) + `","success":true}`:     true,
		`{"omslId":"` + testOMS + `","success":"true","new":{}}`:          true,
		"\ufeff{\"success\":true}":                                        true,
		`{"omsId":"` + testOMS + `"}`:                                     false,
		`{"success":null}`:                                                false,
		`{"success":1.5}`:                                                 false,
		`{"success":false}`:                                               false,
		`{"omsId":"3fa85f64-5717-4562-b3fc-2c963f66afa6","success":true}`: false,
	} {
		_, err := answered(t, body, func(c *Client) (int, error) { return 0, c.Ping(t.Context()) })
		if (err == nil) != healthy {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// P8: the document's own example, its ellipsis taken out.
func TestP8CodesExample(t *testing.T) {
	const body = `{"omsId" : "CDF12109-10D3-11E6-8B6F-0050569977A1",
		"codes" : [ "010460165303004621\u003drxDV3M\u001d93VXQI" ],
		"blockId" : "f6b60191-36ce-4cc0-9c51-587c015a09df"}`
	got, err := answered(t, body, func(c *Client) (Block, error) {
		return c.Codes(t.Context(), testOrder, testGTIN, 1, "")
	})
	expect(t, got, err, Block{ID: testBlock, Codes: []code.Code{"010460165303004621=rxDV3M\x1d93VXQI"}})
}

func TestCodes(t *testing.T) {
	cases := []struct {
		name, body string
		want       any
	}{
		{"packId", `{"codes":["a"],"packId":"p"}`, Block{"p", []code.Code{"a"}}},
		{"both", `{"codes":["a"],"packId":"p","blockId":"b"}`, Block{"b", []code.Code{"a"}}},
		{"id as a number", `{"codes":["a"],"blockId":12345678901234567890}`, Block{"12345678901234567890", []code.Code{"a"}}},
		{"more and fewer than asked", `{"codes":["a","b","a"],"blockId":"b"}`, Block{"b", []code.Code{"a", "b", "a"}}},
		{"none", `{"codes":[],"blockId":"b"}`, Block{"b", []code.Code{}}},
		{"anything in a code", `{"codes":["\" \\<>&'\u0000\ufffd\u001dЖ_"," "],"blockId":"b","x":[1]}`,
			Block{"b", []code.Code{"\" \\<>&'\x00\ufffd\x1dЖ_", " "}}},
		{"raw U+FFFD", "{\"codes\":[\"a\ufffd\"],\"blockId\":\"b\"}", Block{"b", []code.Code{"a\ufffd"}}},
		{"half a surrogate pair", `{"codes":["a\ud800"],"blockId":"b"}`, Block{"b", []code.Code{"a\ufffd"}}},
		{"no id", `{"codes":["a"]}`, "lost"},
		{"id null", `{"codes":["a"],"blockId":null}`, "lost"},
		{"id an object", `{"codes":["a"],"blockId":{}}`, "lost"},
		{"no codes", `{"blockId":"b"}`, "lost"},
		{"codes null", `{"codes":null,"blockId":"b"}`, "lost"},
		{"codes a string", `{"codes":"a","blockId":"b"}`, "lost"},
		{"a code null", `{"codes":["a",null],"blockId":"b"}`, "lost"},
		{"a code a number", `{"codes":[12],"blockId":"b"}`, "lost"},
		{"the example with its ellipsis", `{"codes":["a", ... ],"blockId":"b"}`, "lost"},
		{"a raw GS", "{\"codes\":[\"a\x1db\"],\"blockId\":\"b\"}", "lost"},
		{"a byte that is not UTF-8", "{\"codes\":[\"a\xe8b\"],\"blockId\":\"b\"}", "lost"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			got, err := answered(t, tc.body, func(c *Client) (Block, error) {
				return c.Codes(t.Context(), testOrder, testGTIN, 2, "")
			})
			expect(t, got, err, tc.want)
		})
	}
}

// P8: whatever characters a code is made of, it arrives as those bytes.
func TestP8CodesAreExact(t *testing.T) {
	c := offline(t)
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOf(rapid.String()).Draw(t, "codes")
		body, err := json.Marshal(map[string]any{"codes": append([]string{}, want...), "blockId": "b"})
		if err != nil {
			t.Fatal(err)
		}
		var a issued
		if err := c.judge("GET /codes", 200, nil, body, &a); err != nil {
			t.Fatal(err)
		}
		for i, got := range a.block("").Codes {
			if string(got) != want[i] {
				t.Fatalf("code %d is %q, was sent as %q", i, got, want[i])
			}
		}
	})
}

func TestRetry(t *testing.T) {
	cases := []struct {
		name, asked, body string
		want              any
	}{
		{"a block", "B-1", `{"codes":["a"],"blockId":"b-1"}`, Block{"b-1", []code.Code{"a"}}},
		{"a block that does not say which", "B-1", `{"codes":["a"]}`, Block{"B-1", []code.Code{"a"}}},
		{"another block", "B-1", `{"codes":["a"],"packId":"B-2"}`, "lost"},
		{"all", "", `{"codes":["a","b"]}`, Block{"", []code.Code{"a", "b"}}},
		{"no codes", "", `{"omsId":"` + testOMS + `"}`, "lost"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			got, err := answered(t, tc.body, func(c *Client) (Block, error) {
				return c.Retry(t.Context(), testOrder, testGTIN, tc.asked)
			})
			expect(t, got, err, tc.want)
		})
	}
}

func TestBlocks(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	one := func(date, quantity string) string {
		return `{"blocks":[{"blockId":"b","blockDateTime":` + date + `,"quantity":` + quantity + `}]}`
	}
	cases := []struct {
		name, body string
		want       any
	}{
		{"the document's", `{"orderId": "b024ae09-ef7c-449e-b461-05d8eb116c79", "omsId": "CDF12109-10D3-11E6-8B6F-0050569977A1",
			"gtin": "01334567894339", "blocks": [
			{"blockId": "a024ae09-ef7c-449e-b461-05d8eb116c90", "blockDateTime": 1573986891, "quantity": 100},
			{"blockId": "a024ae09-ef7c-449e-b461-05d8eb116c93", "blockDateTime": 1573986910, "quantity": 100}]}`,
			[]BlockState{
				{"a024ae09-ef7c-449e-b461-05d8eb116c90", at("2019-11-17T10:34:51Z"), 100},
				{"a024ae09-ef7c-449e-b461-05d8eb116c93", at("2019-11-17T10:35:10Z"), 100},
			}},
		{"ISO", one(`"2011-12-03T10:15:30+01:00"`, "1"), []BlockState{{"b", at("2011-12-03T09:15:30Z"), 1}}},
		{"ISO with a fraction, no colon", one(`"2011-12-03T10:15:30.250+0100"`, "1"), []BlockState{{"b", at("2011-12-03T09:15:30.25Z"), 1}}},
		{"ISO without a zone", one(`"2011-12-03T10:15:30"`, "1"), []BlockState{{"b", at("2011-12-03T10:15:30Z"), 1}}},
		{"digits", one(`"1573986891"`, `"7"`), []BlockState{{"b", at("2019-11-17T10:34:51Z"), 7}}},
		{"milliseconds", one(`1573986891250`, "1"), []BlockState{{"b", at("2019-11-17T10:34:51.25Z"), 1}}},
		{"digits of milliseconds", one(`"1573986891250"`, "1"), []BlockState{{"b", at("2019-11-17T10:34:51.25Z"), 1}}},
		{"last second", one(`99999999999`, "1"), []BlockState{{"b", at("5138-11-16T09:46:39Z"), 1}}},
		{"first millisecond", one(`100000000000`, "1"), []BlockState{{"b", at("1973-03-03T09:46:40Z"), 1}}},
		{"no date that can be read", one(`"yesterday"`, "1"), []BlockState{{"b", time.Time{}, 1}}},
		{"a date beyond the calendar", one(`9223372036854775807`, "1"), []BlockState{{"b", time.Time{}, 1}}},
		{"null date", one(`null`, "1.0"), []BlockState{{"b", time.Time{}, 1}}},
		{"one object, packId", `{"blocks":{"packId":"p","quantity":3}}`, []BlockState{{"p", time.Time{}, 3}}},
		{"none", `{"orderId":"` + strings.ToUpper(testOrder) + `","blocks":[]}`, []BlockState{}},
		{"null is not none", `{"blocks":null}`, "lost"},
		{"missing is not none", `{"orderId":"` + testOrder + `"}`, "lost"},
		{"another order", `{"orderId":"x","blocks":[]}`, "lost"},
		{"a block without id", `{"blocks":[{"quantity":1}]}`, "lost"},
		{"an empty object", `{"blocks":{}}`, "lost"},
		{"quantity not a number", one("1", `"many"`), "lost"},
		{"quantity not whole", one("1", `1.5`), "lost"},
		{"blocks a string", `{"blocks":"none"}`, "lost"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			got, err := answered(t, tc.body, func(c *Client) ([]BlockState, error) {
				return c.Blocks(t.Context(), testOrder, testGTIN)
			})
			expect(t, got, err, tc.want)
		})
	}
}

func TestCloseBuffer(t *testing.T) {
	for body, want := range map[string]any{
		`{"omsId":"` + testOMS + `"}`: 0,
		`{"success":true}`:            0,
		`{}`:                          "lost",
		`{"omsId":"x"}`:               "lost",
	} {
		got, err := answered(t, body, func(c *Client) (int, error) {
			return 0, c.CloseBuffer(t.Context(), testOrder, testGTIN, testBlock)
		})
		expect(t, got, err, want)
	}
}

func TestReports(t *testing.T) {
	for body, want := range map[string]any{
		`{"omsId":"CDF12109-10D3-11E6-8B6F-0050569977A1","reportId":"3179f5d2-2bf5-47d1-8df0-9452b257d851"}`: "3179f5d2-2bf5-47d1-8df0-9452b257d851",
		`{"reportId":42}`: "42",
		`{"reportId":""}`: "lost",
		`{"omsId":"CDF12109-10D3-11E6-8B6F-0050569977A1"}`: "lost",
	} {
		got, err := answered(t, body, func(c *Client) (string, error) { return c.SendUtilisation(t.Context(), []byte("{}")) })
		expect(t, got, err, want)
		got, err = answered(t, body, func(c *Client) (string, error) { return c.SendAggregation(t.Context(), []byte("{}")) })
		expect(t, got, err, want)
		got, err = answered(t, body, func(c *Client) (string, error) { return c.SendDropout(t.Context(), []byte("{}")) })
		expect(t, got, err, want)
	}
}

func TestReportState(t *testing.T) {
	const id = "fab1c0e4-9590-4ed7-8d58-18862d6a9aab"
	for body, want := range map[string]any{
		`{"omsId":"CDF12109-10D3-11E6-8B6F-0050569977A1","reportId":"` + id + `","reportStatus":"SENT"}`: ReportState{ReportSent, ""},
		`{"reportId":"` + strings.ToUpper(id) + `","reportStatus":"NEW_ONE"}`:                            ReportState{"NEW_ONE", ""},
		`{"reportStatus":"REJECTED","errorReason":["a","b"]}`:                                            ReportState{ReportRejected, `["a","b"]`},
		`{"reportStatus":"PENDING","errorReason":null}`:                                                  ReportState{ReportPending, ""},
		`{"reportId":"` + id + `"}`:                                                                      "lost",
		`{"reportId":"other","reportStatus":"SENT"}`:                                                     "lost",
	} {
		got, err := answered(t, body, func(c *Client) (ReportState, error) { return c.ReportState(t.Context(), id) })
		expect(t, got, err, want)
	}
}

// FuzzAnswer: any body with any status gives a usable answer or an *Error, never both ways
// of reading it at once, and shows the token to nobody.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{
		codes200, refusal, html, "", "null", "[]", "{", "\ufeff{}", "{\"codes\":[\"\xe8\"]}", testToken,
		`{"globalErrors":["a",{"error":"` + testToken + `","errorCode":1,"jsonPath":"$"},null,[[]]],"fieldErrors":{"fieldName":"f"}}`,
		`{"omslid":1,"orderInfos":{"orderId":7,"orderStatus":"READY","createdTimestamp":1550650989568,"buffers":{"gtin":"1","bufferStatus":"ACTIVE","leftInBuffer":"5","poolsExhausted":"true"}}}`,
		`{"blocks":[{"packId":"p","blockDateTime":"1573986891250","quantity":1e2}]}`,
		`{"orderId":"o","expectedCompleteTimestamp":9223372036854775807}`,
		`{"success":"True","reportId":"r","reportStatus":"SENT","errorReason":{"a":[1]}}`,
	} {
		f.Add(s, 200)
	}
	f.Add(refusal, 400)
	f.Add(html, 502)
	c := offline(f)
	f.Fuzz(func(t *testing.T, body string, status int) {
		for _, a := range []answer{
			new(pinged), new(placed), &issued{needID: true}, &issued{asked: "b"}, &blocks{asked: testOrder},
			new(closed), new(orders), new(taken), &fate{asked: "r"},
		} {
			err := c.judge("GET /codes", status, http.Header{"Retry-After": {body}}, []byte(body), a)
			if err == nil {
				if status != 200 || !json.Valid([]byte(strings.TrimPrefix(body, "\ufeff"))) {
					t.Fatalf("%T accepted %q with status %d", a, body, status)
				}
				if o, ok := a.(*orders); ok {
					for _, one := range o.Orders {
						one.state()
					}
				}
				if p, ok := a.(*placed); ok && p.expected(c.now()) < 0 {
					t.Fatalf("codes expected before the order: %q", body)
				}
				continue
			}
			e := asError(t, err)
			if len(fateOf(e)) > 1 || e.Kind == "" {
				t.Fatalf("%q: kind %q, fate %q", body, e.Kind, fateOf(e))
			}
			if w := e.Wait(); w != 0 && (w < time.Second || w > 30*time.Minute) {
				t.Fatalf("%q: wait %v", body, w)
			}
			if len([]rune(e.Seen)) > 200 || strings.Contains(strings.ToLower(fmt.Sprintf("%v %+v", e, *e)), testToken) {
				t.Fatalf("%q: %v", body, e)
			}
		}
	})
}
