package ediwebtest

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"fmt"
	"slices"
)

// Packed is one document of an answer, for its inventory.
type Packed struct {
	ID, Number, File string
}

// PNG returns the smallest thing that its first bytes call a PNG, with text after them.
func PNG(text string) []byte { return []byte("\x89PNG\r\n\x1a\n" + text) }

// pack makes the archive of an answer, with the mutex held.
func (s *Server) pack(c *Call) []byte {
	var all []Packed
	var inner [][]byte
	for _, id := range c.DocIDs {
		if slices.Contains(c.Fault.Omit, id) {
			continue
		}
		for _, b := range s.opt.Waybills {
			if b.ID != id {
				continue
			}
			p, data := s.waybill(b)
			times := 1
			if slices.Contains(c.Fault.Double, id) {
				times = 2
			}
			for range times {
				all = append(all, p)
				inner = append(inner, data)
			}
			c.Packed = append(c.Packed, id)
		}
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	if !s.opt.Inside {
		put(z, "Inventory.xml", s.opt.Inventory(all))
	}
	for i, p := range all {
		put(z, p.File, inner[i])
	}
	must(z.Close())
	return out.Bytes()
}

// waybill makes the inner archive of one document.
func (s *Server) waybill(b Waybill) (Packed, []byte) {
	at := b.Time
	if at.IsZero() {
		at = s.opt.Now()
	}
	p := Packed{ID: b.ID, Number: b.Number, File: "QR_" + b.Number + "_" + at.UTC().Format("02012006150405") + ".zip"}
	picture, file := b.Picture, b.File
	if picture == nil {
		picture = PNG(b.ID)
	}
	if file == "" {
		file = "qr.png"
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	if s.opt.Inside {
		put(z, "Inventory.xml", s.opt.Inventory([]Packed{p}))
	}
	put(z, file, picture)
	must(z.Close())
	return p, out.Bytes()
}

// put adds a file; writing to memory does not fail.
func put(z *zip.Writer, name string, data []byte) {
	w, err := z.Create(name)
	must(err)
	_, err = w.Write(data)
	must(err)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, err := z.Write(b)
	must(err)
	must(z.Close())
	return out.Bytes()
}

// ByElements writes an inventory with an element for each value.
func ByElements(all []Packed) []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header + "<Inventory>\n")
	for _, p := range all {
		fmt.Fprintf(&b, "  <Document>\n    <DocumentId>%s</DocumentId>\n    <Number>%s</Number>\n    <File>%s</File>\n  </Document>\n",
			text(p.ID), text(p.Number), text(p.File))
	}
	b.WriteString("</Inventory>\n")
	return b.Bytes()
}

// ByAttributes writes an inventory with attributes only, and of the packet only its number.
func ByAttributes(all []Packed) []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header + "<inventory>")
	for _, p := range all {
		fmt.Fprintf(&b, `<doc id="%s" num="%s"/>`, text(p.ID), text(p.Number))
	}
	b.WriteString("</inventory>")
	return b.Bytes()
}

// Unhelpful writes an inventory that says nothing of ids.
func Unhelpful([]Packed) []byte { return []byte(xml.Header + "<Inventory><Total/></Inventory>") }

func text(s string) string {
	var b bytes.Buffer
	must(xml.EscapeText(&b, []byte(s)))
	return b.String()
}
