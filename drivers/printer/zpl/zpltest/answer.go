package zpltest

import (
	"fmt"
	"strconv"
	"strings"
)

// identification is the answer to ~HI: model, firmware, dots per millimetre, memory.
const identification = "\x02ZPLTEST-203dpi,V84.20.18Z,8,65536KB\x03\r\n"

// odometerName is the one variable that the printer knows.
const odometerName = "odometer.total_label_count"

// hostStatus answers ~HS; "" is silence. With the head open or a supply out a Zebra does not answer.
func (p *Printer) hostStatus() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fault.interrupts() {
		return ""
	}
	// The oldest format is the batch being printed, the others are still in the receive buffer.
	_, labels := p.buffer.Next()
	formats := min(max(0, p.buffer.Jobs()-1), 999)
	mode, waiting := 2, 0 // tear off
	if p.opt.Trigger {
		mode = 4 // applicator
		waiting = min(labels, 1)
	}
	return fmt.Sprintf("\x02030,0,%d,0400,%03d,0,0,%d,000,0,0,0\x03\r\n", flag(p.fault == Pause), formats, flag(p.partial > 0)) +
		fmt.Sprintf("\x02000,0,0,0,1,%d,6,%d,%08d,1,000\x03\r\n", mode, waiting, labels) +
		"\x020000,0\x03\r\n"
}

// errorStatus answers ~HQES.
func (p *Printer) errorStatus() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var bits uint32
	switch p.fault {
	case MediaOut:
		bits = 1
	case RibbonOut:
		bits = 2
	case HeadOpen:
		bits = 4
	case Pause:
		bits = 1 << 16
	}
	return fmt.Sprintf("\x02\r\n\r\n  PRINTER STATUS\r\n   ERRORS:         %d 00000000 %08X\r\n"+
		"   WARNINGS:       0 00000000 00000000\r\n\x03", flag(bits != 0), bits)
}

// variable answers an SGD line. Only getvar is answered: a name it does not know with "?".
func (p *Printer) variable(line string) string {
	if len(line) < len(lineStart) {
		return ""
	}
	verb, rest, _ := strings.Cut(strings.TrimSpace(line[len(lineStart):]), " ")
	if !strings.EqualFold(verb, "getvar") {
		return ""
	}
	value := "?"
	if strings.Trim(strings.TrimSpace(rest), `"`) == odometerName {
		value = strconv.Itoa(p.Odometer())
	}
	if p.opt.SGDNewline {
		return `"` + value + "\"\r\n"
	}
	return `"` + value + `"`
}

// setReprint is ^JZ.
func (p *Printer) setReprint(power int, a byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if power == p.power && (a == 'Y' || a == 'N') {
		p.reprint = a == 'Y'
	}
}

func flag(set bool) int {
	if set {
		return 1
	}
	return 0
}
