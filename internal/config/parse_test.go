package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

const good = `version = 1
agent = { name = "line-3", data_dir = "/var/lib/linemark" }

[izkm]
url = "https://izkm.example"
oms_id = "CDF12109-10d3-11e6-8b6f-0050569977a1"
client_token = "${TOKEN}"
group = "water"
participant_id = "301234567"

[[product]]
name = "unit"
gtin = "04780012345677"
template_id = 3

[[product]]
name = "beer"
gtin = "14780012345674"
template_id = 3
group = "beer"

[[printer]]
name = "tij"
driver = "fake-identity"
address = "tcp://10.0.0.1:9100"
label = "unit.zpl"

[[scanner]]
name = "cam"
driver = "fake-scan"
address = "tcp://10.0.0.3:9004"
terminator = "\r\n"

[[plc]]
name = "plc.hall-1"
driver = "fake-plc"
address = "tcp://10.0.0.5:502"
inputs.rejects = "holding:102:uint32"
outputs = { reject = "coil:0", stop = "coil:1" }

[[line]]
name = "3"
[[line.station]]
name = "mark"
kind = "print"
product = "unit"
printer = "tij"
[[line.station]]
name = "check"
kind = "verify"
scanner = "cam"
reject = "plc.hall-1.reject"
confirm = "plc.hall-1.rejects"
stop = "plc.hall-1.stop"
within = "1m30s"
`

