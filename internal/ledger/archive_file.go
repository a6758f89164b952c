package ledger

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"linemark/internal/code"
)

// An archive is lines of JSON, one record each, packed in pieces that can be unpacked by themselves
// (RFC 1952, 2.2: members): a piece leaves the ledger in one commit, and one is all that is read to
// find a code. zcat shows the whole file.
type record struct {
	Archive   *archiveHead       `json:"archive,omitempty"`
	Tree      int64              `json:"tree,omitempty"` // the outermost container that it is in; 0: in none
	Container *archivedContainer `json:"container,omitempty"`
	Code      *archivedCode      `json:"code,omitempty"`
	Report    *archivedReport    `json:"report,omitempty"`
	End       *archiveEnd        `json:"end,omitempty"`
}

type archiveHead struct {
	Version int       `json:"version"`
	Agent   string    `json:"agent"`
	Made    time.Time `json:"made"`
	Batches []Batch   `json:"batches"`
}

type archiveEnd struct {
	Codes int `json:"codes"`
}

type archivedContainer struct {
	ID          int64  `json:"id"`
	Line        string `json:"line"`
	Station     string `json:"station"`
	Batch       string `json:"batch"`
	SSCC        string `json:"sscc,omitempty"`
	State       int    `json:"state"`
	Parent      int64  `json:"parent,omitempty"`
	Aggregation int64  `json:"aggregation,omitempty"`
	Edits       int64  `json:"edits,omitempty"`
	Opened      int64  `json:"opened_us"`
	Closed      int64  `json:"closed_us,omitempty"`
	Reason      string `json:"reason,omitempty"`
	lives
}

// archivedCode is a code's row and its life. Texts that can be any bytes are in base64.
type archivedCode struct {
	ID          int64          `json:"id"`
	Ident       string         `json:"ident"` // for people
	Raw         []byte         `json:"raw"`
	IdentLength int            `json:"ident_length"`
	Product     Product        `json:"product"`
	ProductID   int64          `json:"product_id"`
	Order       string         `json:"order"`
	Block       string         `json:"block"`
	Lot         int64          `json:"lot,omitempty"`
	Line        string         `json:"line,omitempty"`
	Batch       string         `json:"batch,omitempty"`
	State       int            `json:"state"`
	StateName   string         `json:"state_name"` // for people
	Evidence    int            `json:"evidence"`
	Claim       int64          `json:"claim,omitempty"`
	Last        int64          `json:"last"`
	Utilisation int64          `json:"utilisation,omitempty"`
	Known       bool           `json:"known,omitempty"`   // the report has arrived
	Sampled     bool           `json:"sampled,omitempty"` // dropped as a sample
	Container   int64          `json:"container,omitempty"`
	Journal     []archivedStep `json:"journal"`
	lives
}

// lives is what Trace tells of a code or container besides its own rows.
type lives struct {
	Reports  []Report `json:"reports,omitempty"`
	Parents  [][]byte `json:"parents,omitempty"`
	Children [][]byte `json:"children,omitempty"`
}

type archivedStep struct {
	Seq   int64  `json:"seq"`
	At    int64  `json:"at_us"`
	Agent string `json:"agent"`
	Place string `json:"place"`
	Own   bool   `json:"own,omitempty"` // of this code alone; else of its block
	Was   *int   `json:"was,omitempty"`
	Now   *int   `json:"now,omitempty"`
	Cause string `json:"cause"`
	Prev  int64  `json:"prev,omitempty"`
}

// archivedReport has the bytes of a report that names archived codes.
type archivedReport struct {
	Report
	Body []byte `json:"body"`
}

// pieces writes an archive piece by piece.
type pieces struct {
	to    *os.File
	buf   bytes.Buffer // of the piece
	codes int          // in the piece
	total int
}

func createArchive(path string) (*pieces, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, err
	}
	return &pieces{to: f}, nil
}

func (p *pieces) add(r record) error {
	if r.Code != nil {
		p.codes++
		p.total++
	}
	return json.NewEncoder(&p.buf).Encode(r)
}

// end closes a piece that has at least so many codes.
func (p *pieces) end(least int) error {
	if p.codes < least || p.buf.Len() == 0 {
		return nil
	}
	z := gzip.NewWriter(p.to)
	_, err := p.buf.WriteTo(z)
	p.codes = 0
	p.buf.Reset()
	return errors.Join(err, z.Close())
}

