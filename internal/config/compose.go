package config

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	_ "embed"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"text/template"

	"linemark/drivers"
	"linemark/internal/code"
	"linemark/internal/secrets"
)

//go:embed starter/compose.tmpl
var composed string

// Starter says what the first file of a line is to have. The zero value of Group is water, that of a
// device's driver the usual one.
type Starter struct {
	SmartOne   bool // the national system, in place of IZKM
	Group      string
	Printer    StarterDevice // of the units
	BoxPrinter StarterDevice
	Scanner    StarterDevice
	PLC        StarterDevice
	NoPLC      bool // nothing can be rejected: the units are reported as printed, or as packed
	Boxes      int  // units in a box; 0: no boxes
	Pallets    int  // boxes on a pallet; 0: no pallets
	Preprinted bool // the units' labels come printed
}

// StarterDevice is a driver and an address; either may be empty.
type StarterDevice struct{ Driver, Address string }

// Files returns the configuration, as linemark.toml, and what it names, by their paths in slashes. The file
// has no problems once LINEMARK_IZKM_TOKEN is set, or LINEMARK_SMARTONE_PASSWORD and signing-key.pem are there. The error is Problems where the choice cannot work:
// a printer that cannot carry the codes of the group, above all.
func (s Starter) Files() (map[string][]byte, error) {
	s.usual()
	c := &composer{Starter: s, files: map[string][]byte{}, ports: map[string]bool{}}
	if err := c.plan(); err != nil {
		return nil, err
	}
	schema, err := Schema()
	if err != nil {
		return nil, err
	}
	c.files[SchemaFile] = schema
	return c.files, c.prove()
}

// usual fills in what was not said.
func (s *Starter) usual() {
	for _, d := range []struct {
		driver *string
		usual  string
	}{{&s.Group, "water"}, {&s.Printer.Driver, "zpl"}, {&s.BoxPrinter.Driver, "zpl"}, {&s.Scanner.Driver, "text"}, {&s.PLC.Driver, "modbus"}} {
		if *d.driver == "" {
			*d.driver = d.usual
		}
	}
}

// composer puts a file together. The exported fields are the template's.
type composer struct {
	Starter
	Rules      code.Rules
	Unit, Pack string   // the products' names
	GroupPacks bool     // boxes bear group codes
	Batches    string   // what batch start must be told; empty: nothing
	Devices    []string // their tables
	Ahead      int

	UnitPrinter string
	Verified    bool // there is a check station
	Bare        bool // the box station is the line's first
	BoxCheck    bool // the box printer confirms nothing
	Usage       string

	files map[string][]byte
	ports map[string]bool // that are given
}

// plan decides what stands in the file, and writes it.
func (c *composer) plan() error {
	var known bool
	if c.Rules, known = (code.Table{}).Rules(c.Group); !known {
		return wrongChoice("group", "%q is unknown", suggest(c.Group, code.Table{}.Groups(), ""), c.Group)
	}
	if c.Boxes < 0 || c.Pallets < 0 || c.Pallets > 0 && c.Boxes == 0 {
		return wrongChoice("boxes", "a pallet takes boxes, and a box one unit or more", "give --boxes and --pallets 1 or more, or --no-boxes")
	}
	if c.SmartOne {
		c.Rules = ofNoReport(c.Rules)
	}
	c.Unit, c.Pack = c.Group+"-unit", c.Group+"-box"
	_, err := (code.Table{}).Profile(c.Group, code.Group)
	c.GroupPacks = c.Boxes > 0 && err == nil
	var batch []string
	for _, b := range []struct {
		needed bool
		name   string
	}{{c.Rules.Utilisation.ProductionDate, "the production date"}, {c.Rules.Utilisation.ExpirationDate, "the expiration date"}, {c.Rules.Utilisation.SeriesNumber, "the series"}} {
		if b.needed {
			batch = append(batch, b.name)
		}
	}
	c.Batches = strings.Join(batch, ", ")
	c.Verified, c.Usage = !c.NoPLC, usageVerified
	c.Bare = c.Preprinted && c.NoPLC
	if c.SmartOne && c.Boxes == 0 {
		return wrongChoice("boxes", "SmartOne is told of packing alone: without boxes nothing would be reported", "leave --no-boxes out")
	}
	if c.NoPLC && !c.Preprinted {
		c.Usage = usagePrinted
	}
	if c.Bare && c.Boxes == 0 {
		return wrongChoice("plc", "without a PLC and without boxes nothing is left to do with labels that come printed", "leave --no-plc or --no-boxes out")
	}
	if err := c.devices(); err != nil {
		return err
	}
	return c.write()
}

