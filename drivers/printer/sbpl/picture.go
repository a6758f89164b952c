package sbpl

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"

	"linemark/drivers"
	"linemark/drivers/printer/template"
)

const pictureHint = "write <ESC>GH{picture:40} behind its <ESC>V and <ESC>H: the driver completes it"

// picture takes the command with the picture.
func (c *compiler) picture(command string, p template.Part) {
	if command != fmt.Sprintf("GH{picture:%s}", p.Format) {
		c.fail(pictureHint, "{picture:%s} is not the whole of a <ESC>GH", p.Format)
	}
	// The CL4NX/CL6NX Programming Reference has <ESC>G among the commands that <ESC>L makes larger.
	if c.larger != "" && c.larger != "L0101" {
		c.fail("write <ESC>L0101 before the picture", "<ESC>%s is in force, and makes the picture larger too", c.larger)
	}
	if c.label.picture.Width > 0 {
		c.fail("leave the second out", "there is more than one {picture}")
	}
	c.label.picture.Width = template.Millimetres(p)
}

// draw appends the picture as <ESC>GHbbbccc: bbb bytes across, ccc times eight rows down, every byte as two
// hexadecimal digits (programming references). Binary data could hold an <ENQ> or the end of the job.
func draw(job []byte, dots *drivers.Picture) []byte {
	across, down := len(dots.Black)/dots.Height, (dots.Height+7)/8
	job = fmt.Appendf(job, "GH%03d%03d", across, down)
	job = append(job, bytes.ToUpper(hex.AppendEncode(nil, dots.Black))...)
	return append(job, strings.Repeat("00", across*(8*down-dots.Height))...)
}

// isDigits reports whether s is n decimal digits.
func isDigits(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789") == ""
}
