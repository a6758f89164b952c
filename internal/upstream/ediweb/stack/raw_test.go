package stack

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
)

// raw is an entry written by hand, so that it can lie. A nil field is the truth.
type raw struct {
	name    string
	data    []byte
	method  uint16 // 0 stored, 8 deflated; others are stored under that number
	flags   uint16
	creator uint16 // 3: Unix
	attrs   uint32
	extra   []byte
	crc     *uint32
	size    *uint32 // unpacked, in the directory
	packed  *uint32
	offset  *uint32 // of the local header, in the directory
}

func ptr(n uint32) *uint32 { return &n }

func or(p *uint32, n int) uint32 {
	if p != nil {
		return *p
	}
	return uint32(n)
}

// build writes an archive; count, if not nil, is the number of entries that its end declares.
func build(count *uint32, entries ...raw) []byte {
	var out, dir bytes.Buffer
	le := binary.LittleEndian
	for _, e := range entries {
		body := e.data
		if e.method == 8 {
			var packed bytes.Buffer
			w, _ := flate.NewWriter(&packed, flate.BestCompression)
			w.Write(e.data)
			w.Close()
			body = packed.Bytes()
		}
		sum := or(e.crc, int(crc32.ChecksumIEEE(e.data)))
		start := out.Len()
		local := []byte("PK\x03\x04")
		local = le.AppendUint16(local, 20)
		local = le.AppendUint16(local, e.flags)
		local = le.AppendUint16(local, e.method)
		local = le.AppendUint32(local, 0x56a30000)
		local = le.AppendUint32(local, sum)
		local = le.AppendUint32(local, uint32(len(body)))
		local = le.AppendUint32(local, uint32(len(e.data)))
		local = le.AppendUint16(local, uint16(len(e.name)))
		local = le.AppendUint16(local, 0)
		out.Write(local)
		out.WriteString(e.name)
		out.Write(body)

		d := []byte("PK\x01\x02")
		d = le.AppendUint16(d, e.creator<<8|20)
		d = le.AppendUint16(d, 20)
		d = le.AppendUint16(d, e.flags)
		d = le.AppendUint16(d, e.method)
		d = le.AppendUint32(d, 0x56a30000)
		d = le.AppendUint32(d, sum)
		d = le.AppendUint32(d, or(e.packed, len(body)))
		d = le.AppendUint32(d, or(e.size, len(e.data)))
		d = le.AppendUint16(d, uint16(len(e.name)))
		d = le.AppendUint16(d, uint16(len(e.extra)))
		d = append(d, make([]byte, 6)...) // comment, disk, internal attributes
		d = le.AppendUint32(d, e.attrs)
		d = le.AppendUint32(d, or(e.offset, start))
		dir.Write(d)
		dir.WriteString(e.name)
		dir.Write(e.extra)
	}
	end := []byte("PK\x05\x06\x00\x00\x00\x00")
	n := uint16(or(count, len(entries)))
	end = le.AppendUint16(le.AppendUint16(end, n), n)
	end = le.AppendUint32(end, uint32(dir.Len()))
	end = le.AppendUint32(end, uint32(out.Len()))
	end = append(end, 0, 0)
	out.Write(dir.Bytes())
	out.Write(end)
	return out.Bytes()
}

// inner is an honest archive of one document.
func inner(id string) []byte {
	return build(nil, raw{name: "qr.png", data: []byte("\x89PNG\r\n\x1a\n" + id)})
}
