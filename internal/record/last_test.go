package record

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"linemark/drivers/link"
)

// echoed is a connection that gives what it was given to read.
type echoed struct {
	net.Conn
	in []byte
}

func (e *echoed) Read(b []byte) (int, error) {
	n := copy(b, e.in)
	e.in = e.in[n:]
	return n, nil
}
func (e *echoed) Write(b []byte) (int, error) { return len(b), nil }
func (e *echoed) Close() error                { return nil }

func dialled(t testing.TB, l *Last, c link.Conn) link.Conn {
	t.Helper()
	made, err := l.Dialer(func(context.Context, string) (link.Conn, error) { return c, nil })(t.Context(), "tcp://x:1")
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// What is kept is the newest pieces, of each its beginning, and all bytes are counted.
func TestLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &Last{}
		if in, out, last := l.Counts(); in+out != 0 || !last.IsZero() {
			t.Error("something went over no connection")
		}
		e := &echoed{}
		c := dialled(t, l, e)
		b := make([]byte, 1024)
		read := func(text string) {
			t.Helper()
			e.in = []byte(text)
			if n, err := c.Read(b); err != nil || n != len(text) {
				t.Fatal(n, err)
			}
		}
		write := func(text string) {
			if _, err := c.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		began := time.Now()
		read("a") // a serial port gives its bytes one by one
		time.Sleep(together / 2)
		read("bc")
		write("ok")
		read("")
		read("d")
		time.Sleep(together)
		read(strings.Repeat("e", 300))
		read("f") // no room behind it
		time.Sleep(time.Second)
		write("g")
		second := dialled(t, l, &echoed{})
		if _, err := second.Write([]byte("h")); err != nil {
			t.Fatal(err)
		}
		pieces, in, out := l.Pieces()
		want := []Piece{
			{At: began, Conn: 1, Length: 3, Data: []byte("abc")},
			{At: began.Add(together / 2), Out: true, Conn: 1, Length: 2, Data: []byte("ok")},
			{At: began.Add(together / 2), Conn: 1, Offset: 3, Length: 1, Data: []byte("d")},
			{At: began.Add(together * 3 / 2), Conn: 1, Offset: 4, Length: 300, Data: bytes.Repeat([]byte("e"), keptBytes)},
			{At: began.Add(together * 3 / 2), Conn: 1, Offset: 304, Length: 1, Data: []byte("f")},
			{At: began.Add(together*3/2 + time.Second), Out: true, Conn: 1, Offset: 2, Length: 1, Data: []byte("g")},
			{At: began.Add(together*3/2 + time.Second), Out: true, Conn: 2, Length: 1, Data: []byte("h")},
		}
		if !slices.EqualFunc(pieces, want, func(a, b Piece) bool {
			return a.At.Equal(b.At) && a.Out == b.Out && a.Conn == b.Conn && a.Offset == b.Offset && a.Length == b.Length && bytes.Equal(a.Data, b.Data)
		}) {
			t.Errorf("kept are %+v\nwant %+v", pieces, want)
		}
		if in != 305 || out != 4 {
			t.Errorf("counted are %d in and %d out", in, out)
		}
		for n := range 2 * keptPieces {
			time.Sleep(together)
			read(strings.Repeat("x", n+1))
		}
		pieces, _, _ = l.Pieces()
		if len(pieces) != keptPieces || pieces[0].Length != keptPieces+1 || pieces[keptPieces-1].Length != 2*keptPieces {
			t.Errorf("kept are %d pieces, from %+v on", len(pieces), pieces[0])
		}
		if _, _, last := l.Counts(); !last.Equal(time.Now()) {
			t.Errorf("the last came at %s", last)
		}
	})
}

func TestLastOfNoConnection(t *testing.T) {
	l := &Last{}
	no := errors.New("refused")
	if _, err := l.Dialer(func(context.Context, string) (link.Conn, error) { return nil, no })(t.Context(), "x"); !errors.Is(err, no) {
		t.Error(err)
	}
	near, far := net.Pipe()
	c := dialled(t, l, near)
	far.Close()
	if _, err := c.Read(make([]byte, 1)); err != io.EOF {
		t.Error(err)
	}
	if all, _, _ := l.Pieces(); len(all) != 0 {
		t.Errorf("%+v", all)
	}
}

// Nothing is allocated for what passes.
func TestLastAllocatesNothing(t *testing.T) {
	e := &echoed{}
	c := dialled(t, &Last{}, e)
	text, b := []byte("0104780012345677215abcdefghijkl\x1d93AAAA\r\n"), make([]byte, 64)
	if n := testing.AllocsPerRun(1000, func() {
		e.in = text
		_, _ = c.Read(b)
		_, _ = c.Write(text)
	}); n != 0 {
		t.Errorf("%v allocations for a reading and an answer", n)
	}
}

// One goroutine may read, another write, and a third look.
func TestLastFromAllSides(t *testing.T) {
	l := &Last{}
	e := &echoed{in: make([]byte, 1<<16)}
	c := dialled(t, l, e)
	var wg sync.WaitGroup
	wg.Go(func() {
		b := make([]byte, 16)
		for range 1000 {
			_, _ = c.Read(b)
		}
	})
	wg.Go(func() {
		for range 1000 {
			_, _ = c.Write([]byte("x"))
		}
	})
	wg.Go(func() {
		for range 1000 {
			l.Pieces()
			l.Counts()
		}
	})
	wg.Wait()
	if in, out, _ := l.Counts(); in != 16000 || out != 1000 {
		t.Errorf("%d in, %d out", in, out)
	}
}

