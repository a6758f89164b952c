package drivertest

import (
	"fmt"
	"strings"
)

// set82 is GS1 character set 82: what serial numbers and check parts consist of (GS1 General
// Specifications, figure 7.11-1).
const set82 = `!"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz`

const gtin = "04601234567893"

// shape is the structure of a product group's codes. Serials and check parts are filled up
// from set 82.
type shape struct {
	name string
	ais  bool // with identifiers and GS
	ser  int
	tail []element
}

type element struct {
	ai     string
	length int
}

// shapes are those of all product groups, see the formats that the national operator publishes.
var shapes = []shape{
	{"water", true, 13, []element{{"93", 4}}},
	{"alcohol and beer", true, 7, []element{{"93", 4}}},
	{"pharma", true, 13, []element{{"91", 4}, {"92", 44}}},
	{"appliances", true, 20, []element{{"91", 4}, {"92", 44}}},
	{"tobacco, group", true, 7, []element{{"8005", 6}, {"93", 4}}},
	{"tobacco, pack", false, 7, []element{{"", 8}}},
}

// code returns a code of the shape. No two n give the same, and any twelve in a row hold
// between them every character of the set.
func (s shape) code(n int) []byte {
	alphabet := n * 7
	fill := func(length int) string {
		var b strings.Builder
		for range length {
			b.WriteByte(set82[alphabet%len(set82)])
			alphabet++
		}
		return b.String()
	}
	number := fmt.Sprintf("%04d", n)
	if !s.ais {
		return []byte(gtin + number + fill(s.ser-len(number)) + fill(s.tail[0].length))
	}
	text := "01" + gtin + "21" + number + fill(s.ser-len(number))
	for _, e := range s.tail {
		text += "\x1d" + e.ai + fill(e.length)
	}
	return []byte(text)
}

// plain is a code that every protocol carries: digits and letters, without GS.
func plain(n int) []byte { return fmt.Appendf(nil, "%s%04dABCdef01xyz", gtin, n) }

// around returns a code with the byte in its midst.
func around(b byte) []byte {
	code := fmt.Appendf(nil, "01%s21X%02X", gtin, b)
	return append(code, b, 'Y')
}
