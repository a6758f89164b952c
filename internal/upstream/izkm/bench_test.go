package izkm

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"linemark/internal/code"
)

// largest is the largest report of a group, its codes as long as those of the group.
func largest(group string) Utilisation {
	u := Utilisation{
		Group: group, UsageType: "VERIFIED", ProductionLineID: "1", ProductionOrderID: "123", SourceReportID: "8ed74f90-0119-48f2-b289-379707934e2f",
		ProductionDate: time.Date(2011, 12, 3, 10, 15, 30, 0, time.UTC), ExpirationDate: time.Date(2014, 12, 3, 0, 0, 0, 0, time.UTC), SeriesNumber: "S-7",
	}
	tail := "\x1d93QwER"
	if group == "pharma" {
		tail = "\x1d91EE06\x1d92" + strings.Repeat("VW/n3g0hYP6", 4)
	}
	for i := range MaxUtilisation {
		u.Codes = append(u.Codes, code.Code(fmt.Sprintf(`010478000000000021a"<&%%'%06d_`, i)+tail))
	}
	return u
}

func BenchmarkEncodeUtilisation30000(b *testing.B) {
	for _, group := range []string{"water", "pharma"} {
		b.Run(group, func(b *testing.B) {
			u := largest(group)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := EncodeUtilisation(u); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/op")
		})
	}
}

// allocated is how many bytes f takes from the heap.
func allocated(f func()) int64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// The largest report is made in little memory: its codes are written once into a body that is
// not moved.
func TestEncodeTakesLittleMemory(t *testing.T) {
	for group, limit := range map[string]int64{"water": 8 << 20, "pharma": 12 << 20} {
		u := largest(group)
		var body []byte
		taken := allocated(func() {
			var err error
			if body, err = EncodeUtilisation(u); err != nil {
				t.Fatal(err)
			}
		})
		if taken > limit {
			t.Errorf("%s: %d bytes for a body of %d, limit %d", group, taken, len(body), limit)
		}
		if spare := cap(body) - len(body); spare > len(body)/16 {
			t.Errorf("%s: the body has grown to %d bytes for %d", group, cap(body), len(body))
		}
	}
}

// A body is sent from where it is: no copy of it is made.
func TestSendCopiesNoBody(t *testing.T) {
	body := bytes.Repeat([]byte(" "), 32<<20)
	var heard int64
	c := newClient(t, Options{
		URL: "http://izkm.example", OMSID: testOMS, Token: testToken, Group: "water",
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go func() {
				defer far.Close()
				r, err := http.ReadRequest(bufio.NewReader(far))
				if err != nil {
					return
				}
				heard, _ = io.Copy(io.Discard, r.Body)
				_, _ = io.WriteString(far, reply(200, `{"reportId":"r"}`))
			}()
			return near, nil
		},
	})
	taken := allocated(func() {
		if _, err := c.SendUtilisation(t.Context(), body); err != nil {
			t.Error(err)
		}
	})
	if heard != int64(len(body)) || taken > 4<<20 {
		t.Errorf("%d bytes taken to send %d, of %d", taken, heard, len(body))
	}
}
