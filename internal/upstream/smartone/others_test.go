package smartone_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"linemark/internal/upstream/smartone"
	"linemark/internal/upstream/smartone/smartonetest"
)

// An answer about another request is never taken for the answer to this one, whatever it says (P5).
func TestP5AnswerToAnother(t *testing.T) {
	for _, body := range []string{
		`{"status":"success","code":0,"request_id":"r-9","doc_id":5}`,
		`{"status":"in progress","request_id":"r-9"}`,
		`{"status":"error","code":137,"message":"Code not found","request_id":"r-9"}`,
		`{"status":"error","code":156,"errors_list":[{"code":137,"message":"x"}],"request_id":"r-9"}`,
		`{"status":"error","code":4711,"request_id":"r-9"}`,
	} {
		play(t, good(), smartonetest.Options{}, func(t *testing.T, x *site) {
			x.srv.SetFault(fault(aggregation, 1, smartonetest.Fault{Kind: smartonetest.Status, Status: 200, Body: body}))
			_, err := x.send(x.body(document(1)))
			if e, ok := is[*smartone.RepeatError](err); !ok || e.RequestID != "r-1" || e.Earlier != "r-9" {
				t.Errorf("%s: %T %v", body, err, err)
			}
		})
	}
}

// How a server writes its own id, or that it names none, makes no other request of it.
func TestOwnAnswer(t *testing.T) {
	for _, id := range []string{`"R-1"`, `" r-1"`, `""`, `null`, `false`, `{}`, `0`} {
		play(t, good(), smartonetest.Options{}, func(t *testing.T, x *site) {
			x.srv.SetFault(fault(aggregation, 1, smartonetest.Fault{Kind: smartonetest.Status, Status: 200, Body: `{"status":"success","code":0,"request_id":` + id + `}`}))
			if _, err := x.send(x.body(document(1))); err != nil {
				t.Errorf("%s: %v", id, err)
			}
		})
	}
}

// A success with an empty list of errors is one, however the server writes that it is empty; with faults in it
// whether the good rows were taken only a person can see.
func TestFaultsOfASuccess(t *testing.T) {
	for list, rows := range map[string]int{
		`[]`: 0, `null`: 0, `{}`: 0, `""`: 0, `false`: 0, `[[]]`: 0, `[null]`: 0, `[{}]`: 0, `[ { } ]`: 0,
		`[{"code":137,"message":"x"}]`: 1, `["x"]`: 1, `{"code":137}`: 1, `[{"code":137},{"code":137}]`: 2, `"x"`: 1,
	} {
		play(t, good(), smartonetest.Options{}, func(t *testing.T, x *site) {
			x.srv.SetFault(fault(aggregation, 1, smartonetest.Fault{Kind: smartonetest.Status, Status: 200, Body: `{"status":"success","code":0,"errors_list":` + list + `}`}))
			_, err := x.send(x.body(document(1)))
			no, refused := is[*smartone.Refusal](err)
			switch {
			case rows == 0 && err != nil:
				t.Errorf("%s: %v", list, err)
			case rows > 0 && (!refused || len(no.Rows) != rows || !no.Faulted() || !strings.Contains(err.Error(), "refused in part: it says done, and names faults")):
				t.Errorf("%s: %v", list, err)
			}
		})
	}
}

// A request that was turned away at the door and then found no connection may have been carried out: it has
// been there.
func TestTurnedAwayAndThenAway(t *testing.T) {
	play(t, good(), smartonetest.Options{}, func(t *testing.T, x *site) {
		x.srv.SetFault(func(path string, n int) smartonetest.Fault {
			if strings.HasSuffix(path, aggregation) {
				time.AfterFunc(time.Second, func() { x.net.Close() }) // after the login, in the two seconds before the second
				return smartonetest.Fault{Kind: smartonetest.Status, Status: 401, After: true}
			}
			return smartonetest.Fault{}
		})
		_, err := x.send(x.body(document(1)))
		if lost, ok := is[*smartone.UnknownError](err); !ok || lost.Unsent {
			t.Errorf("%T %v", err, err)
		}
	})
}

