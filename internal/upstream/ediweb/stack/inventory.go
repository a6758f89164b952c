package stack

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// An inventory of 100 documents has some dozens of kilobytes.
const (
	inventoryBytes  = 4 << 20
	inventoryDepth  = 64
	inventoryValues = 200_000 // elements and attributes
)

// Node is an element of an inventory. Its structure is not described, so names have no meaning
// here: what counts is which values stand together.
type Node struct {
	Values []string // the attributes, then the text, without blanks around them
	Nodes  []*Node
}

// IsInventory tells the inventory by its name, in whatever folder and capitals.
func IsInventory(name string) bool {
	return strings.EqualFold(path.Base(strings.ReplaceAll(name, `\`, "/")), "Inventory.xml")
}

// ReadInventory reads an inventory into one node above its elements. It refuses document types,
// and with them entities of their own, and any character that it could not hand on as it is.
func ReadInventory(raw []byte) (*Node, error) {
	if len(raw) > inventoryBytes {
		return nil, fmt.Errorf("more than %d bytes: %w", inventoryBytes, ErrLimit)
	}
	raw, err := withoutMark(raw)
	if err != nil {
		return nil, err
	}
	d := xml.NewDecoder(bytes.NewReader(raw))
	d.CharsetReader = charset
	type open struct {
		*Node
		text strings.Builder
	}
	top := &Node{}
	path := []*open{{Node: top}}
	values := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		here := path[len(path)-1]
		switch t := token.(type) {
		case xml.Directive:
			return nil, errors.New("it holds a document type or another directive")
		case xml.StartElement:
			if values += 1 + len(t.Attr); values > inventoryValues {
				return nil, fmt.Errorf("more than %d elements and attributes: %w", inventoryValues, ErrLimit)
			}
			if len(path) > inventoryDepth {
				return nil, fmt.Errorf("elements within more than %d others: %w", inventoryDepth, ErrLimit)
			}
			child := &Node{}
			for _, a := range t.Attr {
				child.add(a.Value)
			}
			here.Nodes = append(here.Nodes, child)
			path = append(path, &open{Node: child})
		case xml.CharData:
			here.text.Write(t)
		case xml.EndElement:
			here.add(here.text.String())
			path = path[:len(path)-1]
		}
	}
	if len(top.Nodes) == 0 {
		return nil, errors.New("it holds no element")
	}
	return top, nil
}

func (n *Node) add(value string) {
	if value = strings.Trim(value, " \t\r\n"); value != "" {
		n.Values = append(n.Values, value)
	}
}

// withoutMark takes a byte order mark away and turns UTF-16 into UTF-8.
func withoutMark(raw []byte) ([]byte, error) {
	if rest, ok := bytes.CutPrefix(raw, []byte("\xef\xbb\xbf")); ok {
		return rest, nil
	}
	var order unicode.Endianness
	switch {
	case bytes.HasPrefix(raw, []byte("\xff\xfe")):
		order = unicode.LittleEndian
	case bytes.HasPrefix(raw, []byte("\xfe\xff")):
		order = unicode.BigEndian
	default:
		return raw, nil
	}
	if len(raw)%2 != 0 {
		return nil, errors.New("UTF-16 of half a character")
	}
	text, err := unicode.UTF16(order, unicode.IgnoreBOM).NewDecoder().Bytes(raw[2:])
	if err != nil {
		return nil, fmt.Errorf("reading UTF-16: %w", err)
	}
	if bytes.ContainsRune(text, utf8.RuneError) { // what cannot be read becomes this
		return nil, errors.New("UTF-16 with characters that do not exist")
	}
	return text, nil
}

// charset reads the encodings in which an XML of this part of the world may declare itself.
func charset(label string, r io.Reader) (io.Reader, error) {
	var table *charmap.Charmap
	switch strings.ToLower(label) {
	case "utf8", "us-ascii", "ascii", "utf-16", "utf-16le", "utf-16be": // UTF-16 is turned into UTF-8 before
		return r, nil
	case "windows-1251", "cp1251", "win-1251", "x-cp1251":
		table = charmap.Windows1251
	case "ibm866", "cp866", "866":
		table = charmap.CodePage866
	case "koi8-r":
		table = charmap.KOI8R
	case "iso-8859-5":
		table = charmap.ISO8859_5
	case "iso-8859-1", "latin1":
		table = charmap.ISO8859_1
	case "windows-1252":
		table = charmap.Windows1252
	default:
		return nil, fmt.Errorf("its encoding %q is not read", label)
	}
	return &strict{r: r, table: table}, nil
}

// strict decodes byte by byte and fails at one that the table does not have, where the decoder
// of the table would put another character in its place.
type strict struct {
	r     io.Reader
	table *charmap.Charmap
	ready []byte
}

func (s *strict) Read(p []byte) (int, error) {
	if len(s.ready) == 0 {
		packed := make([]byte, 4096)
		n, err := s.r.Read(packed)
		for _, b := range packed[:n] {
			r := s.table.DecodeByte(b)
			if r == utf8.RuneError {
				return 0, fmt.Errorf("byte %#02x does not exist in %s", b, s.table)
			}
			s.ready = utf8.AppendRune(s.ready, r)
		}
		if n == 0 {
			return 0, err
		}
	}
	n := copy(p, s.ready)
	s.ready = s.ready[n:]
	return n, nil
}
