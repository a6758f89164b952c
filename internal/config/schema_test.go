package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"linemark/drivers"
)

const schemaInTree = "../../configs/linemark.schema.json"

// The schema in configs is that of the types, dictionaries and drivers as they are now.
func TestSchemaIsUpToDate(t *testing.T) {
	now, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(schemaInTree, now, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	then, err := os.ReadFile(schemaInTree)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytes.ReplaceAll(then, []byte("\r\n"), []byte("\n")), now) {
		t.Error("configs/linemark.schema.json is not what linemark config schema writes: go generate ./cmd/linemark")
	}
}

// compiled also holds the schema against that of JSON schemas.
func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(SchemaFile, document); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(SchemaFile)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// asJSON is a configuration as an editor hands it to a validator.
func asJSON(t *testing.T, text []byte) any {
	t.Helper()
	var table map[string]any
	if err := toml.Unmarshal(text, &table); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(table)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// What run takes, the schema takes.
func TestSchemaTakesWhatIsGood(t *testing.T) {
	s := compiled(t)
	files := []string{"testdata/example.toml", "starter/linemark.toml"}
	ready, err := filepath.Glob("../../configs/*.toml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, ready...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(asJSON(t, text)); err != nil {
			t.Errorf("%s: %#v", file, err)
		}
	}
	for _, driver := range manualsOf("printer") {
		files, err := Starter{Group: "pharma", Printer: StarterDevice{Driver: driver}, Boxes: 6, Pallets: 2}.Files()
		if err != nil && driver != "dynamark" {
			t.Fatal(err)
		}
		if err := s.Validate(asJSON(t, files["linemark.toml"])); err != nil {
			t.Errorf("a starter for %s: %v", driver, err)
		}
	}
	for _, m := range drivers.Manuals() { // with all that stands in comments, too
		sample := readSample(m)
		for _, options := range []map[string]any{sample.options, sample.more} {
			device := map[string]any{"name": "x", "driver": m.Name, "address": sample.address}
			for key, value := range options {
				device[key] = value
			}
			if err := s.Validate(with(t, m.Kind, device)); err != nil {
				t.Errorf("%s %s: %v", m.Kind, m.Name, err)
			}
		}
	}
}

