package metrics

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v2"

	"linemark/internal/peers"
)

const (
	rulesFile     = "../../configs/prometheus-rules.yml"
	dashboardFile = "../../configs/grafana-dashboard.json"
)

// rules are what the file of alert rules holds.
type rules struct {
	Groups []struct {
		Name  string
		Rules []struct {
			Alert       string
			Expr        string
			For         string
			Labels      map[string]string
			Annotations map[string]string
		}
	}
}

func readRules(t *testing.T) rules {
	t.Helper()
	text, err := os.ReadFile(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	var r rules
	if err := yaml.UnmarshalStrict(text, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// dashboard is what a dashboard asks.
type dashboard struct {
	Title  string
	Panels []struct {
		Title   string
		Targets []struct{ Expr string }
	}
	Templating struct {
		List []struct{ Name, Definition string }
	}
}

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	text, err := os.ReadFile(dashboardFile)
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

var (
	metricName = regexp.MustCompile(`linemark_[a-z_]+`)
	selector   = regexp.MustCompile(`(linemark_[a-z_]+)\{([^}]*)\}`)
	labelName  = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)`)
)

// known are the families with their labels, histograms by the names of their parts.
func known(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for line := range strings.Lines(kinds(gather(t, whole()))) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		labels := append(strings.Split(fields[2], ","), "instance", "job")
		if fields[1] != "histogram" {
			all[fields[0]] = labels
			continue
		}
		for _, part := range []string{"_bucket", "_sum", "_count"} {
			all[fields[0]+part] = append(labels, "le")
		}
	}
	return all
}

// asks holds an expression against the metrics that there are.
func asks(wrong func(format string, args ...any), who, expr string, known map[string][]string) {
	names := metricName.FindAllString(expr, -1)
	if len(names) == 0 {
		wrong("%s asks for no metric: %s", who, expr)
	}
	for _, name := range names {
		if known[name] == nil {
			wrong("%s asks for %s, which nobody tells", who, name)
		}
	}
	for _, s := range selector.FindAllStringSubmatch(expr, -1) {
		for _, l := range labelName.FindAllStringSubmatch(s[2], -1) {
			if !slices.Contains(known[s[1]], l[1]) {
				wrong("%s asks for the label %s of %s", who, l[1], s[1])
			}
		}
	}
}

// TestRules: every alert is about something that is told, says how bad it is, and what it is about.
func TestRules(t *testing.T) {
	told := known(t)
	seen := map[string]bool{}
	for _, g := range readRules(t).Groups {
		for _, r := range g.Rules {
			asks(t.Errorf, r.Alert, r.Expr, told)
			if seen[r.Alert] || r.Alert == "" || !slices.Contains([]string{"critical", "warning"}, r.Labels["severity"]) || r.Annotations["summary"] == "" {
				t.Errorf("the rule %+v", r)
			}
			seen[r.Alert] = true
		}
	}
	for _, name := range []string{"Down", "LineStopped", "StockLow", "ReportOverdue", "LedgerNotOK", "DeviceDown", "DiskLow", "NationalSystemAway", "ClockSkew", "BackupOld"} {
		if !seen["Linemark"+name] {
			t.Errorf("there is no alert Linemark%s", name)
		}
	}
}

func TestDashboard(t *testing.T) {
	told, d, targets := known(t), readDashboard(t), 0
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			asks(t.Errorf, p.Title, target.Expr, told)
			targets++
		}
	}
	for _, v := range d.Templating.List {
		if v.Definition != "" {
			asks(t.Errorf, v.Name, v.Definition, told)
		}
	}
	if d.Title != "linemark" || len(d.Panels) < 10 || targets < len(d.Panels) {
		t.Errorf("%s has %d panels with %d targets", d.Title, len(d.Panels), targets)
	}
}

// What the test of the files looks for, it finds.
func TestAsksFinds(t *testing.T) {
	for _, expr := range []string{"linemark_upp", `linemark_device_up{state="x"}`, "up == 0"} {
		wrong := false
		asks(func(string, ...any) { wrong = true }, "x", expr, known(t))
		if !wrong {
			t.Errorf("%s is taken", expr)
		}
	}
}

// Prometheus' own tool takes the rules, and every expression of the dashboard.
func TestPromtoolRules(t *testing.T) {
	tool := peers.Need(t, "promtool")
	if out, err := exec.Command(tool, "check", "rules", rulesFile).CombinedOutput(); err != nil || !strings.Contains(string(out), "SUCCESS") {
		t.Errorf("%v\n%s", err, out)
	}
	var asRules strings.Builder
	asRules.WriteString("groups:\n- name: dashboard\n  rules:\n")
	n := 0
	for _, p := range readDashboard(t).Panels {
		for _, target := range p.Targets {
			expr, err := json.Marshal(strings.NewReplacer("$__rate_interval", "1m", "$instance", ".*", "$line", ".*").Replace(target.Expr))
			if err != nil {
				t.Fatal(err)
			}
			n++
			asRules.WriteString("  - {record: 'x:" + strings.Repeat("y", n) + "', expr: " + string(expr) + "}\n")
		}
	}
	file := t.TempDir() + "/dashboard.yml"
	if err := os.WriteFile(file, []byte(asRules.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tool, "check", "rules", file).CombinedOutput(); err != nil || !strings.Contains(string(out), "SUCCESS") {
		t.Errorf("%v\n%s", err, out)
	}
}
