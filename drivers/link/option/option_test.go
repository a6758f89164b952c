package option

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
)

func read(k *Keys) {
	k.String("label", "")
	k.OneOf("gs1", "always", "never")
	k.Int("unit", 1, 0, 255)
	k.Duration("poll", 20*time.Millisecond, time.Millisecond)
	k.Texts("inputs")
}

func TestKeysNameEveryProblem(t *testing.T) {
	for name, c := range map[string]struct {
		options map[string]any
		key     string
		hint    string
	}{
		"unknown, near":     {map[string]any{"lable": "x"}, "lable", "did you mean label?"},
		"unknown, far":      {map[string]any{"colour": "x"}, "colour", "known: gs1, inputs, label, poll, unit"},
		"no text":           {map[string]any{"label": int64(3)}, "label", "quotes"},
		"no such word":      {map[string]any{"gs1": "maybe"}, "gs1", "always, never"},
		"no number":         {map[string]any{"unit": "1"}, "unit", "without quotes"},
		"out of range":      {map[string]any{"unit": int64(256)}, "unit", "0 to 255"},
		"no duration":       {map[string]any{"poll": "20"}, "poll", "20ms"},
		"too short":         {map[string]any{"poll": "1us"}, "poll", "1ms"},
		"no table":          {map[string]any{"inputs": "x"}, "inputs", "inputs"},
		"no text in table":  {map[string]any{"inputs": map[string]any{"a": true}}, "inputs.a", "quotes"},
		"bare number: poll": {map[string]any{"poll": int64(20)}, "poll", "quotes"},
	} {
		k := Of(drivers.Settings{Address: "tcp://127.0.0.1:1", Options: c.options})
		read(k)
		bad, ok := errors.AsType[*drivers.OptionError](k.Err())
		if !ok || bad.Key != c.key || !strings.Contains(bad.Hint, c.hint) {
			t.Errorf("%s: %#v, want key %q and hint with %q", name, bad, c.key, c.hint)
		}
	}
}

func TestKeysJoinProblems(t *testing.T) {
	k := Of(drivers.Settings{Address: "nowhere", Options: map[string]any{"lable": "x", "unit": int64(-1)}})
	read(k)
	joined, ok := k.Err().(interface{ Unwrap() []error })
	if !ok || len(joined.Unwrap()) != 3 {
		t.Fatalf("Err = %v, want address, unit and lable", k.Err())
	}
	for i, key := range []string{"address", "unit", "lable"} {
		if got := joined.Unwrap()[i].(*drivers.OptionError).Key; got != key {
			t.Errorf("problem %d is about %q, want %q", i, got, key)
		}
	}
}

func TestKeysCheckTheScheme(t *testing.T) {
	for address, want := range map[string]string{
		"tcp://127.0.0.1:502":      "",
		"tcp://127.0.0.1":          "the port is missing",
		"serial://COM3?baud=19200": "serial:// is not served by this driver",
		"rtu://COM3?baud=19200":    "rtu:// is not served by this driver",
		"127.0.0.1:502":            "there is no scheme",
	} {
		bad, _ := errors.AsType[*drivers.OptionError](Of(drivers.Settings{Address: address}, "tcp").Err())
		if (bad == nil) != (want == "") || bad != nil && (bad.Key != "address" || bad.Problem != want || bad.Hint == "") {
			t.Errorf("%s: %#v, want %q", address, bad, want)
		}
	}
}

// Only a driver that says so is connected to by its device.
func TestKeysListen(t *testing.T) {
	s := drivers.Settings{Address: "listen://:9004"}
	bad, _ := errors.AsType[*drivers.OptionError](Of(s).Err())
	if bad == nil || bad.Key != "address" || bad.Problem != "listen:// is not served by this driver" || !strings.Contains(bad.Hint, "tcp://, serial://") {
		t.Errorf("%#v", bad)
	}
	if err := Of(s, "tcp", "listen").Err(); err != nil {
		t.Error(err)
	}
}

