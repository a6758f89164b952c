package config

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"linemark/internal/code"
)

// onSmartOne is a line of SmartOne, with what its tables are to say besides.
func onSmartOne(access, line string) string {
	return `version = 1
[agent]
name = "line-3"
data_dir = "/var/lib/linemark"
[smartone]
url = "https://smartone.example/api"
login = "plant"
password = "secret:izkm-token"
signing_key = "credential:izkm"
group = "pharma"
` + access + `
[[product]]
name = "unit"
gtin = "04780012345677"
batches = [124, 123]
assort = "A1"
unit_id = 5
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
[[line]]
name = "3"
` + line + `
  [[line.station]]
  name = "mark"
  kind = "print"
  product = "unit"
  printer = "tij"
  [[line.station]]
  name = "box"
  kind = "pack"
  scanner = "cam"
  capacity = 6
  unit = "sscc"
  sscc_prefix = "0301234567"
  pack = "CASE"
`
}

func TestSmartOne(t *testing.T) {
	cfg, err := Parse("linemark.toml", []byte(onSmartOne(`department = "D1"`, `batch = "B-7"`)), testLookup)
	if err != nil {
		t.Fatal(err)
	}
	want := SmartOne{URL: "https://smartone.example/api", Login: "plant", Password: Secret{value: "st0r3d", ref: "secret:izkm-token"}, SigningKey: "credential:izkm", Group: "pharma",
		Department: "D1", Emission: "retail", ReportCodes: "whole", Lang: "en", Padding: "pkcs1v15", Encoding: "base64", Signed: "plain", Gzip: "always",
		LoginField: "login", PasswordField: "password", TokenField: "token", Timeout: time.Minute, Spacing: 2 * time.Second}
	if !reflect.DeepEqual(cfg.SmartOne, want) || cfg.IZKM != (IZKM{}) {
		t.Errorf("got %+v and %+v", cfg.SmartOne, cfg.IZKM)
	}
	if table, url := cfg.National(); table != "smartone" || url != want.URL || !cfg.OnSmartOne() || cfg.Group() != "pharma" || cfg.Products[0].GroupOr(cfg) != "pharma" {
		t.Errorf("the national system is %s at %s", table, url)
	}
	if p := cfg.Products[0]; !slices.Equal(p.Batches, []int{124, 123}) || p.Assort != "A1" || p.UnitID != 5 || p.Unit != "" || p.TemplateID != 0 {
		t.Errorf("the product is %+v", p)
	}
	// Nothing is told of applied codes, so a group's reports need nothing of the batch.
	for _, group := range cfg.Table.Groups() {
		r, _ := cfg.Table.Rules(group)
		if r.ManualUtilisation || r.Utilisation != (code.UtilisationFields{}) || r.Order != (code.OrderFields{}) {
			t.Errorf("%s has the rules %+v", group, r)
		}
	}
	if cfg.Report.Aggregation.MaxCodes != maxPacked {
		t.Errorf("a report holds %d codes", cfg.Report.Aggregation.MaxCodes)
	}
	shown := string(cfg.TOML())
	for _, line := range []string{"batches = [124, 123]", "password = \"***\"  # from secret:izkm-token", "report_codes = \"whole\"  # default", "pack = \"CASE\""} {
		if !strings.Contains(shown, line) {
			t.Errorf("show lacks %s", line)
		}
	}
	if strings.Contains(shown, "izkm]") || strings.Contains(shown, "query_twin") {
		t.Errorf("show has a table of IZKM:\n%s", shown)
	}
	if keys := cfg.UsesSecret("izkm-token"); !slices.Equal(keys, []string{"smartone.password"}) {
		t.Errorf("the secret is used by %q", keys)
	}
	cfg.SmartOne.SigningKey = "secret:izkm-token"
	if keys := cfg.UsesSecret("izkm-token"); !slices.Equal(keys, []string{"smartone.password", "smartone.signing_key"}) {
		t.Errorf("the secret is used by %q", keys)
	}
	if cfg.SmartOne.SigningKey = "-----BEGIN PRIVATE KEY-----"; !slices.Equal(cfg.SecretsInClear(), []string{"smartone.signing_key"}) {
		t.Errorf("in clear stand %q", cfg.SecretsInClear())
	}
}

// TestSmartOneByBatch: without a department the line's batch is the number of one of SmartOne's.
func TestSmartOneByBatch(t *testing.T) {
	cfg, err := Parse("linemark.toml", []byte(onSmartOne("", `batch = "123"`)), testLookup)
	if err != nil || !cfg.SmartOne.ByBatch() {
		t.Fatalf("by batch %v: %v", cfg.SmartOne.ByBatch(), err)
	}
	_, err = Parse("linemark.toml", []byte(onSmartOne("", `batch = "B-7"`)), testLookup)
	if err == nil || err.Error() != `linemark.toml:30: line.batch: "B-7" is no number (hint: without department, reports go by the batch: write the number of a SmartOne batch, or add department under [smartone])` {
		t.Errorf("says %v", err)
	}
}

// TestSchemaOfTwoSystems: a line has one national system, and what that needs.
func TestSchemaOfTwoSystems(t *testing.T) {
	s := compiled(t)
	text := strings.NewReplacer("fake-identity", "zpl", "fake-scan", "text").Replace(onSmartOne(`department = "D1"`, ""))
	if err := s.Validate(asJSON(t, []byte(text))); err != nil {
		t.Fatalf("refuses what is right: %v", err)
	}
	for _, change := range [][2]string{
		{"assort = \"A1\"\n", ""}, {"unit_id = 5\n", ""}, {"batches = [124, 123]", "batches = [0]"}, {"batches = [124, 123]", "batches = 124"},
		{"[smartone]", "[izkm]"}, {"group = \"pharma\"\n", "group = \"pharma\"\npadding = \"oaep\"\n"},
	} {
		if changed := strings.Replace(text, change[0], change[1], 1); changed == text {
			t.Fatalf("there is no %q", change[0])
		} else if s.Validate(asJSON(t, []byte(changed))) == nil {
			t.Errorf("%q in place of %q is taken", change[1], change[0])
		}
	}
}
