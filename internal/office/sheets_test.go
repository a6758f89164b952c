package office

import (
	"bytes"
	"fmt"
	"testing"

	"linemark/internal/code"
)

// TestSheetsOfTheCabinet: it takes 30,000 lines; the first code beyond them begins another file,
// and all files together hold every code in its order.
func TestSheetsOfTheCabinet(t *testing.T) {
	for n, want := range map[int][]int{0: nil, 1: {1}, 30_000: {30_000}, 30_001: {30_000, 1}, 60_001: {30_000, 30_000, 1}} {
		codes := make([]code.Code, n)
		var all bytes.Buffer
		for i := range codes {
			codes[i] = code.Code(fmt.Sprintf("010478001234567721%013d", i))
			all.WriteString(string(codes[i]) + "\n")
		}
		files, err := sheets("utilisation-7", codes)
		if err != nil || len(files) != len(want) {
			t.Fatalf("%d codes: %d files, want %d, %v", n, len(files), len(want), err)
		}
		var got bytes.Buffer
		for i, f := range files {
			if name := fmt.Sprintf("utilisation-7-%03d.csv", i+1); f.Name != name || bytes.Count(f.Data, []byte("\n")) != want[i] {
				t.Errorf("%d codes: %s has %d lines, want %s with %d", n, f.Name, bytes.Count(f.Data, []byte("\n")), name, want[i])
			}
			got.Write(f.Data)
		}
		if !bytes.Equal(got.Bytes(), all.Bytes()) {
			t.Errorf("%d codes: the files do not hold them as they are", n)
		}
	}
}
