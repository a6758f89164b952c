package sim

import (
	"fmt"
	"io"

	"linemark/drivers/scanner/dataman/datamantest"
	"linemark/drivers/scanner/keyence/keyencetest"
	"linemark/drivers/scanner/text/texttest"
	"linemark/internal/config"
)

// camera is a code reader of the plant, whatever it speaks.
type camera interface {
	emulator
	// Read reads a code; it is false if nobody was told.
	Read(code []byte) bool
	// NoRead sees a product and no code.
	NoRead() bool
}

// keyence and dataman read one code at a time here.
type keyence struct{ *keyencetest.Reader }

func (k keyence) Read(code []byte) bool { return k.Reader.Read(code) }

type dataman struct{ *datamantest.Reader }

func (d dataman) Read(code []byte) bool { return d.Reader.Read(code) }

// newCamera makes the reader of a plant that a configuration names, set up as it says that the real one is.
func newCamera(d config.Device, log io.Writer) (camera, error) {
	switch d.Driver {
	case "text":
		return texttest.New(texttest.Options{Log: log, Terminator: option(d, "terminator"), NoRead: option(d, "no_read")}), nil
	case "keyence":
		return keyence{keyencetest.New(keyencetest.Options{Log: log, NoRead: option(d, "no_read"), Wordless: option(d, "answers") == "none",
			Boxed: option(d, "framing") == "stx-etx", Joint: option(d, "separator")})}, nil
	case "dataman":
		extended := "1"
		if option(d, "responses") == "extended-2" {
			extended = "2"
		}
		return dataman{datamantest.New(datamantest.Options{Log: log, NoRead: option(d, "no_read"), Plain: option(d, "encoding") == "plain",
			Formatted: option(d, "terminator"), Joint: option(d, "separator"), Extended: extended})}, nil
	}
	return nil, fmt.Errorf("the simulated plant has no emulator for driver %q", d.Driver)
}
