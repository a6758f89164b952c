package link

import (
	"errors"
	"strings"
	"testing"
)

func TestCheckAccepts(t *testing.T) {
	for _, address := range []string{
		"tcp://127.0.0.1:9100",
		"tcp://[::1]:9100",
		"tcp://printer-3.plant.local:9100",
		"listen://:9004",
		"listen://0.0.0.0:9004",
		"listen://[::1]:9004",
		"serial:///dev/ttyUSB0?baud=115200",
		"serial://COM3?baud=9600&parity=even&stop=2&data=8",
		`serial://\\.\COM12?baud=9600`,
	} {
		if err := Check(address); err != nil {
			t.Errorf("Check(%q) = %v", address, err)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	for address, want := range map[string]string{
		"":                                     "no scheme",
		"127.0.0.1:9100":                       "no scheme",
		"udp://127.0.0.1:9100":                 `unknown scheme "udp"`,
		"rtu:///dev/ttyS1?baud=19200":          `unknown scheme "rtu"`,
		"tcp://127.0.0.1":                      "port is missing",
		"tcp://127.0.0.1:":                     "port is missing",
		"tcp://:9100":                          "host is missing",
		"tcp://127.0.0.1:0":                    "no port number",
		"tcp://127.0.0.1:65536":                "no port number",
		"tcp://127.0.0.1:http":                 "no port number",
		"tcp://127.0.0.1:9100/x":               "only a host and a port",
		"tcp://127.0.0.1:9100?timeout=3s":      `unknown setting "timeout"`,
		"listen://0.0.0.0":                     "port is missing",
		"listen://:0":                          "no port number",
		"listen://:9004/x":                     "may follow listen://",
		"listen://:9004?allow=10.0.0.5":        `unknown setting "allow"`,
		"tcp://a:b:c":                          "no host and port",
		"serial://?baud=9600":                  "port is missing",
		"serial://COM3":                        "speed is missing",
		"serial://COM3?baud=fast":              "no speed",
		"serial://COM3?baud=9600&parity=mark":  "parity=mark",
		"serial://COM3?baud=9600&stop=1.5":     "stop=1.5",
		"serial://COM3?baud=9600&data=7":       "data=7",
		"serial://COM3?baud=9600&flow=rtscts":  "flow control",
		"serial://COM3?baud=9600&XonXoff=on":   "flow control",
		"serial://COM3?baud=9600&speed=9600":   `unknown setting "speed"`,
		"serial://COM3?baud=9600&baud=19200":   "given twice",
		"serial://COM3?baud=9600&parity=%zzzz": "cannot be read",
	} {
		err := Check(address)
		bad, ok := errors.AsType[*AddressError](err)
		if !ok {
			t.Errorf("Check(%q) = %v, want an *AddressError", address, err)
			continue
		}
		if !strings.Contains(bad.Problem, want) || bad.Hint == "" {
			t.Errorf("Check(%q): problem %q, hint %q; want %q and a hint", address, bad.Problem, bad.Hint, want)
		}
		if !strings.Contains(err.Error(), address) {
			t.Errorf("Check(%q) = %q does not name the address", address, err)
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("tcp://127.0.0.1:9100")
	f.Add("serial:///dev/ttyUSB0?baud=115200&parity=none&stop=1&data=8")
	f.Add("listen://:9004")
	f.Add("serial://?&=&%")
	f.Fuzz(func(t *testing.T, address string) {
		p, err := parse(address)
		if err == nil && (p.tcp == "") == (p.port == "") {
			t.Errorf("parse(%q) = %+v: neither or both of TCP and serial", address, p)
		}
		if err == nil && p.listen != Listens(address) {
			t.Errorf("parse(%q) = %+v", address, p)
		}
		if err == nil && p.port != "" && (p.baud == 0 || p.stop == 0 || p.parity == "") {
			t.Errorf("parse(%q) = %+v: a setting is left open", address, p)
		}
	})
}
