package config

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"linemark/drivers"
	"linemark/internal/code"
)

// lay writes a starter's files into a folder and loads them.
func lay(t *testing.T, files map[string][]byte) (*Config, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		to := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, text, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("LINEMARK_IZKM_TOKEN", "t0k3n")
	return Load(filepath.Join(dir, "linemark.toml"))
}

func manualsOf(section string) (names []string) {
	for _, m := range drivers.Manuals() {
		if m.Kind == section {
			names = append(names, m.Name)
		}
	}
	return names
}

// Every printer driver and every group make a file that run takes. The one that cannot carry a code with a
// quotation mark is refused with its own reason, and nothing else is.
func TestComposeEveryPrinterAndGroup(t *testing.T) {
	for _, driver := range manualsOf("printer") {
		for _, group := range (code.Table{}).Groups() {
			t.Run(driver+"/"+group, func(t *testing.T) {
				files, err := Starter{Group: group, Printer: StarterDevice{Driver: driver}, Boxes: 6, Pallets: 20}.Files()
				if problems, ok := errors.AsType[Problems](err); ok && driver == "dynamark" {
					if len(problems) != 1 || problems[0].Key != "line.station.printer" || !strings.Contains(problems[0].What, `is 22 ("), which ends a text of the protocol`) {
						t.Errorf("refused with\n%v", err)
					}
					return
				}
				if err != nil {
					t.Fatalf("%v\n%s", err, files["linemark.toml"])
				}
				cfg, err := lay(t, files)
				if err != nil {
					t.Fatalf("%v\n%s", err, files["linemark.toml"])
				}
				if driver == "dynamark" {
					t.Error("codes with a quotation mark would go to a laser that cannot take them")
				}
				if cfg.Printers[0].Driver != driver || cfg.IZKM.Group != group || len(cfg.Lines[0].Stations) != 4 {
					t.Errorf("%s, %s, %d stations", cfg.Printers[0].Driver, cfg.IZKM.Group, len(cfg.Lines[0].Stations))
				}
				_, err = code.Table{}.Profile(group, code.Group)
				if boxed := cfg.Lines[0].Stations[2].Unit != SSCC; boxed != (err == nil) {
					t.Errorf("boxes have the unit %q", cfg.Lines[0].Stations[2].Unit)
				}
			})
		}
	}
}

// On SmartOne every group makes a file that run takes, with boxes and without.
func TestComposeSmartOne(t *testing.T) {
	key, err := anyKey()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("LINEMARK_SMARTONE_PASSWORD", "w0rd")
	if _, err := (Starter{SmartOne: true}).Files(); err == nil || !strings.Contains(err.Error(), "nothing would be reported") {
		t.Errorf("without boxes: %v", err)
	}
	for _, group := range (code.Table{}).Groups() {
		for _, s := range []Starter{{Boxes: 6, Pallets: 20}, {Boxes: 6}, {Preprinted: true, Boxes: 6}, {NoPLC: true, Boxes: 6, Pallets: 2}} {
			s.SmartOne, s.Group = true, group
			files, err := s.Files()
			if err != nil {
				t.Fatalf("%+v: %v\n%s", s, err, files["linemark.toml"])
			}
			if files["signing-key.pem"] != nil {
				t.Fatal("a key is given away")
			}
			files["signing-key.pem"] = key
			cfg, err := lay(t, files)
			if err != nil || !cfg.OnSmartOne() || cfg.SmartOne.Group != group || (len(cfg.Products[0].Batches) == 0) != s.Preprinted {
				t.Errorf("%+v: %v\n%s", s, err, files["linemark.toml"])
			}
		}
	}
}

