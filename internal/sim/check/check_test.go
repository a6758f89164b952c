package check

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
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

func TestJudgeFindsNothingInAGoodShift(t *testing.T) {
	s := newShift(t)
	v := must(Judge(s.ctx, s.plant, s.Ledger))
	if !v.Good() || v.PrintedTwice+v.ReportedWithoutEvidence+v.UnknownToServer != 0 {
		t.Errorf("%+v", v)
	}
	try(s.Close())
	reader := must(ledger.OpenReader(s.ctx, s.data))
	defer reader.Close()
	if v := must(Judge(s.ctx, s.plant, reader)); !v.Good() {
		t.Errorf("read beside no agent: %+v", v)
	}
}

// Each spoilt thing is found, as itself and as nothing else.
func TestJudgeFinds(t *testing.T) {
	type found struct {
		Twice, NoEvidence, Unknown int
		Unbalanced                 bool
	}
	for _, c := range []struct {
		name  string
		spoil func(*shift)
		want  string // the only finding; empty: nothing to find
		found found
	}{
		{"printed twice", func(s *shift) { s.printed("tij-1", s.units[1]) }, "printed 2 times: 0104780012345677", found{Twice: 1}},
		{"printed by two printers", func(s *shift) { s.printed("box-1", s.units[2]) }, "printed 2 times", found{Twice: 1}},
		{"received by a printer and never printed", func(s *shift) {
			s.log("printer-tij-1", fields{"event": "received", "code": hex.EncodeToString([]byte(s.units[0])), "symbols": []fields{{"kind": "datamatrix"}}})
		}, "", found{}},
		{"printed out of stock", func(s *shift) { s.printed("tij-1", s.units[5]) }, "in stock, but printed already", found{}},
		{"printed and nowhere", func(s *shift) { s.printed("tij-1", codesOf(unitGTIN, 99, 1)...) }, "printed, but not in the ledger", found{Unknown: 1}},
		{"reported as read, only printed", func(s *shift) {
			s.report(fields{"sourceReportId": "x", "usageType": "VERIFIED", "codes": texts(s.units[2:3])})
		}, "reported as VERIFIED, but printed 1 times and never read", found{NoEvidence: 1}},
		{"reported as printed, and was", func(s *shift) {
			s.report(fields{"sourceReportId": "x", "usageType": "PRINTED", "codes": texts(s.units[2:3])})
		}, "", found{}},
		{"reported as printed, and was not", func(s *shift) {
			s.report(fields{"sourceReportId": "x", "usageType": "PRINTED", "codes": texts(s.units[3:4])})
		}, "reported as PRINTED, but printed 0 times and never read", found{NoEvidence: 1}},
		{"reported in two reports", func(s *shift) {
			s.report(fields{"sourceReportId": "x", "usageType": "VERIFIED", "codes": texts(s.units[:1])})
		}, "reported twice (", found{}},
		{"reported in two reports without an id", func(s *shift) {
			s.report(fields{"usageType": "PRINTED", "codes": texts(s.units[2:3])})
			s.report(fields{"usageType": "PRINTED", "codes": texts(s.units[2:3])})
		}, "reported twice (number 4 of the log, number 5 of the log)", found{}},
		{"reported twice in one report", func(s *shift) {
			s.report(fields{"sourceReportId": "x", "usageType": "PRINTED", "codes": []string{string(s.units[2]), string(s.units[2])}})
		}, "reported twice (x, x)", found{}},
		{"a report sent again after its answer was lost", func(s *shift) {
			s.report(fields{"sourceReportId": s.source, "usageType": "VERIFIED", "codes": texts(s.units[:2]), "status": "REJECTED"})
		}, "", found{}},
		{"reported and never issued", func(s *shift) {
			c := codesOf(unitGTIN, 99, 1)
			s.read("cam-1", c...)
			s.report(fields{"sourceReportId": "x", "usageType": "VERIFIED", "codes": texts(c)})
		}, "reported but never issued", found{Unknown: 1}},
		{"packed and never read", func(s *shift) {
			s.report(fields{"units": []fields{{"unitSerialNumber": "003012345670000021", "sntins": []string{string(s.units[2][:31])}}}})
		}, "reported as a container, but never printed nor read: 003012345670000021", found{NoEvidence: 2}},
		{"packed, and only printed", func(s *shift) {
			sscc := must(code.SSCC("0301234567", 2))
			s.report(fields{"units": []fields{{"unitSerialNumber": string(sscc), "sntins": []string{string(s.units[2][:31])}}}})
		}, "but never read: 0104780012345677", found{NoEvidence: 1}},
		{"a container of a container that nobody reported", func(s *shift) {
			sscc := must(code.SSCC("0301234567", 2))
			s.report(fields{"units": []fields{{"unitSerialNumber": string(sscc), "sntins": []string{"01" + groupGTIN + "21s930000000009"}}}})
		}, "but never read: 0114780012345674", found{NoEvidence: 1}},
		{"in the ledger and never issued", func(s *shift) {
			orders := must(s.Orders(s.ctx))
			try(s.Receive(s.ctx, orders[0].ID, "block-9", s.unit, codesOf(unitGTIN, 50, 1)))
		}, "in the ledger but not issued in block block-9", found{Unknown: 1}},
		{"in the ledger under each other's blocks", func(s *shift) {
			s.tamper("UPDATE code SET block = CASE id WHEN 1 THEN 2 ELSE 1 END WHERE id IN (1, 8)")
		}, "in the ledger but not issued in block block-2", found{Unknown: 2}},
		{"changed in the ledger", func(s *shift) {
			s.tamper("UPDATE code SET raw = CAST(replace(CAST(raw AS TEXT), '0000000008', '0000000088') AS BLOB) WHERE id = 8")
		}, "in the ledger but not issued in block block-2", found{Unknown: 1}},
		{"an acknowledged block is missing", func(s *shift) {
			s.block("block-4", "order-1", unitGTIN, codesOf(unitGTIN, 60, 5)) // acknowledges block-2, which is there
			s.log("izkm", fields{"close": fields{"orderId": "order-1", "gtin": unitGTIN}})
		}, "block block-4 was acknowledged with 5 codes, the ledger has 0", found{Unbalanced: true}},
		{"an acknowledged block is missing behind another", func(s *shift) {
			s.block("block-4", "order-1", unitGTIN, codesOf(unitGTIN, 60, 5))
			s.block("block-5", "order-1", unitGTIN, codesOf(unitGTIN, 70, 5))
		}, "block block-4 was acknowledged with 5 codes, the ledger has 0", found{Unbalanced: true}},
		{"a block whose answer was lost", func(s *shift) {
			s.block("block-4", "order-1", unitGTIN, codesOf(unitGTIN, 60, 5)) // nothing acknowledges it
		}, "", found{}},
		{"a code is lost from the ledger", func(s *shift) {
			s.tamper("UPDATE tally SET n = n - 1 WHERE state = 0 AND product = 2") // so that only the blocks can tell
			s.tamper("DELETE FROM code WHERE state = 0 AND product = 2")
		}, "", found{Unbalanced: true}},
		{"the tally is tampered with", func(s *shift) {
			s.tamper("UPDATE tally SET n = n + 1 WHERE state = 0 AND product = 1")
		}, "product 1: 4 codes are in_stock, the running tally says 5", found{Unbalanced: true}},
		{"a state is tampered with", func(s *shift) {
			s.tamper("UPDATE code SET state = 5 WHERE state = 1 AND product = 1")
		}, "", found{Unbalanced: true}},
		{"a block's quantity is tampered with", func(s *shift) {
			s.tamper("UPDATE block SET quantity = quantity + 1 WHERE server_id = 'block-1'")
		}, "product bottle: received 9, the states do not add up", found{Unbalanced: true}},
		{"verified and never read", func(s *shift) {
			must(s.Verify(s.ctx, "3/check", s.unitLot, s.unit, s.units[2:3]))
		}, "verified in the ledger, but no camera has read it", found{}},
		{"sent in the ledger, and never taken", func(s *shift) {
			s.tamper("UPDATE report SET uuid = 'lost' WHERE uuid = ?", s.source)
		}, "report lost is sent in the ledger, but the national system has not taken it", found{}},
		{"sent in the ledger, and rejected", func(s *shift) {
			s.tamper("UPDATE report SET uuid = 'denied' WHERE uuid = ?", s.source)
			s.report(fields{"sourceReportId": "denied", "status": "REJECTED"})
		}, "report denied is sent in the ledger, but the national system has not taken it", found{}},
		{"a breach of the document", func(s *shift) {
			s.log("izkm", fields{"breaches": []string{"unknown field x"}})
		}, "the national system saw a breach of its document: unknown field x", found{}},
		{"a bad product passed", func(s *shift) {
			s.belt("passed", 6, "misread")
			s.at = s.at.Add(standstill)
			s.belt("made", 9, "")
		}, "product 6 passed the rejector although: misread", found{}},
		{"bad products passed again and again", func(s *shift) {
			for n := range 3 {
				s.belt("passed", 6+n, "misread")
				s.at = s.at.Add(standstill * 3 / 5)
			}
		}, "product 6 passed the rejector although: misread", found{}},
		{"a bad product passed and the line was stopped", func(s *shift) {
			s.belt("passed", 6, "misread")
			s.belt("stopped", 0, "")
			s.at = s.at.Add(standstill)
			s.belt("made", 9, "")
		}, "", found{}},
		{"a bad product passed and the watchdog held the line", func(s *shift) {
			s.belt("passed", 6, "misread")
			s.belt("held", 0, "")
			s.at = s.at.Add(standstill)
			s.belt("made", 9, "")
		}, "", found{}},
		{"a bad product passed before the plant was switched off", func(s *shift) {
			s.belt("passed", 6, "misread")
			s.at = s.at.Add(time.Hour)
			s.belt("started", 0, "")
			s.belt("made", 1, "")
		}, "", found{}},
		{"a killed plant's half line", func(s *shift) {
			s.raw("printer-tij-1", `{"event":"printed","code":"30`)
		}, "", found{}},
		{"a killed plant's half line, ended by the next", func(s *shift) {
			s.raw("printer-tij-1", "{\"event\":\"printed\",\"code\":\"30\n")
			s.printed("tij-1", s.units[1])
		}, "printed 2 times", found{Twice: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
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
			if got := (found{v.PrintedTwice, v.ReportedWithoutEvidence, v.UnknownToServer, !v.Balanced}); got != c.found {
				t.Errorf("counted %+v, want %+v", got, c.found)
			}
			if c.want == "" && !c.found.Unbalanced {
				if len(v.Findings) != 0 || !v.Good() {
					t.Errorf("found %q, want nothing", v.Findings)
				}
				return
			}
			if v.Good() || len(v.Findings) == 0 {
				t.Fatal("found nothing")
			}
			if !strings.Contains(v.Findings[0], c.want) {
				t.Errorf("found %q, want %q", v.Findings[0], c.want)
			}
			if c.want != "" && len(v.Findings) != max(1, c.found.NoEvidence, c.found.Unknown) {
				t.Errorf("%d findings: %q", len(v.Findings), v.Findings)
			}
		})
	}
}

