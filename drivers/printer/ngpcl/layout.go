package ngpcl

import (
	"errors"
	"strings"

	"linemark/drivers/printer/job"
)

// medium is what a field of an NGPCL job can carry.
var medium = job.Medium{Protocol: "NGPCL field", Device: "printer", Job: "job", Value: "field", ASCII: true, Filled: true,
	Reserved: []job.Reserved{{Characters: "|{}~", Which: "which is part of the printer's commands"}}, Check: edges}

// edges refuses a value that could not be read back as it is.
func edges(value string) error {
	if strings.Trim(value, " ") != value {
		return errors.New("it begins or ends with a space, which printers of this language add by themselves")
	}
	return nil
}

// filled returns one text for each of the fields.
func filled(fields []string, text string) (values []job.Value) {
	for _, f := range fields {
		values = append(values, job.Value{Field: f, Text: text})
	}
	return values
}