func BenchmarkLast(b *testing.B) {
	c := dialled(b, &Last{}, &echoed{})
	text := []byte("0104780012345677215abcdefghijkl\x1d93AAAA\r\n")
	b.ReportAllocs()
	for b.Loop() {
		_, _ = c.Write(text)
	}
}

var waterCodes = About{Codes: []Codes{{GTIN: "04780012345677", AIs: true, Serial: 13, Tail: []Tail{{AI: "93", Length: 4}}}}}

func TestHide(t *testing.T) {
	const ident = "0104780012345677215abcdefghijkl"
	for name, test := range map[string]struct{ in, want []Piece }{
		"a reading": {
			[]Piece{{Data: []byte("]d2" + ident + "\x1d93dGVz\r\n")}},
			[]Piece{{Data: []byte("]d2" + ident + "\x1d93****\r\n")}}},
		"in two pieces": {
			[]Piece{{Data: []byte(ident + "\x1d93dG")}, {Out: true, Data: []byte("~HS")}, {Offset: 36, Data: []byte("Vz\r\n")}},
			[]Piece{{Data: []byte(ident + "\x1d93**")}, {Out: true, Data: []byte("~HS")}, {Offset: 36, Data: []byte("**\r\n")}}},
		"the end of one": {
			[]Piece{{Offset: 900, Data: []byte("3dGVz\r\nOK\r\n")}},
			[]Piece{{Offset: 900, Data: []byte("*****\r\nOK\r\n")}}},
		"behind what is not kept": {
			[]Piece{{Length: 300, Data: bytes.Repeat([]byte("^"), 256)}, {Offset: 300, Length: 5, Data: []byte("GVz^X")}},
			[]Piece{{Length: 300, Data: bytes.Repeat([]byte("^"), 256)}, {Offset: 300, Length: 5, Data: []byte("***^X")}}},
		"of another connection": {
			[]Piece{{Data: []byte(ident + "\x1d93dG")}, {Conn: 1, Data: []byte("Vz\r\n")}},
			[]Piece{{Data: []byte(ident + "*****")}, {Conn: 1, Data: []byte("Vz\r\n")}}},
		"nothing": {[]Piece{{Data: []byte("NOREAD\r\n")}}, []Piece{{Data: []byte("NOREAD\r\n")}}},
		"none":    {nil, []Piece{}},
	} {
		got := waterCodes.Hide(test.in)
		if !slices.EqualFunc(got, test.want, func(a, b Piece) bool {
			return a.Conn == b.Conn && a.Offset == b.Offset && a.Out == b.Out && a.Length == b.Length && bytes.Equal(a.Data, b.Data)
		}) {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, test.want)
		}
	}
	kept := []Piece{{Data: []byte(ident + "\x1d93dGVz\r\n")}}
	if waterCodes.Hide(kept); !bytes.Contains(kept[0].Data, []byte("dGVz")) {
		t.Error("what is kept was covered itself")
	}
}

// However the bytes of readings come in pieces, and from wherever on they are kept, no check part is seen.
func TestHideIsWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []byte
		var secrets []string
		for range rapid.IntRange(1, 6).Draw(t, "readings") {
			secret := rapid.StringMatching("[A-Za-z0-9+/]{3}=").Draw(t, "check part")
			secrets = append(secrets, secret)
			all = append(all, "0104780012345677215abcdefghijkl\x1d93"+secret+rapid.SampledFrom([]string{"\r\n", "\x03", "\n"}).Draw(t, "end")...)
		}
		var pieces []Piece
		var offset uint64
		for len(all) > 0 {
			n := rapid.IntRange(1, min(len(all), 50)).Draw(t, "piece")
			pieces = append(pieces, Piece{Offset: offset, Length: n, Data: all[:n]})
			offset += uint64(n)
			all = all[n:]
		}
		pieces = pieces[rapid.IntRange(0, len(pieces)-1).Draw(t, "from"):]
		var shown []byte
		for _, p := range waterCodes.Hide(pieces) {
			shown = append(shown, p.Data...)
		}
		for _, secret := range secrets {
			if bytes.Contains(shown, []byte(secret)) || bytes.Contains(shown, []byte("93"+secret[:3])) || len(secret) > 3 && bytes.Contains(shown, []byte(secret[1:]+"\r\n")) {
				t.Fatalf("%q shows %q", shown, secret)
			}
		}
	})
}

func TestVisible(t *testing.T) {
	if got, want := Visible("\x02a\x1d\r\n~\x00\x07\xff"), `{STX}a{GS}{CR}{LF}~{NUL}\x07\xFF`; got != want || Visible([]byte(got)) != want {
		t.Errorf("%s, want %s", got, want)
	}
	if Control(0x1d) != "GS" || Control('a') != "" || Control(7) != "" {
		t.Error("names of control characters")
	}
}