func TestComposeChoices(t *testing.T) {
	kinds := func(cfg *Config) (all []string) {
		for _, s := range cfg.Lines[0].Stations {
			all = append(all, s.Kind)
		}
		return all
	}
	for _, driver := range manualsOf("printer") { // of boxes, with a group code and with a transport code
		for _, group := range []string{"water", "pharma"} {
			files, err := Starter{Group: group, BoxPrinter: StarterDevice{Driver: driver}, Boxes: 1}.Files()
			if driver == "dynamark" && group == "water" {
				if err == nil {
					t.Error("dynamark: group codes go to it")
				}
				continue
			}
			if err != nil {
				t.Errorf("boxes of %s by %s: %v", group, driver, err)
				continue
			}
			cfg, err := lay(t, files)
			if err != nil {
				t.Errorf("boxes of %s by %s: %v\n%s", group, driver, err, files["linemark.toml"])
			} else if s := cfg.Lines[0].Stations; len(s) != 3 || s[2].Capacity != 1 {
				t.Errorf("boxes of %s by %s: %+v", group, driver, s)
			}
		}
	}
	for _, driver := range manualsOf("scanner") {
		files, err := Starter{Scanner: StarterDevice{driver, "tcp://192.168.1.1:5000"}, Boxes: 6}.Files()
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := lay(t, files)
		if err != nil || cfg.Scanners[0].Address != "tcp://192.168.1.1:5000" || cfg.Scanners[1].Driver != driver || cfg.Scanners[1].Address == cfg.Scanners[0].Address {
			t.Errorf("%s: %v, %+v", driver, err, cfg.Scanners)
		}
	}
	for name, c := range map[string]struct {
		s     Starter
		kinds []string
		usage string
	}{
		"no boxes":              {Starter{}, []string{"print", "verify"}, "VERIFIED"},
		"no PLC":                {Starter{NoPLC: true, Boxes: 6, Pallets: 2}, []string{"print", "pack", "pack"}, "PRINTED"},
		"no PLC, no boxes":      {Starter{NoPLC: true, Printer: StarterDevice{Driver: "zipher"}}, []string{"print"}, "PRINTED"},
		"printed":               {Starter{Preprinted: true, Boxes: 6}, []string{"verify", "pack"}, "VERIFIED"},
		"printed, without PLC":  {Starter{Preprinted: true, NoPLC: true, Boxes: 6}, []string{"pack"}, "VERIFIED"},
		"printed pharma, boxed": {Starter{Group: "pharma", Preprinted: true, Boxes: 6, Pallets: 1}, []string{"verify", "pack", "pack"}, "VERIFIED"},
	} {
		files, err := c.s.Files()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		cfg, err := lay(t, files)
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, files["linemark.toml"])
			continue
		}
		if got := kinds(cfg); !slices.Equal(got, c.kinds) || cfg.Report.Utilisation.UsageType != c.usage || len(cfg.PLCs) == 0 != c.s.NoPLC {
			t.Errorf("%s: stations %q, reported as %s, %d PLCs", name, got, cfg.Report.Utilisation.UsageType, len(cfg.PLCs))
		}
	}
}

func TestComposeRefuses(t *testing.T) {
	for want, s := range map[string]Starter{
		`group: "milk" is unknown`:              {Group: "milk"},
		`printer: no driver named "zpi"`:        {Printer: StarterDevice{Driver: "zpi"}},
		`printer: no driver named "epson"`:      {BoxPrinter: StarterDevice{Driver: "epson"}, Boxes: 6},
		`scanner: no driver named "zpl"`:        {Scanner: StarterDevice{Driver: "zpl"}},
		`plc: no driver named "s7"`:             {PLC: StarterDevice{Driver: "s7"}},
		"boxes: a pallet takes boxes, and":      {Pallets: 3},
		"boxes: a pallet takes boxes, and a bo": {Boxes: -1},
		"plc: without a PLC and without boxes":  {NoPLC: true, Preprinted: true},
	} {
		files, err := s.Files()
		choice, ok := errors.AsType[*ChoiceError](err)
		if !ok || !strings.HasPrefix(choice.Problem, want) || choice.Hint == "" || files != nil {
			t.Errorf("%v, want %q", err, want)
		}
	}
	// What only the loader sees comes as its problems: a printer that confirms nothing, and no camera.
	_, err := Starter{NoPLC: true, Printer: StarterDevice{Driver: "ngpcl"}}.Files()
	if problems, ok := errors.AsType[Problems](err); !ok || problems[0].File != "linemark.toml" || !strings.Contains(err.Error(), "confirms nothing") {
		t.Errorf("%v", err)
	}
}

// A label that shows a date is not printed for a batch without one: it shows those that the group's
// reports need, and no heading is left over.
func TestComposeDates(t *testing.T) {
	for group, want := range map[string][]string{"water": nil, "beer": {"production_date"}, "pharma": {"expiration_date", "production_date"}} {
		for _, driver := range []string{"zpl", "tspl", "sbpl"} {
			files, err := Starter{Group: group, Printer: StarterDevice{Driver: driver}, BoxPrinter: StarterDevice{Driver: driver}, Boxes: 6}.Files()
			if err != nil {
				t.Fatal(err)
			}
			found := map[string]bool{}
			for name, text := range files {
				if !strings.HasPrefix(name, "labels/") {
					continue
				}
				for _, date := range []string{"production_date", "expiration_date"} {
					if strings.Contains(string(text), date) {
						found[date] = true
					}
				}
				for heading, date := range map[string]string{"PROD": "production_date", "EXP": "expiration_date"} {
					if strings.Contains(string(text), heading) && !strings.Contains(string(text), date) {
						t.Errorf("%s for %s: the heading %s stands alone\n%s", name, group, heading, text)
					}
				}
				if strings.Contains(string(text), "without dates") {
					t.Errorf("%s for %s still tells of dates", name, group)
				}
			}
			if got := slices.Sorted(maps.Keys(found)); group != "pharma" && !slices.Equal(got, want[:min(len(want), len(got))]) || group == "pharma" && !slices.Equal(got, []string{"expiration_date"}) {
				t.Errorf("%s, %s: dates %q", group, driver, got)
			}
		}
	}
}
