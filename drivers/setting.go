package drivers

import "time"

// Setting is one key that a driver has read: what may stand there, and what holds.
type Setting struct {
	Key     string
	Kind    SettingKind
	Words   []string      // what a text may be; nil: any
	Least   int           // of a number
	Most    int           // of a number
	Shorter time.Duration // no span of time may be shorter than this
	Default any           // what holds without the key: string, int, time.Duration; nil: the key has none
	Value   any           // what holds, of the same types; for texts and lists what the file says, nil: nothing
	Given   bool          // the file has the key
}

// SettingKind is what a setting is in the file.
type SettingKind int

// The kinds of settings.
const (
	SettingText   SettingKind = iota // a string
	SettingFile                      // a string that names a file, from the configuration's folder
	SettingNumber                    // an integer
	SettingSpan                      // a string with a span of time, such as "20ms"
	SettingTexts                     // a table of names to strings
	SettingList                      // an array
)
