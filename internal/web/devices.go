package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"linemark/internal/rights"
)

// Devices are the agent's printers, scanners and PLCs as the page sees them.
type Devices interface {
	// Devices returns all of them: printers, scanners, PLCs, each in the order of the configuration.
	Devices() []Device
	// Device returns one; kind may be empty: then it is the first of this name. The check parts of codes are covered
	// in its bytes unless plain. An error is a *DeviceError.
	Device(kind, name string, plain bool) (DeviceDetail, error)
	// TestPrint prints a label with a code of nobody's, and says what the printer confirmed. An error is a *DeviceError.
	TestPrint(ctx context.Context, printer string) (said string, err error)
	// TestScan has a scanner read, or waits until it does. An error is a *DeviceError.
	TestScan(ctx context.Context, scanner string) (Reading, error)
}

// Trouble is why a device has not done what it was asked for.
type Trouble int

// The troubles.
const (
	NoDevice     Trouble = iota // there is none of this name
	WrongDevice                 // it can never do this
	NotNow                      // it may do it later; nothing was done
	DeviceFailed                // it was asked, and the device did not do it
)

// DeviceError says why a device has not done what it was asked for.
type DeviceError struct {
	Trouble Trouble
	What    string
	Hint    string // what to do
}

func (e *DeviceError) Error() string { return e.What }

// status is the answer's; a device's own fault is no fault of the agent.
func (e *DeviceError) status() int {
	return [...]int{NoDevice: http.StatusNotFound, WrongDevice: http.StatusBadRequest, NotNow: http.StatusConflict, DeviceFailed: http.StatusBadGateway}[e.Trouble]
}

// Device is how a device stands.
type Device struct {
	Name     string     `json:"name"`
	Kind     string     `json:"kind"` // printer, scanner, plc
	Driver   string     `json:"driver"`
	Address  string     `json:"address"`
	Up       bool       `json:"up"`
	Since    time.Time  `json:"since"`
	Error    string     `json:"error,omitempty"` // why it is down
	Stations []string   `json:"stations"`        // line/station of those that use it
	Test     string     `json:"test,omitempty"`  // print, scan: what it can be asked for
	BytesIn  uint64     `json:"bytes_in"`        // since the agent's start
	BytesOut uint64     `json:"bytes_out"`
	Last     *time.Time `json:"last"` // when bytes went or came; null: none have
}

// DeviceDetail is one device with what went over its connection last.
type DeviceDetail struct {
	Device
	Masked bool    `json:"masked"` // the check parts of codes stand as ***: whoever asks may not maintain
	Pieces []Piece `json:"pieces"` // the oldest first
	Points []Point `json:"points"` // of a PLC: inputs, then outputs
	// PointsAt is when the points were read; null: the PLC is down, or the device is none.
	PointsAt *time.Time `json:"points_at"`
}

// Piece is bytes that went one way without a pause.
type Piece struct {
	At     time.Time `json:"at"`
	Out    bool      `json:"out"`    // to the device
	Length int       `json:"length"` // in bytes
	Text   string    `json:"text"`   // control characters by name, such as {GS} and {STX}, what else does not print as \xNN
	More   int       `json:"more"`   // bytes behind the text that are not kept
}

// Point is an input or output of a PLC.
type Point struct {
	Name   string  `json:"name"`
	Output bool    `json:"output"`
	Where  string  `json:"where"`
	Type   string  `json:"type"`  // bit, or such as uint32, int16, float32
	Value  *string `json:"value"` // null: not read
}

// TestPrint is what POST /api/v1/devices/{name}/print takes.
type TestPrint struct {
	Reason Text `json:"reason"`
}

// TestPrinted is the answer to it.
type TestPrinted struct {
	Said string `json:"said"`
}

// Reading is what a scanner has read. Codes show GS as {GS}.
type Reading struct {
	At        time.Time  `json:"at"`
	Triggered bool       `json:"triggered"` // the scanner was made to read; else it read by itself
	Told      []string   `json:"told"`      // line/station of those that have got the reading, as any other
	Bytes     string     `json:"bytes"`     // as they came, as in Piece
	NoRead    bool       `json:"no_read"`   // the device saw a product and no code
	Bad       string     `json:"bad,omitempty"`
	Code      string     `json:"code,omitempty"`
	AIM       string     `json:"aim,omitempty"`
	Symbol    string     `json:"symbol,omitempty"` // what the AIM identifier stands for
	Grade     string     `json:"grade,omitempty"`
	Place     string     `json:"place,omitempty"`
	More      bool       `json:"more"` // another code of the same picture has followed
	Elements  []Element  `json:"elements"`
	Fault     string     `json:"fault,omitempty"` // why the rest of the code has no elements
	Test      bool       `json:"test"`            // the code of a test label: nobody's
	Known     *KnownCode `json:"known"`           // null: the ledger does not have it
}

// Element is one element of a code.
type Element struct {
	AI    string `json:"ai,omitempty"` // empty where the code has no identifiers
	Title string `json:"title,omitempty"`
	Value string `json:"value"`
}

// KnownCode is what the ledger knows of a code that was read.
type KnownCode struct {
	State   string `json:"state"` // of a transport code: container
	Product string `json:"product,omitempty"`
	Line    string `json:"line,omitempty"`
	Batch   string `json:"batch,omitempty"`
	Whole   bool   `json:"whole"` // false: the identification code is this one, the check part another
	Place   string `json:"place,omitempty"`
	Cause   string `json:"cause,omitempty"` // of the last entry of its journal
}

// devices answers for them:
//
//	GET  /api/v1/devices                an array of Device
//	GET  /api/v1/devices/{name}         DeviceDetail; ?kind= where two have the name
//	POST /api/v1/devices/{name}/print   {reason}: TestPrinted
//	POST /api/v1/devices/{name}/scan    {}: a Reading
func (h *handler) devices(mux router, c clerk) {
	mux.HandleFunc("GET /api/v1/devices", func(w http.ResponseWriter, r *http.Request) {
		c.answer(w, r, h.plant.Devices().Devices(), nil)
	})
	mux.HandleFunc("GET /api/v1/devices/{name}", func(w http.ResponseWriter, r *http.Request) {
		plain := rights.From(r.Context()).May(rights.Maintain)
		d, err := h.plant.Devices().Device(r.URL.Query().Get("kind"), r.PathValue("name"), plain)
		c.answer(w, r, d, err)
	})
	mux.HandleFunc("POST /api/v1/devices/{name}/print", func(w http.ResponseWriter, r *http.Request) {
		var in TestPrint
		err := readBody(w, r, &in)
		if err == nil && in.Reason == "" {
			err = refuse(http.StatusBadRequest, "a label is printed only on a person's word", "give a reason: it stands in the journal")
		}
		said := ""
		if err == nil {
			said, err = h.plant.Devices().TestPrint(r.Context(), r.PathValue("name"))
		}
		c.answer(w, r, TestPrinted{said}, err)
	})
	mux.HandleFunc("POST /api/v1/devices/{name}/scan", func(w http.ResponseWriter, r *http.Request) {
		var read Reading
		err := readBody(w, r, &struct{}{})
		if err == nil {
			read, err = h.plant.Devices().TestScan(r.Context(), r.PathValue("name"))
		}
		c.answer(w, r, read, err)
	})
}

// deviceFault is how an error of a device is answered; a status of 0: it is none.
func deviceFault(err error) (int, Fault) {
	var d *DeviceError
	if errors.As(err, &d) {
		return d.status(), Fault{Error: d.What, Hint: d.Hint}
	}
	return 0, Fault{}
}