func parseGood(t *testing.T) *Config {
	t.Helper()
	cfg, err := Parse("conf/linemark.toml", []byte(good), testLookup)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestParseFillsAndDefaults(t *testing.T) {
	cfg := parseGood(t)
	dir, err := filepath.Abs("conf")
	if err != nil {
		t.Fatal(err)
	}
	product := Product{
		Name: "unit", GTIN: "04780012345677", TemplateID: 3, CISType: "UNIT", ReleaseMethod: "PRODUCTION",
		LowWater: 2000, OrderQuantity: 10000, BlockQuantity: 1000,
	}
	beer := product
	beer.Name, beer.GTIN, beer.Group = "beer", "14780012345674", "beer"
	station := Station{Ahead: 8, StopAfter: 3, SilentAfter: 20, Pulse: 20 * time.Millisecond, Within: 2 * time.Second, Window: 64, HealAfter: 3, VerdictGood: 1, VerdictReject: 2, Match: 100 * time.Millisecond, PackMode: "stream", Unverified: "accept", SignalFor: time.Second, Every: 5 * time.Minute, Reenter: "behind"}
	mark, check := station, station
	mark.Name, mark.Kind, mark.Product, mark.Printer = "mark", "print", "unit", "tij"
	check.Name, check.Kind, check.Scanner, check.Within = "check", "verify", "cam", 90*time.Second
	check.Reject, check.Confirm, check.Stop = "plc.hall-1.reject", "plc.hall-1.rejects", "plc.hall-1.stop"
	want := &Config{
		Version: 1,
		Agent:   Agent{Name: "line-3", DataDir: "/var/lib/linemark", Language: "ru"},
		HTTP:    HTTP{Listen: "127.0.0.1:8480"},
		IZKM: IZKM{
			URL: "https://izkm.example", OMSID: "CDF12109-10d3-11e6-8b6f-0050569977a1", ClientToken: Secret{value: "t0k3n", ref: "${TOKEN}"},
			Group: "water", ParticipantID: "301234567", Timeout: 30 * time.Second, Rate: 10, GroupTable: "second", CloseBody: "none",
		},
		Products: []Product{product, beer},
		Printers: []Device{{"tij", "fake-identity", "tcp://10.0.0.1:9100", map[string]any{"label": "unit.zpl"}}},
		Scanners: []Device{{"cam", "fake-scan", "tcp://10.0.0.3:9004", map[string]any{"terminator": "\r\n"}}},
		PLCs: []Device{{"plc.hall-1", "fake-plc", "tcp://10.0.0.5:502", map[string]any{
			"inputs":  map[string]any{"rejects": "holding:102:uint32"},
			"outputs": map[string]any{"reject": "coil:0", "stop": "coil:1"},
		}}},
		Lines: []Line{{Name: "3", CountLimit: -1, Stations: []Station{mark, check}}},
		Report: Report{
			WhenInDoubt: "resend",
			Utilisation: Utilisation{UsageType: "VERIFIED", Every: 5 * time.Minute, MaxCodes: 30000},
			Aggregation: Aggregation{Every: 5 * time.Minute, MaxCodes: 11000},
		},
		Record:   Record{Size: "64MiB"},
		Backup:   Backup{Every: 24 * time.Hour, Keep: 7},
		Ediweb:   Ediweb{IDType: "gln", Charset: "cp866", Timeout: time.Minute, Deadline: 24 * time.Hour, Extra: Extra{All: map[string]any{}}},
		Diadoc:   Diadoc{URL: "https://diadoc-api.kontur.ru", TokenURL: "https://identity.kontur.ru/connect/token", Timeout: 2 * time.Minute, Deadline: 24 * time.Hour},
		Shipping: Shipping{Keep: 90},
		MQTT:     MQTT{Every: 5 * time.Second, Buffer: 1000},
		File:     "conf/linemark.toml", Dir: dir, lines: cfg.lines,
	}
	if !reflect.DeepEqual(cfg, want) {
		t.Errorf("got  %+v\nwant %+v", cfg, want)
	}
}

// Parse reads every field the types have: a kind of field that fill does not know would panic here.
func TestParseKnowsEveryField(t *testing.T) {
	var look func(reflect.Type)
	look = func(table reflect.Type) {
		for f := range fieldsOf(table) {
			if tag := f.Tag.Get("toml"); f.IsExported() && tag == "" {
				t.Errorf("%s.%s has no key", table.Name(), f.Name)
			}
			if f.Tag.Get("toml") == "-" {
				continue
			}
			switch f.Type {
			case reflect.TypeFor[Choice](), reflect.TypeFor[string](), reflect.TypeFor[int](), reflect.TypeFor[[]int](), reflect.TypeFor[[]string](), reflect.TypeFor[time.Duration](),
				reflect.TypeFor[Secret](), reflect.TypeFor[map[string]any](), reflect.TypeFor[positions]():
				continue
			}
			switch f.Type.Kind() {
			case reflect.Struct:
				look(f.Type)
			case reflect.Slice:
				look(f.Type.Elem())
			default:
				t.Errorf("%s.%s is of a type that fill does not read", table.Name(), f.Name)
			}
		}
	}
	look(reflect.TypeFor[Config]())
}

func fieldsOf(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}

func TestLookups(t *testing.T) {
	cfg := parseGood(t)
	unit, ok := cfg.Product("unit")
	beer, ok2 := cfg.Product("beer")
	if !ok || !ok2 || unit.GroupOr(cfg) != "water" || beer.GroupOr(cfg) != "beer" {
		t.Errorf("products %+v %v, %+v %v", unit, ok, beer, ok2)
	}
	if _, ok := cfg.Product("tij"); ok {
		t.Error("a printer was found among the products")
	}
	for name, find := range map[string]func(string) (Device, bool){"tij": cfg.Printer, "cam": cfg.Scanner, "plc.hall-1": cfg.PLC} {
		if d, ok := find(name); !ok || d.Name != name {
			t.Errorf("%s: got %+v %v", name, d, ok)
		}
		if _, ok := find("unit"); ok {
			t.Errorf("%s: a product was found among the devices", name)
		}
	}
	plc, _ := cfg.PLC("plc.hall-1")
	s := cfg.DeviceSettings(plc)
	if s.Name != plc.Name || s.Address != plc.Address || s.Dir != cfg.Dir || !reflect.DeepEqual(s.Options, plc.Options) {
		t.Errorf("settings %+v", s)
	}
	delete(s.Options, "inputs")
	if plc.Options["inputs"] == nil {
		t.Error("a driver can change the configuration")
	}
}

func TestSplitPoint(t *testing.T) {
	for ref, want := range map[string][2]string{
		"plc-1.stop": {"plc-1", "stop"}, "a.b.c": {"a.b", "c"}, "": {}, ".": {}, "plc.": {}, ".stop": {}, "stop": {},
	} {
		plc, point, ok := SplitPoint(ref)
		if plc != want[0] || point != want[1] || ok != (want[0] != "") {
			t.Errorf("SplitPoint(%q) = %q %q %v", ref, plc, point, ok)
		}
	}
}

func TestSecretFromFile(t *testing.T) {
	for ref, token := range map[string]string{"${TOKEN}": "t0k3n", "file:/token": "f1l3", "pl41n": "pl41n"} {
		cfg, err := Parse("", []byte(strings.Replace(good, "${TOKEN}", ref, 1)), testLookup)
		if err != nil {
			t.Fatal(err)
		}
		if got := cfg.IZKM.ClientToken.Reveal(); got != token {
			t.Errorf("%s: got %q, want %q", ref, got, token)
		}
		asJSON, err := json.Marshal(cfg)
		if err != nil {
			t.Fatal(err)
		}
		shown := fmt.Sprintf("%v %+v %#v %s", cfg.IZKM, cfg, cfg.IZKM, asJSON)
		if strings.Contains(shown, token) {
			t.Errorf("%s: the secret is shown in %s", ref, shown)
		}
	}
}

// A token that cannot be one is not kept, so nothing can send it.
func TestBadSecretIsDropped(t *testing.T) {
	for _, ref := range []string{"file:/lines", "s3cr3t value", "${EMPTY}", "x${TOKEN}"} {
		cfg, err := Parse("", []byte(strings.Replace(good, "${TOKEN}", ref, 1)), testLookup)
		if got := cfg.IZKM.ClientToken.Reveal(); err == nil || got != "" {
			t.Errorf("%s: kept %q, %v", ref, got, err)
		}
	}
}

func TestIsUUID(t *testing.T) {
	for id, want := range map[string]bool{
		"cdf12109-10d3-11e6-8b6f-0050569977a1": true, "CDF12109-10D3-11E6-8B6F-0050569977A1": true,
		"cdf12109010d3011e608b6f00050569977a1": false, "cdf12109-10d3-11e6-8b6f-00505699-7a1": false,
		"cdf1210-910d3-11e6-8b6f-0050569977a1": false, "cdf12109-10d3-11e6-8b6f-0050569977a": false, "": false,
	} {
		if got := isUUID(id); got != want {
			t.Errorf("isUUID(%q) = %v", id, got)
		}
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "linemark.toml")
	text := strings.Replace(good, "${TOKEN}", "file:secrets/token", 1) // relative to the configuration
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Load(path)
	var problems Problems
	if !errors.As(err, &problems) || len(problems) != 1 || problems[0].Key != "izkm.client_token" || problems[0].File != path {
		t.Fatalf("without the token's file: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "secrets"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "secrets", "token"), []byte("f1l3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := Load(path)
	if err != nil || cfg.IZKM.ClientToken.Reveal() != "f1l3" || cfg.Dir != dir {
		t.Errorf("got %+v, %v", cfg, err)
	}

	_, err = Load(filepath.Join(dir, "none.toml"))
	if !errors.As(err, &problems) || len(problems) != 1 || problems[0].Line != 1 || problems[0].Key != "file" {
		t.Errorf("a missing file: %v", err)
	}
}

// A broken file still says where the page with its problems is to be.
func TestBrokenFileSaysWhereToListen(t *testing.T) {
	for text, listen := range map[string]string{
		"":                                 "127.0.0.1:8480",
		"= nonsense":                       "127.0.0.1:8480",
		"[http]\nlisten = \"0.0.0.0:80\"":  "127.0.0.1:80", // nobody has a password
		"[http]\nlisten = \"everywhere\"":  "127.0.0.1:8480",
		"http.listen = 8480\nversion = 77": "127.0.0.1:8480",
	} {
		cfg, err := Parse("", []byte(text), testLookup)
		if err == nil || cfg == nil || cfg.HTTP.Listen != listen || cfg.Agent.Language != "ru" {
			t.Errorf("Parse(%q) = %+v, %v", text, cfg, err)
		}
	}
}

func TestProblemIsOneLine(t *testing.T) {
	p := Problem{File: "a b.toml", Line: 7, Key: "x.\"y\nz\"", What: "is\r\nbad\x1b[31m", Hint: "do\u2028this"}
	if got, want := p.String(), `a b.toml:7: x."y z": is  bad [31m (hint: do this)`; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add(example)
	files, err := filepath.Glob("testdata/bad/*.toml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		cfg, err := Parse("f.toml", text, testLookup)
		if cfg == nil {
			t.Fatal("no Config")
		}
		if err == nil {
			if len(cfg.Products) == 0 || len(cfg.Lines) == 0 || cfg.IZKM.ClientToken.Reveal() == "" {
				t.Errorf("accepted %+v", cfg)
			}
			return
		}
		problems, ok := err.(Problems)
		if !ok || len(problems) == 0 {
			t.Fatalf("the error is %T %v", err, err)
		}
		last := 1 + strings.Count(string(text), "\n")
		for _, p := range problems {
			if p.Line < 1 || p.Line > last || p.Key == "" || p.What == "" || p.Hint == "" {
				t.Errorf("%+v in %d lines", p, last)
			}
			if s := p.String(); strings.ContainsAny(s, "\n\r") {
				t.Errorf("%q is not one line", s)
			}
		}
		if !slices.IsSortedFunc(problems, func(a, b Problem) int { return a.Line - b.Line }) {
			t.Errorf("not sorted:\n%v", err)
		}
	})
}
