package torture

import (
	"testing"

	"linemark/internal/proof/site"
)

const hook = `"linemark/internal/proof/failpoint"` + "\n"

// hooked is what makes the program one with failpoints: before and after each commit, around each word to
// a device, around each call of the national system.
var hooked = []site.Change{
	{File: "internal/ledger/writer.go", Was: "\t\"modernc.org/sqlite\"\n", Is: "\t" + hook + "\t\"modernc.org/sqlite\"\n"},
	{File: "internal/ledger/writer.go", Was: "type request struct {\n", Is: "type request struct {\n\tname string\n"},
	{File: "internal/ledger/writer.go", Was: "return w.wait(&request{run: f, done: make(chan error, 1)})", Is: "return w.wait(&request{name: failpoint.Method(`do`, `always`, `each`, `mark`), run: f, done: make(chan error, 1)})"},
	{File: "internal/ledger/writer.go", Was: "return l.w.wait(&request{run: f,", Is: "return l.w.wait(&request{name: failpoint.Method(`bulk`, `each`, `mark`), run: f,"},
	{File: "internal/ledger/writer.go", Was: "[]*request{{run: f}}", Is: "[]*request{{name: failpoint.Method(`do`, `each`, `mark`), run: f}}"},
	{File: "internal/ledger/writer.go", Was: "\tif _, err := t.exec(\"COMMIT\"); err != nil {\n", Is: `	var calls []string
	for _, r := range batch {
		calls = append(calls, r.name)
	}
	failpoint.Commit(calls, "before")
	if _, err := t.exec("COMMIT"); err != nil {
`},
	{File: "internal/ledger/writer.go", Was: "\tif t.seq > 0 {\n\t\tw.head", Is: "\tfailpoint.Commit(calls, \"after\")\n\tif t.seq > 0 {\n\t\tw.head"},

	{File: "drivers/link/dial.go", Was: "\t\"time\"\n", Is: "\t\"time\"\n\n\t" + hook},
	{File: "drivers/link/dial.go", Was: "\treturn c, nil\n}\n\n// prepare", Is: "\treturn failpoint.Wire(c, p.tcp), nil\n}\n\n// prepare"},

	{File: "internal/upstream/izkm/call.go", Was: "\t\"linemark/internal/escape\"\n", Is: "\t\"linemark/internal/escape\"\n\t" + hook},
	{File: "internal/upstream/izkm/call.go", Was: "\tresp, err := c.http.Do(req)\n", Is: `	failpoint.At("call " + r.op() + " asked")
	resp, err := c.http.Do(req.WithContext(failpoint.Call(ctx, r.op())))
`},
	{File: "internal/upstream/izkm/call.go", Was: "\tx.answered(", Is: "\tfailpoint.At(\"call \" + r.op() + \" answered\")\n\tx.answered("},
	{File: "internal/upstream/izkm/client.go", Was: "import (\n", Is: "import (\n\t" + hook},
	{File: "internal/upstream/izkm/client.go", Was: "DialContext:        dial,", Is: "DialContext: failpoint.Dial(dial),"},
}

// hurried lets the program look more often at what there is to do, so that a short life has all of it: an
// order whose answer was lost is looked for during seconds, not minutes.
var hurried = []site.Change{
	{File: "internal/supply/supply.go", Was: "searchFor   = 5 * time.Minute", Is: "searchFor   = time.Second / 2"},
	{File: "internal/host/host.go", Was: "\tp := &port{", Is: "\th.o.Agent.Look = 100_000_000\n\tp := &port{"},
	{File: "cmd/linemark/sim.go", Was: "sim.Options{Faults: sim.SomeFaults}", Is: "sim.Options{Faults: sim.SomeFaults, Restart: 50_000_000}"},
}

// program compiles the program that is killed.
func program(t testing.TB) string {
	t.Helper()
	return site.Changed(t, "tortured", append(append([]site.Change(nil), hooked...), hurried...)...)
}