func TestKeysRead(t *testing.T) {
	k := Of(drivers.Settings{Address: "elsewhere", Dial: link.Dial, Options: map[string]any{
		"label": "a.zpl", "gs1": "never", "unit": int64(7), "poll": "1s", "inputs": map[string]any{"a": "b"},
	}})
	if k.String("label", "") != "a.zpl" || k.OneOf("gs1", "always", "never") != "never" || k.Int("unit", 1, 0, 255) != 7 ||
		k.Duration("poll", 0, 0) != time.Second || k.Texts("inputs")["a"] != "b" {
		t.Errorf("a value was not read: %+v", k)
	}
	if err := k.Err(); err != nil {
		t.Errorf("Err = %v", err)
	}
	if k = Of(drivers.Settings{Dial: link.Dial}); k.String("label", "d") != "d" || k.Duration("poll", time.Minute, 0) != time.Minute || k.Err() != nil {
		t.Errorf("defaults: %v", k.Err())
	}
}

func TestCodeText(t *testing.T) {
	n := 0
	for b := range 256 {
		if CodeByte(byte(b)) {
			n++
		}
	}
	if n != 82 {
		t.Errorf("%d characters, want 82", n)
	}
	for text, want := range map[string]bool{"<GS>": true, "_x001D_": true, "GS": true, ",": true,
		"|": false, "^]": false, "{GS}": false, "[GS]": false, "~1": false, `\x1D`: false, "&#29;": false, " ": false, "\x1d": false, "": false} {
		if CodeText(text) != want {
			t.Errorf("CodeText(%q) = %v", text, !want)
		}
	}
}

func TestBytes(t *testing.T) {
	for in, want := range map[string]string{"\u00e8": "\xe8", "\xe8": "\xe8", "\u001d": "\x1d", "\r\n": "\r\n",
		"\u00c3\u00a8": "\xc3\xa8", "\u20ac": "\u20ac", "\ufffd": "\ufffd", "{GS}": "{GS}"} {
		if got := Bytes(in); got != want {
			t.Errorf("Bytes(%q) = %q, want %q", in, got, want)
		}
	}
}

// Whoever asks hears of every key that a driver reads: what may stand there, and what holds.
func TestKeysTellWhatIsAsked(t *testing.T) {
	var got []drivers.Setting
	k := Of(drivers.Settings{Dial: link.Dial, Asked: func(s drivers.Setting) { got = append(got, s) }, Options: map[string]any{"label": "a.zpl", "unit": int64(7), "gs1": "maybe"}})
	read(k)
	k.File("file")
	k.List("init")
	k.String("status", "", "4-enq", "3-enq")
	k.Int("ahead", 0, 1, 9)
	want := []drivers.Setting{
		{Key: "label", Default: "", Value: "a.zpl", Given: true},
		{Key: "gs1", Words: []string{"always", "never"}, Default: "always", Value: "always", Given: true},
		{Key: "unit", Kind: drivers.SettingNumber, Most: 255, Default: 1, Value: 7, Given: true},
		{Key: "poll", Kind: drivers.SettingSpan, Shorter: time.Millisecond, Default: 20 * time.Millisecond, Value: 20 * time.Millisecond},
		{Key: "inputs", Kind: drivers.SettingTexts},
		{Key: "file", Kind: drivers.SettingFile, Value: ""},
		{Key: "init", Kind: drivers.SettingList},
		{Key: "status", Words: []string{"4-enq", "3-enq"}, Default: "", Value: ""},
		{Key: "ahead", Kind: drivers.SettingNumber, Least: 1, Most: 9, Value: 0}, // its default is none
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

// What is wrong with the file that a setting names says so.
func TestKeysNameTheFile(t *testing.T) {
	k := Of(drivers.Settings{Dial: link.Dial, Options: map[string]any{"label": "labels/a.zpl", "other": "b"}})
	k.Fail("label", "before", "it is read")
	if k.File("label") != "labels/a.zpl" || k.File("none") != "" || k.String("other", "") != "b" {
		t.Error("a value was not read")
	}
	k.Fail("label", "in", "it")
	k.Fail("other", "beside", "it")
	var files []string
	for _, err := range k.Err().(interface{ Unwrap() []error }).Unwrap() {
		files = append(files, err.(*drivers.OptionError).File)
	}
	if !slices.Equal(files, []string{"", "labels/a.zpl", ""}) {
		t.Errorf("files %q", files)
	}
}