// eachPiece calls f with the records of each piece and with where it begins, until f returns an error.
func eachPiece(path string, f func(records []record, at int64) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	in := &counted{r: bufio.NewReaderSize(file, 1<<16)}
	ended := false
	for {
		at := in.n
		if _, err := in.r.Peek(1); errors.Is(err, io.EOF) {
			break
		}
		records, err := piece(in)
		if err != nil {
			return fmt.Errorf("reading %s at %d: %w", path, at, err)
		}
		ended = ended || len(records) > 0 && records[len(records)-1].End != nil
		if err := f(records, at); err != nil {
			return err
		}
	}
	if !ended {
		return &DamagedError{What: path + " has no end"}
	}
	return nil
}

// eachRecord is eachPiece for those who want one record after another.
func eachRecord(path string, f func(r record, at int64) error) error {
	return eachPiece(path, func(records []record, at int64) error {
		for _, r := range records {
			if err := f(r, at); err != nil {
				return err
			}
		}
		return nil
	})
}

// counted counts what is read of a file. Being a ByteReader it keeps gzip from reading further than a
// piece goes.
type counted struct {
	r *bufio.Reader
	n int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

func (c *counted) ReadByte() (byte, error) {
	b, err := c.r.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}

// mostPiece bounds what one piece unpacks to: a pallet of tens of thousands, each with a long life.
const mostPiece = 1 << 30

// piece reads one piece.
func piece(in io.Reader) ([]record, error) {
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, &DamagedError{What: err.Error()}
	}
	z.Multistream(false)
	var records []record
	lines := json.NewDecoder(io.LimitReader(z, mostPiece))
	for {
		var r record
		err := lines.Decode(&r)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, &DamagedError{What: err.Error()}
		}
		records = append(records, r)
	}
	if _, err := io.Copy(io.Discard, z); err != nil { // to the checksum behind it
		return nil, &DamagedError{What: err.Error()}
	}
	return records, z.Close()
}

// recordAt finds the record of a code or container, by its identification code, in the piece that begins at a place
// of a file; ok is false if it is not there. Only lines that may be that one are taken apart: a pallet is a long piece.
func recordAt(path string, at int64, ident code.Code) (r record, ok bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return r, false, err
	}
	defer f.Close()
	if _, err := f.Seek(at, io.SeekStart); err != nil {
		return r, false, err
	}
	z, err := gzip.NewReader(bufio.NewReaderSize(f, 1<<16))
	if err != nil {
		return r, false, &DamagedError{What: err.Error()}
	}
	z.Multistream(false)
	whole := len(ident) / 3 * 3 // what base64 has the same characters for, whatever follows
	raw, sscc := []byte(`"raw":"`+base64.StdEncoding.EncodeToString([]byte(ident[:whole]))), []byte(`"sscc":"`+string(ident)+`"`)
	lines := bufio.NewReaderSize(io.LimitReader(z, mostPiece), 1<<16)
	for { // to the end: there is the checksum
		line, ended := lines.ReadBytes('\n')
		if ended != nil && !errors.Is(ended, io.EOF) {
			return r, false, &DamagedError{What: ended.Error()}
		}
		if !ok && (bytes.Contains(line, raw) || bytes.Contains(line, sscc)) {
			var one record
			if err := json.Unmarshal(line, &one); err != nil {
				return r, false, &DamagedError{What: err.Error()}
			}
			if one.bears(ident) {
				r, ok = one, true
			}
		}
		if ended != nil {
			return r, ok, nil
		}
	}
}

// bears says whether a record is that of a code, or of a container under its transport code.
func (r record) bears(ident code.Code) bool {
	if c := r.Code; c != nil {
		return string(c.Raw[:c.IdentLength]) == string(ident)
	}
	return r.Container != nil && r.Container.SSCC == string(ident)
}

func bytesOf(codes []code.Code) [][]byte {
	out := make([][]byte, len(codes))
	for i, c := range codes {
		out[i] = []byte(c)
	}
	return out
}

func codesOf(texts [][]byte) (codes []code.Code) {
	for _, b := range texts {
		codes = append(codes, code.Code(b))
	}
	return codes
}
