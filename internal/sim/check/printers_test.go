package check

import "testing"

// What came to printers and out of them.
func TestJudgeFinds_printers(t *testing.T) {
	judged(t, []spoilt{
		{"printed twice", func(s *shift) { s.printed("tij-1", s.units[1]) }, "P1: printed 2 times: 0104780012345677", found{Twice: 1}},
		{"printed by two printers", func(s *shift) { s.printed("box-1", s.units[2]) }, "P1: printed 2 times", found{Twice: 1}},
		{"received by a printer and never printed", func(s *shift) {
			s.received("tij-1", s.units[0])
		}, "", found{}},
		{"printed out of stock", func(s *shift) { s.printed("tij-1", s.units[5]) }, "P1: in stock, but printed already", found{}},
		{"printed and nowhere", func(s *shift) { s.printed("tij-1", codesOf(unitGTIN, 99, 1)...) }, "P8: printed, but not in the ledger", found{Unknown: 1}},
		{"a killed plant's half line", func(s *shift) {
			s.raw("printer-tij-1", `{"event":"printed","code":"30`)
		}, "", found{}},
		{"a killed plant's half line, ended by the next", func(s *shift) {
			s.raw("printer-tij-1", "{\"event\":\"printed\",\"code\":\"30\n")
			s.printed("tij-1", s.units[1])
		}, "P1: printed 2 times", found{Twice: 1}},
		{"printed twice, and received as often", func(s *shift) {
			s.received("tij-1", s.units[1], s.units[1])
			s.printed("tij-1", s.units[1])
		}, "P1: printed 2 times", found{Twice: 1}},
		{"received twice", func(s *shift) { s.received("tij-1", s.units[3], s.units[3]) }, "P1: received by a printer 2 times: 0104780012345677", found{}},
		{"received twice and printed once", func(s *shift) { s.received("tij-1", s.units[0], s.units[0]) }, "P1: received by a printer 2 times", found{}},
		{"received by two printers", func(s *shift) {
			s.received("tij-1", s.units[3])
			s.received("tij-2", s.units[3])
		}, "P1: received by a printer 2 times", found{}},
		{"received out of stock", func(s *shift) { s.received("tij-1", s.units[5]) }, "P1: in stock, but a printer has received it: 0104780012345677", found{}},
		{"received and printed out of stock", func(s *shift) {
			s.received("tij-1", s.units[5])
			s.printed("tij-1", s.units[5])
		}, "P1: in stock, but printed already", found{}},
		{"received and nowhere", func(s *shift) { s.received("tij-1", codesOf(unitGTIN, 99, 1)...) }, "P1: received by a printer, but not in the ledger: 0104780012345677", found{}},
		{"received, printed and nowhere", func(s *shift) {
			s.received("tij-1", codesOf(unitGTIN, 99, 1)...)
			s.printed("tij-1", codesOf(unitGTIN, 99, 1)...)
		}, "P8: printed, but not in the ledger", found{Unknown: 1}},
		{"a label that bears no marking code", func(s *shift) {
			s.log("printer-tij-1", fields{"event": "received", "code": "3030", "symbols": []fields{{"kind": "code128"}}})
			s.log("printer-tij-1", fields{"event": "printed", "code": "3030"})
		}, "", found{}},
		{"a label was skipped", func(s *shift) {
			must(s.Claim(s.ctx, "3/mark", s.unitLot, 1))
			s.printed("tij-1", s.units[4])
		}, "", found{}},
		{"out of the order of claims", func(s *shift) {
			must(s.Claim(s.ctx, "3/mark", s.unitLot, 1))
			s.printed("tij-1", s.units[4], s.units[3])
		}, "P3: tij-1 printed a code out of the order of claims: 0104780012345677", found{}},
		{"two out of the order of claims", func(s *shift) {
			must(s.Claim(s.ctx, "3/mark", s.unitLot, 2))
			s.printed("tij-1", s.units[5], s.units[3], s.units[4])
		}, "P3: tij-1 printed a code out of the order of claims: 010478001234567721s930000000004\nP3: tij-1 printed a code out of the order of claims: 010478001234567721s930000000005", found{}},
		{"two printers are not in step", func(s *shift) {
			must(s.Claim(s.ctx, "3/mark", s.unitLot, 1))
			s.printed("tij-1", s.units[4])
			s.printed("tij-2", s.units[3])
		}, "", found{}},
	})
}
