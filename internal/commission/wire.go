package commission

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"linemark/drivers/link"
	flight "linemark/internal/record"
)

// wire keeps what goes and comes over a connection, until it is taken.
type wire struct {
	mu     sync.Mutex
	pieces []piece
}

// piece is bytes that went one way without a pause.
type piece struct {
	at   time.Time // of the first byte
	last time.Time // of the last
	out  bool
	b    []byte
}

// pause is the silence after which bytes are shown as another piece.
const pause = 30 * time.Millisecond

func (w *wire) add(out bool, b []byte) {
	if len(b) == 0 {
		return
	}
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := len(w.pieces); n > 0 {
		if p := &w.pieces[n-1]; p.out == out && now.Sub(p.last) < pause {
			p.b, p.last = append(p.b, b...), now
			return
		}
	}
	w.pieces = append(w.pieces, piece{now, now, out, append([]byte(nil), b...)})
}

// take returns what has come since the last call. What may still go on stays, unless all is asked for.
func (w *wire) take(all bool) []piece {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.pieces)
	if n > 0 && !all && time.Since(w.pieces[n-1].last) < pause {
		n--
	}
	taken := w.pieces[:n:n]
	w.pieces = w.pieces[n:]
	return taken
}

// dialer taps the connections that another opens.
func (w *wire) dialer(dial link.Dialer) link.Dialer {
	return func(ctx context.Context, address string) (link.Conn, error) {
		conn, err := dial(ctx, address)
		if err != nil {
			return nil, err
		}
		return &tapped{conn, w}, nil
	}
}

// tapped is a connection whose bytes are kept.
type tapped struct {
	link.Conn
	wire *wire
}

func (t *tapped) Read(b []byte) (int, error) {
	n, err := t.Conn.Read(b)
	t.wire.add(false, b[:n])
	return n, err
}

func (t *tapped) Write(b []byte) (int, error) {
	n, err := t.Conn.Write(b)
	t.wire.add(true, b[:n])
	return n, err
}

// lines shows a piece: as text, and every byte of it as a number.
func (p piece) lines(since time.Time) []string {
	way := "<"
	if p.out {
		way = ">"
	}
	lines := []string{fmt.Sprintf("%8.3f %s %s", p.at.Sub(since).Seconds(), way, visible(p.b))}
	for b := p.b; len(b) > 0; {
		n := min(len(b), 24)
		lines = append(lines, fmt.Sprintf("           % X", b[:n]))
		b = b[n:]
	}
	return lines
}

// visible shows bytes to people: control characters by their names, what else does not print as \xNN.
func visible[T string | []byte](b T) string { return flight.Visible(b) }

// setting writes bytes as the value of a setting: TOML holds only Unicode, and a character from
// U+0080 to U+00FF in a mark means that one byte.
func setting[T string | []byte](b T) string {
	var s strings.Builder
	for i := range len(b) {
		switch c := b[i]; {
		case c == '\r':
			s.WriteString(`\r`)
		case c == '\n':
			s.WriteString(`\n`)
		case c == '\t':
			s.WriteString(`\t`)
		case c == '"' || c == '\\':
			s.WriteString(`\` + string(c))
		case c < ' ' || c > '~':
			fmt.Fprintf(&s, `\u%04x`, c)
		default:
			s.WriteByte(c)
		}
	}
	return `"` + s.String() + `"`
}

// text is what a setting of such bytes holds once TOML has read it.
func text[T string | []byte](b T) string {
	r := make([]rune, len(b))
	for i := range len(b) {
		r[i] = rune(b[i])
	}
	return string(r)
}