// with is the example with one more device.
func with(t *testing.T, section string, device map[string]any) any {
	t.Helper()
	text, err := os.ReadFile("testdata/example.toml")
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := toml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	file[section] = []any{device}
	b, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// What the schema can see, it refuses as config check does.
func TestSchemaRefuses(t *testing.T) {
	s := compiled(t)
	text, err := os.ReadFile("testdata/example.toml")
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range []struct{ was, is string }{
		{"version = 1", "version = 2"},
		{`name     = "line-3"`, ""},
		{`language = "ru"`, `language = "de"`},
		{"[http]", "[htp]"},
		{`url            = "https://izkm.example"`, `url = "izkm.example"`},
		{`timeout        = "30s"`, `timeout = 30`},
		{`timeout        = "30s"`, `timeout = "30"`},
		{`timeout        = "30s"`, `timeout = "-30s"`},
		{`gtin           = "04780012345677"`, `gtin = "4780012345677"`},
		{"order_quantity = 10000", "order_quantity = 150001"},
		{"order_quantity = 10000", `order_quantity = "10000"`},
		{`cis_type       = "UNIT"`, `cis_type = "unit"`},
		{`driver  = "zpl"`, `driver = "zpi"`},
		{`label   = "labels/unit.zpl"`, `lable = "labels/unit.zpl"`},
		{`label   = "labels/unit.zpl"`, ``},
		{`label   = "labels/unit.zpl"`, "label = \"labels/unit.zpl\"\nterminator = \"\""},
		{`label   = "labels/unit.zpl"`, "label = \"labels/unit.zpl\"\ngs1 = \"yes\""},
		{`no_read    = "NOREAD"`, `no_read = 1`},
		{`unit       = 1`, `unit = 256`},
		{`products = "holding:100:uint32"`, `products = 100`},
		{`kind    = "print"`, `kind = "prnt"`},
		{`ahead   = 8`, `capacity = 8`},
		{`ahead   = 8`, `ahead = 0`},
		{`printer = "tij-1"`, ``},
		{`stop       = "plc-1.stop"`, ``},
		{`reject     = "plc-1.reject"`, ``},
		{`reject     = "plc-1.reject"`, `reject = "reject"`},
		{`sscc_prefix = "0301234567"`, `sscc_prefix = "301234567"`},
		{`capacity = 6`, ``},
		{`usage_type = "VERIFIED"`, `usage_type = "SEEN"`},
		{`max_codes = 11000`, `max_codes = 11001`},
	} {
		if !bytes.Contains(text, []byte(change.was)) {
			t.Fatalf("the example has no %s", change.was)
		}
		changed := bytes.Replace(text, []byte(change.was), []byte(change.is), 1)
		if err := s.Validate(asJSON(t, changed)); err == nil {
			t.Errorf("%s in place of %s is taken", change.is, change.was)
		}
		if _, err := Parse("x.toml", changed, testLookup); err == nil {
			t.Errorf("%s in place of %s is taken by the loader", change.is, change.was)
		}
	}
}

// A word, a bound or a required key of the schema is one that the loader goes by.
func TestSchemaSaysWhatTheLoaderDoes(t *testing.T) {
	for _, kind := range stationKinds {
		text := strings.Replace(good, `kind = "print"
product = "unit"
printer = "tij"
`, "kind = \""+kind+"\"\n", 1)
		_, err := Parse("x.toml", []byte(text), testLookup)
		var missing []string
		for _, p := range err.(Problems) {
			if key, ok := strings.CutPrefix(p.Key, "line.station."); ok && p.What == "is missing" && p.Line < 50 {
				missing = append(missing, key)
			}
		}
		for _, key := range neededBy(kind) {
			if !slices.Contains(missing, key) {
				t.Errorf("a %s station does not need %s, by the loader; it misses %q", kind, key, missing)
			}
		}
	}
	for name := range factsOf {
		typ, field, _ := strings.Cut(name, ".")
		of, ok := map[string]reflect.Type{"Config": reflect.TypeFor[Config](), "Agent": reflect.TypeFor[Agent](), "HTTP": reflect.TypeFor[HTTP](), "IZKM": reflect.TypeFor[IZKM](), "SmartOne": reflect.TypeFor[SmartOne](),
			"Factory": reflect.TypeFor[Factory](), "Group": reflect.TypeFor[Group](), "Structure": reflect.TypeFor[Structure](), "Product": reflect.TypeFor[Product](),
			"Device": reflect.TypeFor[Device](), "Line": reflect.TypeFor[Line](), "Station": reflect.TypeFor[Station](), "Report": reflect.TypeFor[Report](),
			"Utilisation": reflect.TypeFor[Utilisation](), "Aggregation": reflect.TypeFor[Aggregation](), "Record": reflect.TypeFor[Record](),
			"Ediweb": reflect.TypeFor[Ediweb](), "Diadoc": reflect.TypeFor[Diadoc](), "Metrics": reflect.TypeFor[Metrics](), "MQTT": reflect.TypeFor[MQTT]()}[typ]
		if !ok {
			t.Errorf("%s: there is no such type", name)
			continue
		}
		if _, ok := of.FieldByName(field); !ok {
			t.Errorf("%s: there is no such field", name)
		}
	}
}

// Every setting has a description, and so has every setting of a driver; every key of a driver's sample is
// one that the driver reads, and the other way round.
func TestEverySettingIsDescribed(t *testing.T) {
	about, err := comments()
	if err != nil {
		t.Fatal(err)
	}
	var look func(reflect.Type)
	look = func(table reflect.Type) {
		if about[table.Name()] == "" {
			t.Errorf("%s has no comment in the files of source", table.Name())
		}
		for f := range fieldsOf(table) {
			tag := f.Tag.Get("toml")
			if tag == "" || tag == "-" || strings.HasPrefix(tag, ",") {
				continue
			}
			of := f.Type
			if of.Kind() == reflect.Slice {
				of = of.Elem()
			}
			if of.Kind() == reflect.Struct && of != secretType {
				look(of)
			} else if about[table.Name()+"."+f.Name] == "" {
				t.Errorf("%s.%s has no comment", table.Name(), f.Name)
			}
		}
	}
	look(reflect.TypeFor[Config]())
	for _, m := range drivers.Manuals() {
		sample, known := readSample(m), []string{"name", "driver", "address"}
		for _, d := range settingsOfDriver(m) {
			known = append(known, d.Key)
			if d.about == "" {
				t.Errorf("%s %s: the sample says nothing of %s", m.Kind, m.Name, d.Key)
			}
		}
		for _, key := range sample.order {
			if !slices.Contains(known, key) {
				t.Errorf("%s %s: the sample has %s, which the driver does not read", m.Kind, m.Name, key)
			}
		}
	}
}

// Every secret of the types is known to be one where a syntax error stands beside it.
func TestSecretKeys(t *testing.T) {
	var look func(reflect.Type)
	look = func(table reflect.Type) {
		for f := range fieldsOf(table) {
			of := f.Type
			if of.Kind() == reflect.Slice {
				of = of.Elem()
			}
			name, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
			switch {
			case of == secretType && !slices.Contains(secretKeys, name):
				t.Errorf("%s.%s is no known key of a secret", table.Name(), f.Name)
			case of.Kind() == reflect.Struct && of != secretType && name != "-" && name != "":
				look(of)
			}
		}
	}
	look(reflect.TypeFor[Config]())
}

func TestNoDriverForASchema(t *testing.T) {
	if err := askDriver("plc", "none", drivers.Settings{}, nil); !speaksOf(err, "driver") || speaksOf(err, "address") || speaksOf(errors.New("driver"), "driver") {
		t.Errorf("%v", err)
	}
}
