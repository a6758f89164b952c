package modbus

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/drivers/link/option"
)

var schemes = []string{"tcp", "rtu", "rtu+tcp"}

// wire is what an address says: where the link finds the PLC, and what a frame looks like there.
type wire struct {
	address string        // as the link takes it: tcp:// or serial://
	rtu     bool          // address and checksum around a request, no transaction number
	char    time.Duration // what a character takes on the serial line; 0: unknown, the line is behind a network
}

// wireOf reads an address. Where a serial line's settings are left out they are those of the
// Modbus specification: parity even, one stop bit, and two where there is no parity
// (Modbus over Serial Line V1.02, 2.5.1).
func wireOf(address string) wire {
	scheme, rest, _ := strings.Cut(address, "://")
	switch scheme {
	case "rtu+tcp":
		return wire{address: "tcp://" + rest, rtu: true}
	case "rtu":
		port, query, _ := strings.Cut(rest, "?")
		line, err := url.ParseQuery(query)
		if err != nil {
			return wire{address: "serial://" + rest, rtu: true} // the link says what is wrong with it
		}
		if !line.Has("parity") {
			line.Set("parity", "even")
		}
		if line.Get("parity") == "none" && !line.Has("stop") {
			line.Set("stop", "2")
		}
		w := wire{address: "serial://" + port + "?" + line.Encode(), rtu: true}
		if baud, err := strconv.Atoi(line.Get("baud")); err == nil && baud > 0 {
			w.char = 11 * time.Second / time.Duration(baud) // start, eight, parity and stop, or two stop
		}
		return w
	}
	return wire{address: address}
}

// silence is what separates two frames: 3.5 characters, and 1.75 ms on lines above 19200 baud
// (Modbus over Serial Line V1.02, 2.5.1.1).
func (w wire) silence() time.Duration { return max(w.char*7/2, 1750*time.Microsecond) }

// checkAddress notes what is wrong with the address, in the words of this driver's schemes.
func checkAddress(k *option.Keys, s drivers.Settings, w wire) {
	if s.Dial != nil {
		return
	}
	scheme, _, found := strings.Cut(s.Address, "://")
	if !found {
		k.Fail("address", "there is no scheme", "write tcp://host:port, rtu://PORT?baud=N or rtu+tcp://host:port")
		return
	}
	if !slices.Contains(schemes, scheme) {
		k.Fail("address", scheme+":// is not served by this driver", "served: tcp://, rtu:// and rtu+tcp://")
		return
	}
	if bad, ok := errors.AsType[*link.AddressError](link.Check(w.address)); ok {
		words := strings.NewReplacer("serial://", "rtu://")
		if scheme == "rtu+tcp" {
			words = strings.NewReplacer("tcp://", "rtu+tcp://")
		}
		k.Fail("address", words.Replace(bad.Problem), words.Replace(bad.Hint))
	}
}
