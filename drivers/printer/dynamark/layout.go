package dynamark

import (
	"fmt"

	"linemark/drivers"
	"linemark/drivers/printer/job"
)

// medium is what a text of a Dynamark project can carry.
var medium = job.Medium{Protocol: "Dynamark text", Device: "laser", Job: "project", Value: "text", ASCII: true,
	Reserved: []job.Reserved{{Characters: `"`, Which: "which ends a text of the protocol"}}}

// texts returns the commands that give a label's values to the project.
func texts(l *job.Layout, v drivers.Label) ([]string, error) {
	values, err := l.Values(v)
	if err != nil {
		return nil, err
	}
	all := make([]string, len(values))
	for i, value := range values {
		all[i] = fmt.Sprintf(`SETTEXT "%s" "%s"`, value.Field, value.Text)
	}
	return all, nil
}