// devices makes the tables of all devices, in the order of the file.
func (c *composer) devices() error {
	if !c.Preprinted {
		c.UnitPrinter = "unit-1"
		traits, err := c.printer(c.UnitPrinter, c.Printer, "unit")
		if err != nil {
			return err
		}
		c.Ahead = 8
		if traits.MaxAhead > 0 {
			c.Ahead = min(c.Ahead, traits.MaxAhead)
		}
		if c.Usage == usagePrinted && traits.Confirms == drivers.ConfirmsCount {
			c.Ahead = 1
		}
	}
	if c.Boxes > 0 {
		kind := "box"
		if !c.GroupPacks {
			kind = "box-sscc"
		}
		traits, err := c.printer("box-1", c.BoxPrinter, kind)
		if err != nil {
			return err
		}
		c.BoxCheck = traits.Confirms == drivers.ConfirmsNothing && c.GroupPacks
	}
	var scanners []string
	for _, s := range []struct {
		name  string
		there bool
	}{{"cam-1", c.Verified}, {"cam-2", c.Boxes > 0}, {"cam-3", c.BoxCheck}} {
		if s.there {
			scanners = append(scanners, s.name)
		}
	}
	for i, name := range scanners {
		d := c.Scanner
		if i > 0 {
			d.Address = "" // the one that was given is the first one's
		}
		if err := c.device("scanner", name, d, nil); err != nil {
			return err
		}
	}
	if c.Verified {
		return c.device("plc", "plc-1", c.PLC, nil)
	}
	return nil
}

// device adds the table of a device.
func (c *composer) device(section, name string, d StarterDevice, more []setting) error {
	m, err := manualOf(section, d.Driver)
	if err != nil {
		return err
	}
	s := readSample(m)
	if d.Address == "" {
		d.Address = c.address(s.address)
	}
	c.ports[d.Address] = true
	settings := append([]setting{{key: "name", value: quoted(name)}, {key: "address", value: quoted(d.Address)}}, more...)
	c.Devices = append(c.Devices, set(m.Sample, settings))
	return nil
}

// address is a place on this machine, where linemark sim can stand in for the device: with the port that
// is usual for it, or the next free one.
func (c *composer) address(usual string) string {
	scheme, rest, _ := strings.Cut(usual, "://")
	port := 0
	if _, err := fmt.Sscanf(rest[strings.LastIndexByte(rest, ':')+1:], "%d", &port); err != nil {
		return usual // a serial port
	}
	if port < 1024 {
		port += 1000 // others need an administrator to simulate them
	}
	for ; ; port++ {
		if a := fmt.Sprintf("%s://127.0.0.1:%d", scheme, port); !c.ports[a] {
			return a
		}
	}
}

func (c *composer) write() error {
	t, err := template.New("linemark.toml").Funcs(template.FuncMap{"quote": quoted}).Parse(composed)
	if err != nil {
		return err
	}
	var b strings.Builder
	if err := t.Execute(&b, c); err != nil {
		return err
	}
	c.files["linemark.toml"] = []byte(b.String())
	return nil
}

// prove loads what was written as run does.
func (c *composer) prove() error {
	files := c.files
	if c.SmartOne {
		key, err := anyKey()
		if err != nil {
			return err
		}
		files = maps.Clone(files)
		files["signing-key.pem"] = key
	}
	return inFolder(files, func(dir string) error {
		token := Lookup{Env: func(string) (string, bool) { return "token", true }, File: secrets.Read}
		_, err := Parse(filepath.Join(dir, "linemark.toml"), c.files["linemark.toml"], token)
		problems, ok := errors.AsType[Problems](err)
		for i := range problems {
			problems[i].File = "linemark.toml"
		}
		if ok {
			return problems
		}
		return err
	})
}

// anyKey stands in for the manufacturer's while a file is tried.
var anyKey = sync.OnceValues(func() ([]byte, error) {
	const bits = 2048
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return nil, fmt.Errorf("making a key to try the file with: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), nil
})

// inFolder lays files into a folder that is gone afterwards: drivers read their labels from the disk.
func inFolder(files map[string][]byte, do func(dir string) error) error {
	dir, err := os.MkdirTemp("", "linemark-init-")
	if err != nil {
		return fmt.Errorf("making a folder to try the file in: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // the system clears what is left of its temporary folder
	for name, text := range files {
		to := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o700), os.WriteFile(to, text, 0o600)); err != nil {
			return fmt.Errorf("trying the file: %w", err)
		}
	}
	return do(dir)
}

func manualOf(section, driver string) (drivers.Manual, error) {
	var known []string
	for _, m := range drivers.Manuals() {
		if m.Kind == section && m.Name == driver {
			return m, nil
		}
		if m.Kind == section {
			known = append(known, m.Name)
		}
	}
	slices.Sort(known)
	return drivers.Manual{}, wrongChoice(section, "no driver named %q", suggest(driver, known, ""), driver)
}

// ChoiceError is what cannot be chosen.
type ChoiceError struct{ Problem, Hint string }

func (e *ChoiceError) Error() string { return e.Problem }

func wrongChoice(what, problem, hint string, args ...any) error {
	return &ChoiceError{what + ": " + fmt.Sprintf(problem, args...), hint}
}

// labelPath is where a label lies beside the file.
func labelPath(kind, language string) string { return path.Join("labels", kind+"."+language) }
