package link

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// AddressError is an address that cannot be dialled because of its form.
type AddressError struct {
	Address string // as it was given
	Problem string // what is wrong, in one clause
	Hint    string // what to write, in one clause
}

func (e *AddressError) Error() string { return fmt.Sprintf("address %q: %s", e.Address, e.Problem) }

const (
	tcpForm    = "write tcp://host:port"
	listenForm = "write listen://:port, or listen://host:port for one address of this machine"
	serialForm = "write serial:///dev/ttyUSB0?baud=115200 or serial://COM3?baud=9600"
)

// place is a checked address: either a TCP host and port, or a serial port with all its settings.
type place struct {
	address string // as it was given
	tcp     string // host:port; empty for a serial port
	listen  bool   // the host and port are this machine's, and the device connects
	port    string // COM3, /dev/ttyUSB0
	baud    int
	parity  string // none, even, odd
	stop    int    // 1, 2
}

// Check reports whether Dial understands the address, and touches nothing. The error is
// an *AddressError.
func Check(address string) error {
	_, err := parse(address)
	return err
}

func parse(address string) (place, error) {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return place{}, &AddressError{address, "there is no scheme", tcpForm + ", or " + serialForm}
	}
	switch scheme {
	case "tcp", listenScheme:
		return parseTCP(address, scheme, rest)
	case "serial":
		return parseSerial(address, rest)
	}
	return place{}, &AddressError{address, fmt.Sprintf("unknown scheme %q", scheme), "tcp://, listen:// and serial:// are known"}
}

func parseTCP(address, scheme, rest string) (place, error) {
	listen, form := scheme == listenScheme, tcpForm
	if listen {
		form = listenForm
	}
	bad := func(problem string) (place, error) {
		return place{}, &AddressError{address, problem, form}
	}
	if _, query, found := strings.Cut(rest, "?"); found {
		key, _, _ := strings.Cut(query, "=")
		return bad(fmt.Sprintf("unknown setting %q: a TCP address has none", key))
	}
	if strings.ContainsAny(rest, "/@ ") {
		return bad("only a host and a port may follow " + scheme + "://")
	}
	host, port, err := net.SplitHostPort(rest)
	switch {
	case err != nil && strings.Contains(err.Error(), "missing port"):
		return bad("the port is missing")
	case err != nil:
		return bad("this is no host and port")
	case host == "" && !listen:
		return bad("the host is missing")
	case port == "":
		return bad("the port is missing")
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return bad(fmt.Sprintf("%q is no port number from 1 to 65535", port))
	}
	return place{address: address, tcp: rest, listen: listen}, nil
}

// flowKeys are the names under which people look for flow control.
var flowKeys = []string{"flow", "flowcontrol", "flow_control", "handshake", "rtscts", "rts", "cts", "dsrdtr", "dsr", "dtr", "xonxoff", "xon"}

func parseSerial(address, rest string) (place, error) {
	bad := func(problem, hint string) (place, error) {
		return place{}, &AddressError{address, problem, hint}
	}
	port, query, _ := strings.Cut(rest, "?")
	if port == "" {
		return bad("the port is missing", serialForm)
	}
	settings, err := url.ParseQuery(query)
	if err != nil {
		return bad("the settings after ? cannot be read", serialForm)
	}
	p := place{address: address, port: port, parity: "none", stop: 1}
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		if len(settings[key]) > 1 {
			return bad(fmt.Sprintf("%s is given twice", key), "leave one")
		}
		value := settings[key][0]
		switch key {
		case "baud":
			if p.baud, err = strconv.Atoi(value); err != nil || p.baud < 50 || p.baud > 4_000_000 {
				return bad(fmt.Sprintf("baud=%s is no speed", value), "write the device's own speed, such as baud=115200")
			}
		case "parity":
			if p.parity = value; !slices.Contains([]string{"none", "even", "odd"}, value) {
				return bad(fmt.Sprintf("parity=%s is unknown", value), "none, even and odd are known")
			}
		case "stop":
			if p.stop, err = strconv.Atoi(value); err != nil || p.stop < 1 || p.stop > 2 {
				return bad(fmt.Sprintf("stop=%s is unknown", value), "1 and 2 are known")
			}
		case "data":
			if value != "8" {
				return bad(fmt.Sprintf("data=%s is not served", value), "set the device to 8 data bits")
			}
		default:
			if slices.Contains(flowKeys, strings.ToLower(key)) {
				return bad(fmt.Sprintf("%s asks for flow control, which the serial driver cannot do", key),
					"switch flow control off in the device, or connect it by network")
			}
			return bad(fmt.Sprintf("unknown setting %q", key), "baud, parity, stop and data are known")
		}
	}
	if p.baud == 0 {
		return bad("the speed is missing", "add the device's own speed, such as ?baud=115200")
	}
	return p, nil
}
