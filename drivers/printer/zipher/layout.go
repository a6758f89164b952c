package zipher

import (
	"strings"

	"linemark/drivers"
	"linemark/drivers/printer/job"
)

// medium is what a field of a Zipher job can carry.
var medium = job.Medium{Protocol: "Zipher field", Device: "printer", Job: "job", Value: "field",
	Reserved: []job.Reserved{{Characters: "|", Which: "which ends a field of the protocol"}}}

// header names the fields in the order of a record's values.
func header(l *job.Layout) string {
	return "SHO|" + strings.Join(l.Fields(), "|") + "|"
}

// record returns a label's values, each ended as the protocol wants it.
func record(l *job.Layout, v drivers.Label) (string, error) {
	values, err := l.Values(v)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, value := range values {
		b.WriteString(value.Text + "|")
	}
	return b.String(), nil
}
