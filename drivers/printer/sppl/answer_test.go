package sppl

import (
	"slices"
	"strings"
	"testing"

	"linemark/drivers/drivertest"
)

// all returns the answers that the bytes hold.
func all(t *testing.T, in string) []answer {
	t.Helper()
	a := newAnswers()
	got, err := drivertest.Gather([]byte(in), len(in), a.Add, a.Next)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestAnswers(t *testing.T) {
	for in, want := range map[string][]answer{
		"~SPGRES{SPLCQD:OK}^":                        {{tag: "SPLCQD", result: "OK"}},
		"~ SPGRES{ SPLGQC: 60 }^\r\n":                {{tag: "SPLGQC", result: "60"}},
		"~SPGRES{SPPSTA:RUNNING<}^~SPGRES{MK}^":      {{tag: "SPPSTA", result: "RUNNING<"}, {word: "MK"}},
		"~SPGRES{SPPSTA:ERROR<12:30 HEAD}^":          {{tag: "SPPSTA", result: "ERROR<12:30 HEAD"}},
		"~SPGRES{SPLG~SPGRES{SPLGQC:5}^":             {{tag: "SPLGQC", result: "5"}},
		"x^~SPLAQD{A~gt~B}^~SPGRES^~SPGRES{A:B^":     nil,
		"~SPGRES{SPLGQC:5}":                          nil,
		"^^^~^~{}^":                                  nil,
		"~SPGRES{}^":                                 {{}},
		"~SPGRES{CODE not found}^~SPGRES{A:}B:}^":    {{word: "CODE not found"}, {tag: "A", result: "}B:"}},
		"~SPGRES{SPLAQD:CODE not found}^~SPGRES{:}^": {{tag: "SPLAQD", result: "CODE not found"}, {}},
	} {
		if got := all(t, in); !slices.Equal(got, want) {
			t.Errorf("%q: %+v, want %+v", in, got, want)
		}
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add([]byte("~SPGRES{SPLGQC:F1=60<F2=60}^~ SPGRES{ MK}^~SPGRES{SPPSTA:RUNNING<BLOCKED}^"))
	f.Add([]byte("~SPGRES{SPL~^}{^\r\n~SPGRES{:}^"))
	f.Fuzz(func(t *testing.T, b []byte) {
		a := newAnswers()
		a.Add(b)
		for range len(b) + 1 {
			found, ok, err := a.Next()
			if !ok || err != nil {
				return
			}
			_, _ = parseStatus(found.result)
			if n, err := parseCount(found.result); err == nil && n < 0 {
				t.Errorf("%q counts %d", found.result, n)
			}
			if n, err := parseCounts(found.result, []string{"F1", "F2"}); err == nil && !strings.Contains(found.result, "<") {
				t.Errorf("%q counts %d for two fields", found.result, n)
			}
		}
		t.Errorf("more answers than bytes in %q", b)
	})
}

func TestParseStatus(t *testing.T) {
	for text, want := range map[string]struct {
		s     status
		fault string
	}{
		"INIT<":             {status{mode: starting}, "starting"},
		"WAITING<":          {status{mode: waiting}, ""},
		"RUNNING":           {status{mode: running}, ""},
		"RUNNING<BLOCKED":   {status{mode: running, text: "BLOCKED", blocked: true}, ""},
		"WAITING< BLOCKED ": {status{mode: waiting, text: "BLOCKED", blocked: true}, ""},
		"ERROR<Ribbon < 5%": {status{mode: faulty, text: "Ribbon < 5%"}, "the printer reports: Ribbon < 5%"},
		"ERROR<":            {status{mode: faulty}, "without a text"},
	} {
		got, err := parseStatus(text)
		fault := got.fault()
		if err != nil || got != want.s || (fault == nil) != (want.fault == "") || fault != nil && !strings.Contains(fault.Error(), want.fault) {
			t.Errorf("%q: %+v, %v, %v", text, got, err, fault)
		}
	}
	for _, text := range []string{"", "<", "running<", "READY<"} {
		if got, err := parseStatus(text); err == nil {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

func TestParseCounts(t *testing.T) {
	fields := []string{"A", "B"}
	for text, want := range map[string]int{"A=5<B=5": 5, "B=0<A=0": 0, " A = 7 < B = 7 ": 7} {
		if n, err := parseCounts(text, fields); err != nil || n != want {
			t.Errorf("%q = %d, %v", text, n, err)
		}
	}
	for text, want := range map[string]string{
		"A=5<B=4": "come apart", "A=5": "every field", "A=5<B=5<C=5": "every field", "5": "are", "A=<B=5": "no number", "A=-1<B=-1": "no number", "A=5<C=5": "every field",
	} {
		if n, err := parseCounts(text, fields); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q = %d, %v", text, n, err)
		}
	}
}
