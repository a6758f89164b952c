package words

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

// linesOf are the lines of a book's file.
func linesOf(t testing.TB, code string) []line {
	t.Helper()
	text, err := os.ReadFile(code + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	all, err := parse(string(text))
	if err != nil {
		t.Fatalf("%s.txt: %v", code, err)
	}
	return all
}

// The program says what stands in the files.
func TestPacked(t *testing.T) {
	books, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range languages {
		name := l.Code + ".txt"
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if has, err := fs.ReadFile(books, name); err != nil || !bytes.Equal(has, text) {
			t.Errorf("texts.zip has not %s as it is now (%v): go generate ./internal/words", name, err)
		}
	}
}

func TestLanguages(t *testing.T) {
	want := []Language{{"ru", "Русский"}, {"uz", "O‘zbekcha"}, {"en", "English"}}
	if got := Languages(); !slices.Equal(got, want) {
		t.Errorf("Languages() = %v, want %v", got, want)
	}
	for _, l := range want {
		if got := Of(l.Code).Language(); got != l.Code {
			t.Errorf("Of(%q) is the book of %q", l.Code, got)
		}
	}
	for _, unknown := range []string{"", "de", "RU"} {
		if got := Of(unknown).Language(); got != "en" {
			t.Errorf("Of(%q) is the book of %q, want English", unknown, got)
		}
	}
	Languages()[0].Code = "changed"
	if Languages()[0].Code != "ru" {
		t.Error("a caller has changed the languages")
	}
}

func TestText(t *testing.T) {
	for _, test := range []struct {
		language, key string
		args          []any
		want          string
	}{
		{"en", "code.in_stock", nil, "in stock"},
		{"ru", "code.in_stock", nil, "в запасе"},
		{"uz", "code.in_stock", nil, "zaxirada"},
		{"ru", "say.is_closed_with", []any{7, "3", 5.5}, "упаковка 7 закрыта: 3 из 5.5"},
		{"uz", "say.is_closed_with", []any{7, 3, 5}, "7-qadoq yopildi: 5 dan 3 ta"},
		{"en", "say.is_closed_with", []any{7}, "container 7 is closed with {1} of {2}"},
		{"ru", "no.such_key", []any{1}, "no.such_key"},
	} {
		if got := Of(test.language).Text(test.key, test.args...); got != test.want {
			t.Errorf("%s %s: %q, want %q", test.language, test.key, got, test.want)
		}
	}
}

// The three files say the same: the same keys with the same places.
func TestSameKeys(t *testing.T) {
	places := func(of template) []int {
		all := slices.Clone(of.places)
		slices.Sort(all)
		return slices.Compact(all)
	}
	books := map[string]map[string]template{}
	for _, l := range languages {
		books[l.Code] = map[string]template{}
		for _, one := range linesOf(t, l.Code) {
			books[l.Code][one.key] = one.text
		}
	}
	for _, l := range languages {
		for key, text := range books[l.Code] {
			for _, other := range languages {
				twin, ok := books[other.Code][key]
				if !ok {
					t.Errorf("%s is in %s.txt and not in %s.txt", key, l.Code, other.Code)
				} else if !slices.Equal(places(text), places(twin)) {
					t.Errorf("%s has the places %v in %s.txt and %v in %s.txt", key, places(text), l.Code, places(twin), other.Code)
				}
			}
		}
	}
	if got := len(Keys()); got != len(books["en"]) {
		t.Errorf("Keys() has %d of %d", got, len(books["en"]))
	}
}

// A pattern's places count from 0 without a gap, each once; what is to be done is one sentence, without places.
func TestPatterns(t *testing.T) {
	seen := map[string]string{}
	said := map[string]bool{}
	for _, one := range linesOf(t, "en") {
		if name, ok := strings.CutPrefix(one.key, sayKey); ok {
			said[name] = true
			shape := strings.Join(one.text.literals, "{}")
			if strings.HasPrefix(one.key, countKey) {
				shape = "#" + shape
			}
			if other := seen[shape]; other != "" {
				t.Errorf("%s and %s have one pattern", other, one.key)
			}
			seen[shape] = one.key
			for i, place := range slices.Sorted(slices.Values(one.text.places)) {
				if i != place {
					t.Errorf("%s: the places of a pattern are {0}, {1}, ..., each once", one.key)
				}
			}
		}
	}
	for _, one := range linesOf(t, "en") {
		for _, prefix := range []string{doKey, elseKey} {
			name, ok := strings.CutPrefix(one.key, prefix)
			if !ok {
				continue
			}
			if !said[name] {
				t.Errorf("%s belongs to no sentence", one.key)
			}
			if len(one.text.places) > 0 {
				t.Errorf("%s has places", one.key)
			}
		}
	}
}

// names are what stands in Latin letters in a Russian text: names, and what a person types.
var names = regexp.MustCompile(`\{"name.*\}|"secret:NAME"|"file:/path"|"\$\{NAME\}"|data_dir/archive|linemark( [a-z]+)*( -?-?[A-Za-z-]+)*|\[[a-z]+\]( [a-z_]+)?|--[a-z-]+|[a-z]+_[a-z_]+|agent\.name|agent\.data_dir|product\.batches|\b(waybill,|pallet,|document,MESSAGE,DOCUMENT|resolve --as sent)|2026-01-31T[0-9:+]+`)

var nouns = strings.Fields(`PLC GTIN SSCC IZKM MQTT CSV JSON UTF GS FNC QR PIN PDF PNG JPEG GIF PEM HTTP AIM NAK ERR PAUSE ONLINE RUN
	SmartOne Ediweb Diadoc match execute beat unit offset department request picture MM preprinted true argon id batch json csv CODE
	false pack sent rejected look operate maintain shipment waybill document`)

func TestLetters(t *testing.T) {
	latin := regexp.MustCompile(`[A-Za-z]+`)
	for _, one := range linesOf(t, "ru") {
		for _, literal := range one.text.literals {
			for _, word := range latin.FindAllString(names.ReplaceAllString(literal, ""), -1) {
				if !slices.Contains(nouns, word) {
					t.Errorf("ru.txt: %s has the word %q in Latin letters", one.key, word)
				}
			}
		}
	}
	for _, code := range []string{"uz", "en"} {
		for _, one := range linesOf(t, code) {
			for _, literal := range one.text.literals {
				for _, r := range literal {
					if unicode.Is(unicode.Cyrillic, r) {
						t.Errorf("%s.txt: %s has the Cyrillic letter %c", code, one.key, r)
					}
				}
			}
		}
	}
}

// Uzbek has the letters o‘ and g‘ with U+2018, and the apostrophe ’ (U+2019) elsewhere.
func TestUzbekSpelling(t *testing.T) {
	wrong := regexp.MustCompile("[oOgG]’|(?:^|[^oOgG])‘|['`ʻʼ´]")
	for _, one := range linesOf(t, "uz") {
		for _, literal := range one.text.literals {
			if at := wrong.FindString(literal); at != "" {
				t.Errorf("uz.txt: %s is not spelt so: %q", one.key, at)
			}
		}
	}
}

func TestParse(t *testing.T) {
	good := "# a comment\n\n  # another\na.b = x = {0} {a} {1}\r\nsay.c_1 = {}\n"
	lines, err := parse(good)
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 2 || lines[0].key != "a.b" || lines[0].text.fill([]string{"p", "q"}) != "x = p {a} q" || lines[1].text.fill(nil) != "{}" {
		t.Errorf("read %v", lines)
	}
	for _, bad := range []string{"a.b", "a.b =", "a.b =  ", " = x", "A.b = x", "a..b = x", "a b = x", "a = x\na = y", "a = {0}{1}"} {
		if _, err := parse(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

// What varies comes through, whatever the sentence.
func TestSayBringsWordsThrough(t *testing.T) {
	patterns := patternsOf(linesOf(t, "en"))
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(patterns).Draw(t, "pattern")
		words := make([]string, len(p.text.places))
		for i := range words {
			words[i] = "zq" + rapid.StringMatching(`[a-z0-9!+/]{3,12}`).Draw(t, fmt.Sprint("word ", i))
		}
		if p.counts {
			words[0] = fmt.Sprint(rapid.IntRange(0, 1_000_000).Draw(t, "count"))
		}
		sentence := p.text.fill(words)
		for _, l := range languages {
			said := Of(l.Code).Say(sentence)
			for _, word := range words {
				if !strings.Contains(said, word) {
					t.Fatalf("%s: %q became %q, without %q", l.Code, sentence, said, word)
				}
			}
			if Of(l.Code).Say(sentence) != said {
				t.Fatalf("%s: %q is not always said the same", l.Code, sentence)
			}
		}
	})
}

// The way by the first byte finds what looking at every pattern finds.
func TestFind(t *testing.T) {
	lines := linesOf(t, "en")
	all, quick := patternsOf(lines), phrasesOf(lines)
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.SampledFrom([]string{"3", "no read", "a: b", "x, y", "order 5 is sent", "z; 2 codes"}), 10, 10).Draw(t, "words")
		sentence := rapid.SampledFrom(all).Draw(t, "pattern").text.fill(words)
		want := ""
		for i := range all {
			if _, ok := all[i].match(sentence); ok {
				want = all[i].name
				break
			}
		}
		got := ""
		if p, _ := quick.find(sentence); p != nil {
			got = p.name
		}
		if got != want {
			t.Fatalf("%q: found %q, want %q", sentence, got, want)
		}
	})
}

func FuzzSay(f *testing.F) {
	for _, p := range patternsOf(linesOf(f, "en")) {
		f.Add(p.text.fill([]string{"a: b", "3 codes", "no read", "x, y", "z"}))
	}
	f.Add("a: b: c; d, e\nline stopped: \n: ; , ")
	f.Fuzz(func(t *testing.T, sentence string) {
		if got := Of("en").Say(sentence); got != sentence {
			t.Errorf("English changed %q to %q", sentence, got)
		}
		for _, l := range languages {
			b := Of(l.Code)
			said := b.Say(sentence)
			if (said == "") != (sentence == "") {
				t.Errorf("%s: %q became %q", l.Code, sentence, said)
			}
			if strings.Count(said, "\n") != strings.Count(sentence, "\n") {
				t.Errorf("%s: %q became %q: another number of lines", l.Code, sentence, said)
			}
			b.Do(sentence)
		}
	})
}
