package home

import (
	"net"
	"slices"
	"strings"
)

// worthless are numbers that makers leave on many machines alike, without their dashes.
var worthless = []string{
	"03000200040005000006000700080009", "00020003000400050006000700080009", "12345678123456789012345678901234", "1234567812345678" + "90abcddeefaabbcc",
	"0123456789", "0123456789abcdef", "123456789", "1234567890", "defaultstring", "tobefilledbyo.e.m.", "systemserialnumber", "notspecified", "none",
}

// genuine returns a number in small letters, or nothing for one that tells no machine from another.
func genuine(number string) string {
	number = strings.ToLower(strings.TrimSpace(number))
	bare := strings.NewReplacer("-", "", " ", "").Replace(number)
	if len(bare) < 4 || slices.Contains(worthless, bare) || strings.Trim(bare, bare[:1]) == "" {
		return ""
	}
	return number
}

// maker returns the address of a network card if a maker gave it: one with the bit for locally
// administered ones was made up, and may be another one at the next start.
func maker(address net.HardwareAddr) string {
	if len(address) != 6 || address[0]&3 != 0 || strings.Trim(address.String(), "0:") == "" {
		return ""
	}
	return address.String()
}

// set sorts what was found and takes each once, and nothing that is empty.
func set(found []string) []string {
	found = slices.DeleteFunc(found, func(s string) bool { return s == "" })
	slices.Sort(found)
	return slices.Compact(found)
}
