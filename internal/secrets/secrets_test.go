package secrets

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestStore(t *testing.T) {
	s := Beside(t.TempDir())
	if names, err := s.Names(); len(names) != 0 || err != nil {
		t.Errorf("an empty store has %q, %v", names, err)
	}
	if err := s.Remove("izkm-token"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("removing nothing: %v", err)
	}
	for name, value := range map[string]string{"izkm-token": "t0k3n", "pc.key": "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n", "X_1": "\x00\xff"} {
		if err := s.Set(name, []byte(value)); err != nil {
			t.Fatal(err)
		}
		if got, err := Open(s.Path(name)); err != nil || string(got) != value {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if err := s.Set("izkm-token", []byte("other")); err != nil {
		t.Fatal(err)
	}
	if got, err := Open(s.Path("izkm-token")); err != nil || string(got) != "other" {
		t.Errorf("stored anew: %q, %v", got, err)
	}
	if names, err := s.Names(); !slices.Equal(names, []string{"X_1", "izkm-token", "pc.key"}) || err != nil {
		t.Errorf("%q, %v", names, err)
	}
	if err := s.Remove("pc.key"); err != nil {
		t.Error(err)
	}
	if _, err := Open(s.Path("pc.key")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("removed, and yet %v", err)
	}
	all, err := os.ReadDir(s.dir)
	if err != nil || len(all) != 2 {
		t.Errorf("the folder has %v, %v", all, err)
	}
}

func TestStoreRefuses(t *testing.T) {
	s := Beside(t.TempDir())
	for _, name := range []string{"", ".", "..", "../x", "a/b", `a\b`, "-x", ".x", "a b", "ключ", strings.Repeat("x", 65)} {
		if CheckName(name) == "" || s.Set(name, []byte("x")) == nil || s.Remove(name) == nil {
			t.Errorf("%q is taken for a name", name)
		}
	}
	for _, value := range [][]byte{nil, {}, bytes.Repeat([]byte("x"), most+1)} {
		if err := s.Set("x", value); err == nil || strings.Contains(err.Error(), "xx") {
			t.Errorf("%d bytes: %v", len(value), err)
		}
	}
}

// The accounts of Windows that stand for many people, each by itself beside those that may read.
func TestOpenTo(t *testing.T) {
	system, admins, person := right{"S-1-5-18", 0x1f01ff}, right{"S-1-5-32-544", 0x1f01ff}, right{"S-1-5-21-1-2-3-1001", 0x1f01ff}
	for _, c := range []struct {
		list []right
		want string
	}{
		{nil, ""},
		{[]right{system, admins, person}, ""},
		{[]right{system, {"S-1-5-80-1-2-3", 0x120089}}, ""},
		{[]right{system, {"S-1-5-32-545", 0x1200a9}}, "Users can read it"},
		{[]right{{"S-1-1-0", 0x80000000}}, "Everyone can read it"},
		{[]right{{"S-1-1-0", 0x10000000}}, "Everyone can read it"},
		{[]right{{"S-1-5-11", 0x2}}, "Authenticated Users can change it"},
		{[]right{{"S-1-5-11", 0x40000}}, "Authenticated Users can change it"},
		{[]right{{"S-1-5-11", 0x100020}}, ""},
		{[]right{{"S-1-5-21-1-2-3-513", 0x120089}}, "the domain's users can read it"},
		{[]right{{"S-1-5-21-1-2-3-1513", 0x120089}}, ""},
		{[]right{{"S-1-5-4", 0x1}}, "everybody who is logged on at this machine can read it"},
	} {
		if got := openTo(c.list); got != c.want {
			t.Errorf("%v: %q, want %q", c.list, got, c.want)
		}
	}
}