// Secrets are taken out in all forms in which servers repeat them, also a token that was given out before or is
// being renewed just now.
func TestSecretsInAnyForm(t *testing.T) {
	o := good()
	o.Password = "два  слова/&x"
	for _, said := range []string{
		"два  слова/&x", "два слова/&x", `два  слова\/&x`, "%D0%B4%D0%B2%D0%B0+%20%D1%81%D0%BB%D0%BE%D0%B2%D0%B0%2F%26x",
		`\u0434\u0432\u0430  \u0441\u043b\u043e\u0432\u0430\/&x`, "два  слова/&amp;x", "ДВА  СЛОВА/&X",
	} {
		play(t, o, smartonetest.Options{}, func(t *testing.T, x *site) {
			x.srv.SetFault(func(string, int) smartonetest.Fault {
				return smartonetest.Fault{Kind: smartonetest.Status, Status: 400, Body: `{"status":"error","code":999,"message":"you are [` + strings.NewReplacer(`"`, `\"`, `\/`, `\\/`, `\u`, `\\u`).Replace(said) + `]"}`}
			})
			_, err := x.send(x.body(document(1)))
			if text := fmt.Sprint(err); err == nil || !strings.Contains(text, "you are [***]") {
				t.Errorf("%q is said as %s", said, text)
			}
		})
	}
	play(t, good(), smartonetest.Options{}, func(t *testing.T, x *site) {
		tokens := 0
		x.srv.SetFault(func(path string, n int) smartonetest.Fault {
			if strings.HasSuffix(path, login) {
				tokens++
				return smartonetest.Fault{Kind: smartonetest.Status, Status: 200, Body: fmt.Sprintf(`{"status":"success","token":"TOKEN-%d"}`, n)}
			}
			if n < 3 {
				return smartonetest.Fault{Kind: smartonetest.Status, Status: 401, Body: `{"message":"TOKEN-1 has run out"}`}
			}
			return smartonetest.Fault{Kind: smartonetest.Status, Status: 400, Body: `{"status":"error","code":999,"message":"TOKEN-1, TOKEN-2"}`}
		})
		for range 2 {
			if _, err := x.send(x.body(document(1))); err == nil || strings.Contains(err.Error(), "TOKEN-") {
				t.Error(err)
			}
		}
		if tokens < 2 {
			t.Errorf("%d tokens", tokens)
		}
	})
}

// Who records is told of every call, and of no secret.
func TestRecord(t *testing.T) {
	o := good()
	var got []smartone.Exchange
	o.Record = func(x smartone.Exchange) { got = append(got, x) }
	play(t, o, smartonetest.Options{}, func(t *testing.T, x *site) {
		body := x.body(document(1))
		if _, err := x.send(body); err != nil {
			t.Fatal(err)
		}
		x.srv.SetFault(func(string, int) smartonetest.Fault { return smartonetest.Fault{Kind: smartonetest.Reset} })
		_, _ = x.send(body)
		if len(got) != 3 {
			t.Fatalf("%d calls: %+v", len(got), got)
		}
		if got[0].URL != "http://localhost/tnt/login_api/" || got[0].Status != 200 || got[0].Body+got[0].Answer != "" || got[0].AnswerLength == 0 {
			t.Errorf("the login is %+v", got[0])
		}
		if c := got[1]; c.Method != "POST" || c.URL != "http://localhost/tnt/make_aggregation/" || c.Body != string(body) || c.BodyLength != len(body) || !strings.Contains(c.Answer, `"success"`) || c.Err != nil {
			t.Errorf("the document is %+v", c)
		}
		if c := got[2]; c.Status != 0 || c.Err == nil || c.Body == "" {
			t.Errorf("the lost one is %+v", c)
		}
	})
}
