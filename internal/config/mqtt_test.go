package config

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

const onBroker = `
[mqtt]
broker = "tls://broker.plant.example"
username = "line-3"
password = "secret:izkm-token"
ca_file = "mqtt_test.go"
`

func TestMQTT(t *testing.T) {
	cfg, err := Parse("linemark.toml", []byte(good+onBroker), testLookup)
	if err != nil {
		t.Fatal(err)
	}
	m := cfg.MQTT
	if !m.Configured() || m.Every != 5*time.Second || m.Buffer != 1000 || m.Password.Reveal() != "st0r3d" || m.CAFile != "mqtt_test.go" {
		t.Errorf("got %+v", m)
	}
	if m.PrefixOr(cfg) != "linemark/"+cfg.Agent.Name || m.ClientIDOr(cfg) != "linemark-"+cfg.Agent.Name || m.brokerAddress() != "tcp://broker.plant.example:8883" {
		t.Errorf("it is %s as %s at %s", m.PrefixOr(cfg), m.ClientIDOr(cfg), m.brokerAddress())
	}
	if keys := cfg.UsesSecret("izkm-token"); !slices.Contains(keys, "mqtt.password") {
		t.Errorf("the secret is used by %v", keys)
	}
	shown := string(cfg.TOML())
	for _, line := range []string{`broker = "tls://broker.plant.example"`, `password = "***"  # from secret:izkm-token`, `prefix = "linemark/` + cfg.Agent.Name + `"  # default`, `client_id = "linemark-` + cfg.Agent.Name + `"  # default`, `buffer = 1000  # default`} {
		if !strings.Contains(shown, line+"\n") {
			t.Errorf("what is shown has no %q:\n%s", line, shown)
		}
	}
	again(t, "a broker", cfg)
}

// Without a table there is no broker, and none is shown.
func TestNoMQTT(t *testing.T) {
	cfg := parseGood(t)
	if cfg.MQTT.Configured() || cfg.MQTT.brokerAddress() != "" || strings.Contains(string(cfg.TOML()), "mqtt") {
		t.Errorf("got %+v\n%s", cfg.MQTT, cfg.TOML())
	}
}

// What an agent is called may hold what a topic may not; a password goes in the open only within this machine, and
// a plain broker in the plant may be told without one.
func TestMQTTForms(t *testing.T) {
	cfg := &Config{Agent: Agent{Name: "a/b+#"}}
	if got := (MQTT{}).PrefixOr(cfg); got != "linemark/a_b__" {
		t.Errorf("the prefix is %s", got)
	}
	schema := compiled(t)
	text, err := os.ReadFile("testdata/example.toml")
	if err != nil {
		t.Fatal(err)
	}
	example := string(text)
	for _, piece := range []string{
		"broker = \"mqtt://127.0.0.1\"\npassword = \"file:/token\"", "broker = \"mqtt://localhost:1884\"\npassword = \"file:/token\"", `broker = "mqtt://10.0.0.9:1883"`,
		"broker = \"tls://10.0.0.9\"\nprefix = \"plant/marking/3\"\nclient_id = \"x\"\nevery = \"1s\"\nbuffer = 1",
		"broker = \"tls://10.0.0.9\"\nclient_cert = \"mqtt_test.go\"\nclient_key = \"file:/token\"",
	} {
		text := good + "\n[mqtt]\n" + piece + "\n"
		if _, err := Parse("linemark.toml", []byte(text), testLookup); err != nil {
			t.Errorf("%s: %v", piece, err)
		}
		if err := schema.Validate(asJSON(t, []byte(example+"\n[mqtt]\n"+piece+"\n"))); err != nil {
			t.Errorf("the schema on %s: %v", piece, err)
		}
	}
	for _, piece := range []string{`broker = "mqtts://10.0.0.9"`, `broker = "tls://h/x"`, "broker = \"tls://h\"\nprefix = \"a/\"", "broker = \"tls://h\"\nprefix = \"a#\"", "broker = \"tls://h\"\nbuffer = 0"} {
		text := good + "\n[mqtt]\n" + piece + "\n"
		if _, err := Parse("linemark.toml", []byte(text), testLookup); err == nil {
			t.Errorf("the loader takes %s", piece)
		}
		if err := schema.Validate(asJSON(t, []byte(example+"\n[mqtt]\n"+piece+"\n"))); err == nil {
			t.Errorf("the schema takes %s", piece)
		}
	}
}
