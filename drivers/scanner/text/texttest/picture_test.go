package texttest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers/link/linktest/servetest"
)

// One frame for a picture: codes, what the camera says of each, and places without a code.
func TestPicture(t *testing.T) {
	symbols := []Symbol{{Code: []byte(code), Grade: "A", X: 10, Y: 20}, {}, {Code: []byte("01"), Grade: "3.4", X: -1}}
	for _, c := range []struct {
		name string
		opt  Options
		want string
	}{
		{"default", Options{}, code + "\n\rNOREAD\n\r01\r\n"},
		{"everything", Options{Separator: ";", Terminator: "\x03", NoRead: "error", Prefix: "]d2", Grades: true, Places: true},
			"]d2" + code + "@A(10,20);error;]d201@3.4(-1,0)\x03"},
		{"grades", Options{Grades: true}, code + "@A\n\rNOREAD\n\r01@3.4\r\n"},
		{"places", Options{Places: true}, code + "(10,20)\n\rNOREAD\n\r01(-1,0)\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log bytes.Buffer
			c.opt.Log = &log
			s := start(t, c.opt)
			got := gather(connect(t, s))
			if !s.Picture(symbols...) || !s.Heartbeat() {
				t.Error("not everything was sent")
			}
			s.Close()
			if g := <-got; g != c.want+"ALIVE"+s.opt.Terminator {
				t.Errorf("sent %q\nwant %q", g, c.want)
			}
			reads := s.Reads()
			if len(reads) != 3 || string(reads[0].Code) != code || !reads[1].NoRead || reads[2].NoRead || !reads[2].Delivered {
				t.Errorf("reads %+v", reads)
			}
			for event, n := range map[string]int{"read": 2, "noread": 1, "heartbeat": 1} {
				if strings.Count(log.String(), `"event":"`+event+`"`) != n {
					t.Errorf("log %s: not %d of %s", log.String(), n, event)
				}
			}
		})
	}
}

// A picture that nobody takes is dropped whole.
func TestPictureDropped(t *testing.T) {
	var log bytes.Buffer
	s := start(t, Options{Log: &log})
	if s.Picture(Symbol{Code: []byte("01")}, Symbol{}) {
		t.Error("nobody took it")
	}
	if strings.Count(log.String(), `"dropped"`) != 2 || s.Reads()[1].Delivered {
		t.Errorf("log %s, reads %+v", log.String(), s.Reads())
	}
}

// As TCP client the scanner serves one connection, and another after that.
func TestConnect(t *testing.T) {
	l := servetest.Listen(t)
	s := start(t, Options{})
	for range 2 {
		ended := make(chan error, 1)
		go func() { ended <- s.Connect(t.Context(), l.Addr().String()) }()
		host, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		<-s.Connected()
		s.Read([]byte("01"))
		got := make([]byte, 4)
		if _, err := io.ReadFull(host, got); err != nil || string(got) != "01\r\n" {
			t.Errorf("the host read %q, %v", got, err)
		}
		host.Close()
		if err := <-ended; err != nil {
			t.Errorf("Connect ended with %v", err)
		}
	}
	l.Close()
	if err := s.Connect(t.Context(), l.Addr().String()); err == nil {
		t.Error("Connect to nobody succeeded")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Connect(ctx, l.Addr().String()); err == nil {
		t.Error("Connect under an ended context succeeded")
	}
}

// Without power the scanner says nothing, hears nothing and hangs up on nobody; it comes back on another connection.
func TestFreeze(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		triggered := 0
		s := start(t, Options{Trigger: "T", OnTrigger: func(bool) { triggered++ }})
		s.Freeze() // of nothing
		old := connect(t, s)
		s.Freeze()
		if s.Read([]byte("01")) {
			t.Error("somebody took a code of a dead scanner")
		}
		old.Write([]byte("T"))
		synctest.Wait()
		old.SetReadDeadline(time.Now().Add(time.Hour))
		if _, err := old.Read(make([]byte, 1)); err == nil || err == io.EOF || triggered != 0 {
			t.Errorf("the old connection: %v, %d triggers", err, triggered)
		}
		got := gather(connect(t, s))
		if !s.Read([]byte("02")) {
			t.Error("nobody took a code after the power came back")
		}
		s.Close()
		if g := <-got; g != "02\r\n" {
			t.Errorf("after the power came back: %q", g)
		}
	})
}

func TestTriggers(t *testing.T) {
	for name, c := range map[string]struct {
		on, off string
		pieces  []string
		want    string
	}{
		"whole":        {"LON\r", "LOFF\r", []string{"LON\r", "LOFF\r"}, "[true false]"},
		"byte by byte": {"LON\r", "LOFF\r", strings.Split("LON\rLOFF\r", ""), "[true false]"},
		"together":     {"LON\r", "LOFF\r", []string{"LON\rLON\rLOFF\rLON\r"}, "[true true false true]"},
		"among noise":  {"T", "", []string{"xxxxxTyyyy", "T"}, "[true true]"},
		"begun twice":  {"LON\r", "", []string{"LLON\rLOLON\r"}, "[true true]"},
		"another":      {"LON\r", "", []string{"LOFF\r"}, "[]"},
		"none":         {"", "", []string{"LON\r"}, "[]"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var log bytes.Buffer
			got := []bool{}
			s := start(t, Options{Trigger: c.on, TriggerOff: c.off, OnTrigger: func(on bool) { got = append(got, on) }, Log: &log})
			host := servetest.Pipe(t, s.ServeConn)
			for _, piece := range c.pieces {
				host.Write([]byte(piece))
			}
			synctest.Wait()
			if fmt.Sprint(got) != c.want || strings.Count(log.String(), `"event":"trigger`) != len(got) {
				t.Errorf("%s: %v, want %s; log %s", name, got, c.want, log.String())
			}
		})
	}
}

// The scanner may answer its trigger at once.
func TestTriggeredReading(t *testing.T) {
	var s *Scanner
	s = New(Options{Trigger: "T", OnTrigger: func(bool) { s.Read([]byte("01")) }})
	servetest.Start(t, s)
	host := servetest.Pipe(t, s.ServeConn)
	host.Write([]byte("T"))
	got := make([]byte, 4)
	if _, err := io.ReadFull(host, got); err != nil || string(got) != "01\r\n" {
		t.Errorf("%q, %v", got, err)
	}
}