// foreign is what is said of a report that the ledger does not have.
const foreign = "which the ledger does not have"

// What cannot be read is an error, never a good verdict.
func TestJudgeFails(t *testing.T) {
	for name, spoil := range map[string]func(*shift){
		"a closed ledger": func(s *shift) { try(s.Close()) },
		"a code that is no hex": func(s *shift) {
			s.log("scanner-cam-1", fields{"event": "read", "code": "xyz"})
		},
		"an event of another kind": func(s *shift) { s.log("izkm", fields{"block": "block-1"}) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newShift(t)
			spoil(s)
			if v, err := Judge(s.ctx, s.plant, s.Ledger); err == nil || v.Good() {
				t.Errorf("%+v, %v", v, err)
			}
		})
	}
}

// A thousand faults of one kind are counted, and the first ones told.
func TestJudgeBoundsItsFindings(t *testing.T) {
	s := newShift(t)
	many := codesOf(unitGTIN, 1000, 1000)
	s.printed("tij-1", many...)
	v := must(Judge(s.ctx, s.plant, s.Ledger))
	if v.UnknownToServer != 1000 || len(v.Findings) < 10 || len(v.Findings) > 10*maxFindings {
		t.Errorf("%d unknown, %d findings", v.UnknownToServer, len(v.Findings))
	}
}
