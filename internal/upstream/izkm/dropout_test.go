package izkm

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"linemark/internal/code"

	"pgregory.net/rapid"
)

func goodDropout() Dropout {
	return Dropout{
		Group: "tobacco", Codes: []code.Code{"012385933457648721zLo/hON\x1d8005123456\x1d93dGVz", `01"<>&'\_` + "\x1d93"},
		ParticipantID: "301234567", Address: "Tashkent, \"Mirzo\"", Reason: "DEFECT", WithChild: true,
		ProductionLineID: "1", ProductionOrderID: "123",
		SourceDocDate: time.Date(2011, 12, 3, 10, 15, 30, 999, tashkent), SourceDocNum: "138-3",
	}
}

func TestEncodeDropout(t *testing.T) {
	const want = `{"sntins":["012385933457648721zLo/hON\u001d8005123456\u001d93dGVz","01\"<>&'\\_\u001d93"],` +
		`"participantId":"301234567","address":"Tashkent, \"Mirzo\"","dropoutReason":"DEFECT","productionLineId":"1","productionOrderId":"123",` +
		`"sourceDocDate":"2011-12-03T10:15:30+05:00","sourceDocNum":"138-3","withChild":true}`
	body, err := EncodeDropout(goodDropout())
	if err != nil || string(body) != want {
		t.Errorf("got\n%s, %v\nwant\n%s", body, err, want)
	}
	d := goodDropout()
	d.Codes, d.ProductionLineID, d.ProductionOrderID, d.WithChild = []code.Code{"00030779729200000015"}, "", "", false
	body, err = EncodeDropout(d)
	const least = `{"sntins":["00030779729200000015"],"participantId":"301234567","address":"Tashkent, \"Mirzo\"","dropoutReason":"DEFECT",` +
		`"sourceDocDate":"2011-12-03T10:15:30+05:00","sourceDocNum":"138-3","withChild":false}`
	if err != nil || string(body) != least {
		t.Errorf("got\n%s, %v\nwant\n%s", body, err, least)
	}
}

func TestEncodeDropoutRefuses(t *testing.T) {
	cases := []struct {
		change func(*Dropout)
		says   string
	}{
		{func(d *Dropout) { d.Group = "" }, "group is missing"},
		{func(d *Dropout) { d.Codes = nil }, "0 codes"},
		{func(d *Dropout) { d.Codes = manyCodes(30_001) }, "30001 codes"},
		{func(d *Dropout) { d.Codes[1] = d.Codes[0] }, "sntins[1] repeats sntins[0]"},
		{func(d *Dropout) { d.Codes[1] = "" }, "sntins[1] is empty"},
		{func(d *Dropout) { d.Codes[1] = "a\xe8" }, "sntins[1]"},
		{func(d *Dropout) { d.ParticipantID = "" }, "participantId is missing"},
		{func(d *Dropout) { d.Address = "" }, "address is missing"},
		{func(d *Dropout) { d.Address = "\xff" }, "address"},
		{func(d *Dropout) { d.Reason = "" }, "dropoutReason is missing"},
		{func(d *Dropout) { d.Reason = "defect" }, "dropoutReason"},
		{func(d *Dropout) { d.Reason = "ДЕФЕКТ" }, "DESTRUCTION"}, // the document's own example
		{func(d *Dropout) { d.Reason = "32" }, "dropoutReason"},
		{func(d *Dropout) { d.SourceDocDate = time.Time{} }, "sourceDocDate is missing"},
		{func(d *Dropout) { d.SourceDocNum = "" }, "sourceDocNum is missing"},
	}
	for _, tc := range cases {
		d := goodDropout()
		tc.change(&d)
		_, err := EncodeDropout(d)
		refuses(t, err, "POST /dropout", tc.says)
	}
	d := goodDropout()
	d.Codes = manyCodes(30_000)
	if _, err := EncodeDropout(d); err != nil {
		t.Errorf("the largest report: %v", err)
	}
}

// Dictionary 5.1, row by row, and each row goes into a report.
func TestDropoutReasons(t *testing.T) {
	const dictionary = "16 DESTRUCTION 32 DEFECT 33 EXPIRY 34 QA_SAMPLES 35 PRODUCT_RECALL 36 COMPLAINTS 37 PRODUCT_TESTING 38 DEMO_SAMPLES 39 OTHER"
	var all []string
	for _, r := range DropoutReasons() {
		all = append(all, fmt.Sprint(r.ID, " ", r.Name))
		d := goodDropout()
		d.Reason = r.Name
		body, err := EncodeDropout(d)
		if err != nil || !strings.Contains(string(body), `"dropoutReason":"`+r.Name+`"`) || r.Meaning == "" {
			t.Errorf("%+v: %s, %v", r, body, err)
		}
	}
	if got := strings.Join(all, " "); got != dictionary {
		t.Errorf("got %s\nwant %s", got, dictionary)
	}
}

// P8: a code leaves as the bytes it is.
func TestP8DropoutIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfNDistinct(rapid.StringN(1, 50, -1), 1, 20, rapid.ID).Draw(t, "codes")
		d := goodDropout()
		d.Codes = nil
		for _, s := range want {
			d.Codes = append(d.Codes, code.Code(s))
		}
		body, err := EncodeDropout(d)
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ Sntins []string }
		if err := json.Unmarshal(body, &got); err != nil || fmt.Sprintf("%q", got.Sntins) != fmt.Sprintf("%q", want) {
			t.Fatalf("%q left as %s (%v)", want, body, err)
		}
	})
}
