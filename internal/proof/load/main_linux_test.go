package load

import (
	"os"
	"testing"

	"linemark/internal/proof/site"
)

func TestMain(m *testing.M) {
	code := m.Run()
	site.Clear()
	os.Exit(code)
}

// figures is one file more in the program: it tells what only the process itself knows. Each connection
// to the address in LINEMARK_FIGURES gets one line of JSON.
//
// belts lets the simulated plant outlive its production: at SIGUSR1 the belts run out, and everything else
// stays until the plant is ended.
const figures = `package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/signal"
	"runtime/metrics"
	"syscall"

	"linemark/internal/sim"
)

func init() {
	address := os.Getenv("LINEMARK_FIGURES")
	if address == "" || len(os.Args) < 2 || os.Args[1] != "run" {
		return
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				panic(err)
			}
			all := []metrics.Sample{{Name: "/sched/goroutines:goroutines"}, {Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/total:bytes"}}
			metrics.Read(all)
			_ = json.NewEncoder(conn).Encode(map[string]uint64{"goroutines": all[0].Value.Uint64(), "heap": all[1].Value.Uint64(), "live": all[2].Value.Uint64(), "total": all[3].Value.Uint64()})
			conn.Close()
		}
	}()
}

func belts(ctx context.Context, plant *sim.Plant) {
	pass, hold := signal.NotifyContext(ctx, syscall.SIGUSR1)
	plant.Run(pass)
	hold()
	fmt.Println(still)
	<-ctx.Done()
}

const still = "` + still + `"
`

// still is what the plant says when its belts have run out.
const still = "the belts stand"

// measured is the program with figures, and with more changes when it has a name.
func measured(t testing.TB, name string, more ...site.Change) string {
	t.Helper()
	return site.Changed(t, "measured"+name, append([]site.Change{
		{File: "cmd/linemark/figures.go", Is: figures},
		{File: "cmd/linemark/sim.go", Was: "plant.Run(ctx)", Is: "belts(ctx, plant)"},
	}, more...)...)
}
