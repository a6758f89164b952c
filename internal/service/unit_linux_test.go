package service

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"linemark/internal/peers"
	"linemark/packaging"
)

// What packages ship is what service install writes for the paths of a package.
func TestUnitIsThePackages(t *testing.T) {
	got, err := Unit(Options{Exe: "/usr/bin/linemark", Config: ConfigPath()})
	if err != nil || got != packaging.Unit {
		t.Errorf("%v\n%s", err, got)
	}
	other, err := Unit(Options{Exe: "/opt/line mark/linemark", Config: "/srv/100%.toml"})
	if err != nil || !strings.Contains(other, "\nExecStart=\"/opt/line mark/linemark\" run --service --config /srv/100%%.toml\n") || strings.Contains(other, "/usr/bin/linemark") {
		t.Errorf("%v\n%s", err, other)
	}
	if _, err := Unit(Options{Exe: "/x", Config: "/etc/a\nExecStartPre=/bin/evil"}); err == nil {
		t.Error("a path has made a line of its own")
	}
}

// What plants rely on in the unit, each as a line of it.
func TestUnitSays(t *testing.T) {
	for _, line := range []string{
		"Type=notify", "WatchdogSec=60", "Restart=always", "RestartSec=5", "StartLimitIntervalSec=0", "ExecReload=/bin/kill -HUP $MAINPID",
		"StateDirectory=linemark", "LogsDirectory=linemark", "ConfigurationDirectory=linemark", "User=linemark", "SupplementaryGroups=dialout",
	} {
		if !strings.Contains(packaging.Unit, "\n"+line+"\n") {
			t.Errorf("no line %q", line)
		}
	}
	if strings.Contains(packaging.Unit, "network-online") || regexp.MustCompile(`(?m)^(After|Wants|Requires)=`).MatchString(packaging.Unit) {
		t.Error("it waits for something")
	}
}

// systemd reads the words of a command line back as they were.
func TestUnitWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.StringMatching(`/[ -~é]{0,20}`).Draw(t, "path")
		if got := readWord(unitWord(want)); got != want {
			t.Fatalf("%q is written %q and read %q", want, unitWord(want), got)
		}
	})
}

// readWord reads one word as systemd.service(5), "Command lines", and systemd.syntax(7), "Quoting", say.
func readWord(s string) string {
	var got strings.Builder
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' && (quoted || i == 0):
			quoted = !quoted
		case !quoted && strings.IndexByte(" \t;'\"", c) >= 0:
			return "two words"
		case c == '\\' || c == '%' || c == '$':
			i++
			if i == len(s) || c != '\\' && s[i] != c {
				return "an escape of its own"
			}
			got.WriteByte(s[i])
		default:
			got.WriteByte(c)
		}
	}
	return got.String()
}

func writeUnit(t *testing.T, o Options) string {
	t.Helper()
	text, err := Unit(o)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "linemark.service")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// systemd itself finds nothing to say about the unit.
func TestUnitVerify(t *testing.T) {
	analyze := peers.Need(t, "systemd-analyze")
	for name, o := range map[string]Options{
		"plain": {Exe: "/bin/true", Config: ConfigPath()},
		"odd":   {Exe: "/bin/true", Config: `/etc/line "mark"/100%$HOME\n;.toml`},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := exec.Command(analyze, "verify", writeUnit(t, o)).CombinedOutput()
			if err != nil || strings.Contains(string(out), "linemark") {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

// What the unit leaves open is at most 2.0 of 10 by systemd's own measure.
func TestUnitExposure(t *testing.T) {
	analyze := peers.Need(t, "systemd-analyze")
	out, err := exec.Command(analyze, "security", "--offline=yes", writeUnit(t, Options{Exe: "/bin/true", Config: ConfigPath()})).CombinedOutput()
	if strings.Contains(string(out), "unrecognized option") {
		t.Skip("this systemd-analyze is too old to measure a unit that is not loaded")
	}
	found := regexp.MustCompile(`Overall exposure level for linemark\.service: ([0-9.]+)`).FindSubmatch(out)
	if err != nil || found == nil {
		t.Fatalf("%v: %s", err, out)
	}
	if level, err := strconv.ParseFloat(string(found[1]), 64); err != nil || level > 2.0 {
		t.Errorf("exposure %s: %s", found[1], out)
	}
}
