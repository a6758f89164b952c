package config

import (
	"os"
	"strings"
	"testing"
	"time"
)

const shippingTables = `
[[printer]]
name = "ship-1"
driver = "fake-picture"
address = "tcp://10.0.0.9:9100"
label = "shipping.zpl"

[ediweb]
url = "https://dapi.example"
id_type = "fns"
org_id = "2BM-1"
auth_header = "Authorization"
auth_value = "Bearer t0k3n"
charset = "windows-1251"
timeout = "90s"
deadline = "48h"

  [ediweb.extra]
  date = "2023"
  key = "l0ng3nough"

[diadoc]
box_id = "box@diadoc.ru"
client_id = "${TOKEN}"
login = "user"
password = "пароль с пробелом"
deadline = "12h"

[shipping]
printer = "ship-1"
inbox = "inbox"
`

// What [ediweb], [diadoc] and [shipping] say is taken, shown without its secrets, and taken again by the schema.
func TestShipping(t *testing.T) {
	base, err := os.ReadFile("testdata/bad/backup.toml")
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(string(base), "[backup]")
	cfg, err := Parse("x.toml", []byte(text+shippingTables), testLookup)
	if err != nil {
		t.Fatal(err)
	}
	e, d := cfg.Ediweb, cfg.Diadoc
	if !e.Configured() || e.IDType != "fns" || e.AuthValue.Reveal() != "Bearer t0k3n" || e.Timeout != 90*time.Second || e.Deadline != 48*time.Hour || e.Extra.Values()["date"] != "2023" {
		t.Errorf("%+v", e)
	}
	if !d.Configured() || d.ClientID.Reveal() != "t0k3n" || d.Password.Reveal() != "пароль с пробелом" || d.Deadline != 12*time.Hour || d.URL != "https://diadoc-api.kontur.ru" {
		t.Errorf("%+v", d)
	}
	shown := string(cfg.TOML())
	for _, secret := range []string{"t0k3n", "пароль", "l0ng3nough"} {
		if strings.Contains(shown, secret) {
			t.Errorf("%s is shown", secret)
		}
	}
	for _, line := range []string{`date = "2023"`, `auth_value = "***"`, `inbox = "inbox"`, "[ediweb.extra]"} {
		if !strings.Contains(shown, line) {
			t.Errorf("%s is not shown in\n%s", line, shown)
		}
	}
	if err := compiled(t).Validate(asJSON(t, []byte(text+strings.ReplaceAll(shippingTables, "fake-picture", "zpl")))); err != nil && !strings.Contains(err.Error(), "driver") {
		t.Error(err)
	}
	plain, err := Parse("x.toml", []byte(text), testLookup)
	if err != nil {
		t.Fatal(err)
	}
	if s := string(plain.TOML()); strings.Contains(s, "ediweb") || strings.Contains(s, "diadoc") || plain.Ediweb.Configured() || plain.Diadoc.Configured() {
		t.Errorf("without the tables they are shown:\n%s", s)
	}
}
