package check

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func try(err error) {
	if err != nil {
		panic(err)
	}
}

// shift is a ledger and the logs of a plant that agree: codes were received in two blocks, some
// were printed, read, packed and reported. Each test spoils one thing.
type shift struct {
	ctx         context.Context
	data, plant string
	*ledger.Ledger
	at          time.Time
	unit, group code.Profile
	unitLot     ledger.LotID
	groupLot    ledger.LotID
	units       []code.Code // in stock from the fifth on
	source      string      // id of the utilisation report of units
	box         code.Code   // identification code of the box
}

const (
	unitGTIN  = "04780012345677"
	groupGTIN = "14780012345674"
)

func codesOf(gtin string, from, n int) []code.Code {
	codes := make([]code.Code, n)
	for i := range codes {
		codes[i] = code.Code(fmt.Sprintf("01%s21s93%010d%c93%04d", gtin, from+i, code.GS, from+i))
	}
	return codes
}

func texts(codes []code.Code) []string {
	all := make([]string, len(codes))
	for i, c := range codes {
		all[i] = string(c)
	}
	return all
}

type fields map[string]any

// log adds a line to one of the plant's logs, a tenth of a second after the line before.
func (s *shift) log(name string, line fields) {
	s.at = s.at.Add(100 * time.Millisecond)
	line["at"] = s.at
	s.raw(name, string(must(json.Marshal(line)))+"\n")
}

func (s *shift) raw(name, text string) {
	f := must(os.OpenFile(filepath.Join(s.plant, name+".jsonl"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600))
	must(f.WriteString(text))
	try(f.Close())
}

func (s *shift) printed(printer string, codes ...code.Code) {
	for _, c := range codes {
		h := hex.EncodeToString([]byte(c))
		s.log("printer-"+printer, fields{"event": "printed", "label": 1, "code": h, "symbols": []fields{{"kind": "datamatrix", "code": h, "gs1": true}}})
	}
}

// received says that labels have come to a printer; fed and never printed, as a printer's buffer that was emptied.
func (s *shift) received(printer string, codes ...code.Code) {
	for _, c := range codes {
		s.log("printer-"+printer, fields{"event": "received", "code": hex.EncodeToString([]byte(c)), "symbols": []fields{{"kind": "datamatrix"}}})
	}
}

func (s *shift) read(scanner string, codes ...code.Code) {
	for _, c := range codes {
		s.log("scanner-"+scanner, fields{"event": "read", "code": hex.EncodeToString([]byte(c))})
	}
}

func (s *shift) block(id, order, gtin string, codes []code.Code) {
	s.log("izkm", fields{"method": "GET", "path": "/api/v2/water/codes", "block": fields{"blockId": id, "orderId": order, "gtin": gtin, "codes": texts(codes)}})
}

func (s *shift) report(r fields) {
	if r["status"] == nil {
		r["status"] = "SENT"
	}
	s.log("izkm", fields{"report": r})
}

func (s *shift) belt(event string, product int, note string) {
	s.log("conveyor-3", fields{"event": event, "product": product, "note": note})
}

// newShift makes everything agree.
func newShift(t *testing.T) *shift {
	dir := t.TempDir()
	s := &shift{ctx: t.Context(), data: filepath.Join(dir, "data"), plant: filepath.Join(dir, "plant"), at: time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC),
		unit: must(code.Table{}.Profile("water", code.Unit)), group: must(code.Table{}.Profile("water", code.Group))}
	try(os.Mkdir(s.plant, 0o750))
	s.open()
	t.Cleanup(func() { s.Close() })

	s.units = codesOf(unitGTIN, 1, 8)
	boxes := codesOf(groupGTIN, 1, 2)
	s.unitLot = s.stock("bottle", unitGTIN, code.Unit, "order-1", map[string][]code.Code{"block-1": s.units[:6], "block-2": s.units[6:]}, "block-1", "block-2")
	s.groupLot = s.stock("six", groupGTIN, code.Group, "order-2", map[string][]code.Code{"block-3": boxes}, "block-3")
	s.log("izkm", fields{"method": "POST", "path": "/api/v2/water/buffer/close", "close": fields{"orderId": "order-2", "gtin": groupGTIN}})

	must(s.Claim(s.ctx, "3/mark", s.unitLot, 4))
	s.printed("tij-1", s.units[:3]...)
	must(s.Verify(s.ctx, "3/check", s.unitLot, s.unit, s.units[:2]))
	s.read("cam-1", s.units[:2]...)
	s.read("cam-1", "no code of anybody")

	box := must(s.OpenContainer(s.ctx, ledger.NewContainer{Line: "3", Station: "box", Group: "water", Batch: "B1", Capacity: 2}))
	must(s.Put(s.ctx, "3/box", box, s.unitLot, s.unit, s.units[:2]))
	s.read("cam-2", s.units[:2]...)
	try(s.Fill(s.ctx, box))
	label := must(s.Claim(s.ctx, "3/box", s.groupLot, 1))[0]
	s.printed("box-1", label.Code)
	try(s.CloseWithCode(s.ctx, "3/box", box, label.ID, ledger.ByIdentity))
	s.box = label.Code[:s.group.KI]
	pallet := must(s.OpenContainer(s.ctx, ledger.NewContainer{Line: "3", Station: "pallet", Group: "water", Batch: "B1", Capacity: 1, OfContainers: true}))
	try(s.PutContainer(s.ctx, pallet, box))
	try(s.Fill(s.ctx, pallet))
	sscc := must(s.NextSSCC(s.ctx, "0301234567"))
	try(s.CloseWithSSCC(s.ctx, pallet, sscc))

	for _, due := range must(s.DueUtilisation(s.ctx, "VERIFIED")) {
		r := must(s.BuildUtilisation(s.ctx, due, 100, func(r ledger.Report, codes []code.Code) ([]byte, error) {
			s.report(fields{"kind": "utilisation", "sourceReportId": r.UUID, "usageType": r.Usage, "codes": texts(codes)})
			return []byte("{}"), nil
		}))
		try(s.MarkReport(s.ctx, r.ID, ledger.Sent, "", ""))
		if r.Usage == "VERIFIED" {
			s.source = r.UUID
		}
	}
	s.report(fields{"kind": "aggregation", "units": []fields{
		{"unitSerialNumber": string(s.box), "sntins": []string{string(s.units[0][:s.unit.KI]), string(s.units[1][:s.unit.KI])}},
		{"unitSerialNumber": string(sscc), "sntins": []string{string(s.box)}},
	}})

	s.log("conveyor-3", fields{"event": "started"})
	for n := 1; n <= 3; n++ {
		s.belt("passed", n, "")
	}
	s.belt("read", 4, "no read")
	s.belt("ejected", 4, "")
	s.belt("passed", 5, "")
	return s
}

