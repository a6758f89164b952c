package zpltest

import (
	"bytes"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

const (
	// drives are the letters of the printer's memories, in the order in which ^XF searches them: RAM, which
	// forgets, on-board flash, and two memory cards.
	drives = "REBA"
	// driveSize is how many bytes of stored formats a drive takes.
	driveSize = 1 << 20
	maxName   = 16 // letters of an object's name; printers before V60.13 take eight
)

// object is a stored format.
type object struct {
	text []byte // what ^XF puts in its place
	zpl  []byte // the format that stored it, ^XA to ^XZ
}

// Stored returns the format, ^XA to ^XZ, that stored what is now known as the name, such as "R:LABEL.ZPL".
// The bytes are shared: they must not be changed.
func (p *Printer) Stored(name string) ([]byte, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o, ok := p.stored[strings.ToUpper(name)]
	return o.zpl, ok
}

// objectName reads the d:o.x of a command: the drive, "" where none is named, and the name with its
// extension. A stored format is always .ZPL, whatever is written; other commands have another default.
func objectName(param []byte, absent, extension string) (drive, name string) {
	text := strings.ToUpper(strings.TrimSpace(string(param)))
	if i := strings.IndexByte(text, ':'); i >= 0 {
		drive, text = text[:i], text[i+1:]
	}
	name, written, found := strings.Cut(text, ".")
	if name == "" {
		name = absent
	}
	if found && written != "" && extension != "ZPL" {
		extension = written
	}
	return drive, name[:min(len(name), maxName)] + "." + extension
}

// isDrive tells whether there is such a memory.
func isDrive(letter string) bool { return len(letter) == 1 && strings.Contains(drives, letter) }

// store keeps a format (^DF). It takes the place of one of the same name. One that names no drive goes into
// RAM; one that finds no memory is not kept, and the one that it should have replaced stays.
func (p *Printer) store(epoch int, param []byte, o object) {
	drive, name := objectName(param, "UNKNOWN", "ZPL")
	if drive == "" {
		drive = "R"
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over || epoch != p.epoch || !isDrive(drive) {
		return
	}
	name = drive + ":" + name
	if len(o.text)-len(p.stored[name].text) > p.free(drive) {
		p.log(event{Event: "no memory", Format: name})
		return
	}
	p.stored[name] = o
	p.log(event{Event: "stored", Format: name})
}

// free returns how many bytes a drive still takes. The caller holds the lock.
func (p *Printer) free(drive string) int {
	n := driveSize
	for name, o := range p.stored {
		if name[:1] == drive {
			n -= len(o.text)
		}
	}
	return n
}

// recall finds a format (^XF).
func (p *Printer) recall(param []byte) (text []byte, ok bool) {
	drive, name := objectName(param, "UNKNOWN", "ZPL")
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range drives {
		if drive != "" && drive != string(d) {
			continue
		}
		if o, ok := p.stored[string(d)+":"+name]; ok {
			return o.text, true
		}
	}
	p.log(event{Event: "unknown", Format: strings.TrimPrefix(drive+":"+name, ":")})
	return nil, false
}

// remove deletes formats (^ID); * and ? stand for any letters and any letter. Nothing else is stored here, so
// other objects are never found.
func (p *Printer) remove(power int, param []byte) {
	drive, name := objectName(param, "UNKNOWN", "GRF")
	if drive == "" {
		drive = "R"
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if power != p.power {
		return
	}
	for _, n := range p.names(drive, name) {
		delete(p.stored, n)
		p.log(event{Event: "deleted", Format: n})
	}
}

// names returns the stored formats of a drive that a pattern means, in order. The caller holds the lock.
func (p *Printer) names(drive, pattern string) (all []string) {
	for _, n := range slices.Sorted(maps.Keys(p.stored)) {
		if ok, err := path.Match(pattern, n[2:]); err == nil && ok && n[:1] == drive {
			all = append(all, n)
		}
	}
	return all
}

// directory answers ^HW, in the form that a ZD230 (V89.21.46Z) writes. Where nothing is printed any more
// formats are not worked off either, so there is no answer.
func (p *Printer) directory(param []byte) string {
	drive, pattern := objectName(param, "*", "*")
	if drive == "" {
		drive = "R"
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fault.interrupts() || !isDrive(drive) {
		return ""
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "\x02\r\n- DIR %s:%s \r\n", drive, pattern)
	for _, n := range p.names(drive, pattern) {
		fmt.Fprintf(&b, "* %s %9d          \r\n", n, len(p.stored[n].text))
	}
	memory := map[string]string{"R": "RAM", "E": "ONBOARD FLASH", "B": "MEMORY CARD", "A": "MEMORY CARD"}[drive]
	fmt.Fprintf(&b, "\r\n- %9d bytes free %s: %s \r\n\x03", p.free(drive), drive, memory)
	return b.String()
}
