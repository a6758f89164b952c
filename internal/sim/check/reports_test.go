package check

import (
	"testing"

	"linemark/internal/code"
)

// What the national system was told.
func TestJudgeFinds_reports(t *testing.T) {
	judged(t, []spoilt{
		{"reported as read, only printed", func(s *shift) {
			s.report(fields{"sourceReportId": "x", "usageType": "VERIFIED", "codes": texts(s.units[2:3])})
		}, "P3: reported as VERIFIED, but printed 1 times and never read", found{NoEvidence: 1}},
		{"reported as printed, and was", func(s *shift) {
			s.report(fields{"sourceReportId": "x", "usageType": "PRINTED", "codes": texts(s.units[2:3])})
		}, "", found{}},
		{"reported as printed, and was not", func(s *shift) {
			s.report(fields{"sourceReportId": "x", "usageType": "PRINTED", "codes": texts(s.units[3:4])})
		}, "P3: reported as PRINTED, but printed 0 times and never read", found{NoEvidence: 1}},
		{"reported in two reports", func(s *shift) {
			s.report(fields{"sourceReportId": "x", "usageType": "VERIFIED", "codes": texts(s.units[:1])})
		}, "P5: reported twice (", found{}},
		{"reported in two reports without an id", func(s *shift) {
			s.report(fields{"usageType": "PRINTED", "codes": texts(s.units[2:3])})
			s.report(fields{"usageType": "PRINTED", "codes": texts(s.units[2:3])})
		}, "P5: reported twice (number 4 of the log, number 5 of the log)", found{}},
		{"reported twice in one report", func(s *shift) {
			s.report(fields{"sourceReportId": "x", "usageType": "PRINTED", "codes": []string{string(s.units[2]), string(s.units[2])}})
		}, "P5: reported twice (x, x)", found{}},
		{"a report sent again after its answer was lost", func(s *shift) {
			s.report(fields{"sourceReportId": s.source, "usageType": "VERIFIED", "codes": texts(s.units[:2]), "status": "REJECTED"})
		}, "", found{}},
		{"reported and never issued", func(s *shift) {
			c := codesOf(unitGTIN, 99, 1)
			s.read("cam-1", c...)
			s.report(fields{"sourceReportId": "x", "usageType": "VERIFIED", "codes": texts(c)})
		}, "P8: reported but never issued", found{Unknown: 1}},
		{"packed and never read", func(s *shift) {
			s.report(fields{"units": []fields{{"unitSerialNumber": "003012345670000021", "sntins": []string{string(s.units[2][:31])}}}})
		}, "P3: reported as a container, but never printed nor read: 003012345670000021", found{NoEvidence: 2}},
		{"packed, and only printed", func(s *shift) {
			sscc := must(code.SSCC("0301234567", 2))
			s.report(fields{"units": []fields{{"unitSerialNumber": string(sscc), "sntins": []string{string(s.units[2][:31])}}}})
		}, "P3: reported in container … but never read: 0104780012345677", found{NoEvidence: 1}},
		{"a container of a container that nobody reported", func(s *shift) {
			sscc := must(code.SSCC("0301234567", 2))
			s.report(fields{"units": []fields{{"unitSerialNumber": string(sscc), "sntins": []string{"01" + groupGTIN + "21s930000000009"}}}})
		}, "P3: reported in container … but never read: 0114780012345674", found{NoEvidence: 1}},
		{"sent in the ledger, and never taken", func(s *shift) {
			s.tamper("UPDATE report SET uuid = 'lost' WHERE uuid = ?", s.source)
		}, "P5: report lost is sent in the ledger, but the national system has not taken it", found{}},
		{"sent in the ledger, and rejected", func(s *shift) {
			s.tamper("UPDATE report SET uuid = 'denied' WHERE uuid = ?", s.source)
			s.report(fields{"sourceReportId": "denied", "status": "REJECTED"})
		}, "P5: report denied is sent in the ledger, but the national system has not taken it", found{}},
		{"a breach of the document", func(s *shift) {
			s.log("izkm", fields{"breaches": []string{"unknown field x"}})
		}, "document: the national system saw a breach of its document: unknown field x", found{}},
		{"taken, and not in the ledger", func(s *shift) {
			s.report(fields{"kind": "utilisation", "sourceReportId": "x", "usageType": "PRINTED", "codes": texts(s.units[2:3])})
		}, "P5: the national system has report x, which the ledger does not have", found{}},
		{"turned down, and not in the ledger, twice", func(s *shift) {
			s.report(fields{"kind": "utilisation", "sourceReportId": "x", "usageType": "PRINTED", "codes": texts(s.units[2:3]), "status": "REJECTED"})
			s.report(fields{"kind": "utilisation", "sourceReportId": "x", "usageType": "PRINTED", "codes": texts(s.units[2:3]), "status": "REJECTED"})
		}, "P5: the national system has report x, which the ledger does not have", found{}},
		{"a repeat with another body", func(s *shift) {
			s.log("izkm", fields{"breaches": []string{"sourceReportId " + s.source + " comes again with another body"}})
		}, "P5: the national system saw a breach of its document: sourceReportId", found{}},
	})
}