func (s *shift) open() { s.Ledger = must(ledger.Open(s.ctx, s.data, ledger.Options{Agent: "line-3"})) }

func (s *shift) stock(name, gtin string, typ code.Type, order string, blocks map[string][]code.Code, ids ...string) ledger.LotID {
	p := must(s.Product(s.ctx, ledger.Product{Name: name, GTIN: gtin, Group: "water", Type: typ}))
	o := must(s.PlaceOrder(s.ctx, p, 100))
	try(s.SetOrder(s.ctx, o, order, ledger.Active, ""))
	for _, id := range ids {
		s.block(id, order, gtin, blocks[id])
		try(s.Receive(s.ctx, o, id, must(code.Table{}.Profile("water", typ)), blocks[id]))
	}
	return must(s.Lot(s.ctx, "3", p, "B1"))
}

// tamper changes the closed ledger's file behind its back.
func (s *shift) tamper(query string, args ...any) {
	try(s.Close())
	db := must(sql.Open("sqlite", filepath.Join(s.data, ledger.FileName)))
	if n := must(must(db.Exec(query, args...)).RowsAffected()); n == 0 {
		panic("nothing was changed by " + query)
	}
	try(db.Close())
	s.open()
}

// spoilt is a shift of which one thing was spoilt.
type spoilt struct {
	name  string
	spoil func(*shift)
	want  string // the beginning of each finding, a line for one, with its promise, … for what may stand there; empty: nothing to find
	found found
}

type found struct {
	Twice, NoEvidence, Unknown int
	Unbalanced                 bool
}

// judged wants each spoilt thing to be found, as itself and as nothing else.
func judged(t *testing.T, all []spoilt) {
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newShift(t)
			c.spoil(s)
			v := must(Judge(s.ctx, s.plant, s.Ledger))
			// Reports that only the national system's log has are most of these cases' way to say something.
			if !strings.Contains(c.want, foreign) {
				n := len(v.Findings)
				v.Findings = slices.DeleteFunc(v.Findings, func(f string) bool { return strings.Contains(f, foreign) })
				if v.Broken["P5"] -= n - len(v.Findings); v.Broken["P5"] == 0 {
					delete(v.Broken, "P5")
				}
			}
			// What was done to the journal behind the ledger's back breaks its seals too: one case is about them.
			if c.want != "" && !strings.Contains(c.want, broken) {
				n := len(v.Findings)
				v.Findings = slices.DeleteFunc(v.Findings, func(f string) bool { return strings.Contains(f, broken) })
				if v.Broken["P2"] -= n - len(v.Findings); v.Broken["P2"] == 0 {
					delete(v.Broken, "P2")
				}
			}
			if got := (found{v.PrintedTwice, v.ReportedWithoutEvidence, v.UnknownToServer, !v.Balanced}); got != c.found {
				t.Errorf("counted %+v, want %+v", got, c.found)
			}
			if c.want == "" {
				if len(v.Findings) != 0 || !v.Good() {
					t.Errorf("found %q, want nothing", v.Findings)
				}
				return
			}
			want := strings.Split(c.want, "\n")
			for range max(c.found.NoEvidence, c.found.Unknown) - 1 {
				want = append(want, want[0][:len("P1: ")])
			}
			if v.Good() || !slices.EqualFunc(v.Findings, want, like) {
				t.Errorf("found %q, want %q", v.Findings, want)
			}
			promises := map[string]int{}
			for _, w := range want {
				promise, _, _ := strings.Cut(w, ": ")
				promises[promise]++
			}
			if !maps.Equal(v.Broken, promises) {
				t.Errorf("broken are %v, want %v", v.Broken, promises)
			}
		})
	}
}

// like says whether a text begins as wanted, with anything in the place of ….
func like(text, want string) bool {
	parts := strings.Split(want, "…")
	if !strings.HasPrefix(text, parts[0]) {
		return false
	}
	for _, part := range parts {
		_, rest, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = rest
	}
	return true
}

// broken is what is said of a journal whose seals do not follow each other.
const broken = "the journal is broken at entry"

// foreign is what is said of a report that the ledger does not have.
const foreign = "which the ledger does not have"
