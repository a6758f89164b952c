// Package config turns linemark.toml into a checked Config. Every problem of a file is
// reported at once, each with its line and a hint; what Load accepts, run accepts.
package config

import (
	"net"
	"strings"
	"time"

	"linemark/internal/code"
)

// Config is a whole checked configuration. Field names follow the keys of the file.
type Config struct {
	Version  int       `toml:"version,required"` // of this form of file: 1
	Agent    Agent     `toml:"agent,required"`
	HTTP     HTTP      `toml:"http"`
	IZKM     IZKM      `toml:"izkm,either"` // or SmartOne
	SmartOne SmartOne  `toml:"smartone,either"`
	Groups   []Group   `toml:"group"`
	Products []Product `toml:"product,required"`
	Printers []Device  `toml:"printer"`
	Scanners []Device  `toml:"scanner"`
	PLCs     []Device  `toml:"plc"`
	Lines    []Line    `toml:"line,required"`
	Report   Report    `toml:"report"`
	Record   Record    `toml:"record"`
	Backup   Backup    `toml:"backup"`
	Archive  Archive   `toml:"archive"`
	Disk     Disk      `toml:"disk"`
	Ediweb   Ediweb    `toml:"ediweb"`
	Diadoc   Diadoc    `toml:"diadoc"`
	Shipping Shipping  `toml:"shipping"`
	Metrics  Metrics   `toml:"metrics"`
	MQTT     MQTT      `toml:"mqtt"`

	Table code.Table `toml:"-"` // the product groups, as Groups changes them

	File string `toml:"-"` // path of the file; empty when it was read from memory
	Dir  string `toml:"-"` // its folder; label paths start there

	lines positions // of the keys, for what is found wrong later
}

// Agent names this agent and its data folder.
type Agent struct {
	Name     string `toml:"name,required"`     // stands in the journal; each PC has its own
	DataDir  string `toml:"data_dir,required"` // of the ledger and the recording; this PC's alone
	Language string `toml:"language"`          // ru (default), uz, en
}

// HTTP is where the page and the API listen.
type HTTP struct {
	Listen  string   `toml:"listen"`   // host:port; default 127.0.0.1:8480. Beyond this PC it is HTTPS, and needs users (linemark user)
	TLSCert string   `toml:"tls_cert"` // PEM of the page's certificate, its chain behind it; default one of its own, whose fingerprint is shown
	TLSKey  string   `toml:"tls_key"`  // PEM of its key: a file, or "secret:NAME", "credential:NAME"
	Names   []string `toml:"names"`    // names by which this PC is called besides its own; addresses need none
}

// Secure says whether the page is HTTPS.
func (h HTTP) Secure() bool { return h.TLSCert != "" || h.Beyond() }

// Beyond says whether others than this PC can reach the page.
func (h HTTP) Beyond() bool {
	host, _, err := net.SplitHostPort(h.Listen)
	ip := net.ParseIP(host)
	return err == nil && !strings.EqualFold(host, "localhost") && (ip == nil || !ip.IsLoopback())
}

// Metrics is where others may read how the agent does, and do nothing.
type Metrics struct {
	Listen string `toml:"listen"` // host:port where /metrics, /healthz and /readyz answer and nothing else; default none: the page's port alone has them
}

// IZKM is the national system's access.
type IZKM struct {
	URL           string        `toml:"url,required"`            // of the service, without /api
	OMSID         string        `toml:"oms_id,required"`         // UUID, as the cabinet shows it
	ClientToken   Secret        `toml:"client_token,required"`   // where it is kept: "${ENV}", "file:/path", "credential:NAME", "secret:NAME"
	Group         string        `toml:"group,required"`          // product group: tobacco, alcohol, pharma, appliances, water, beer, or one of a [[group]]
	ParticipantID string        `toml:"participant_id,required"` // taxpayer number of the producer
	Address       string        `toml:"address"`                 // where codes are withdrawn, for dropout reports
	ContactPerson string        `toml:"contact_person"`          // required in orders of alcohol
	Timeout       time.Duration `toml:"timeout"`                 // default 30s
	Rate          int           `toml:"rate"`                    // requests a second at most; default 10
	CAFile        string        `toml:"ca_file"`                 // PEM of the authority to trust in place of the system's
	ClientCert    string        `toml:"client_cert"`             // PEM of this PC's certificate, where the system asks for one
	ClientKey     string        `toml:"client_key"`              // PEM of its key: a file, or "secret:NAME", "credential:NAME"
	GroupTable    string        `toml:"group_table"`             // which table of dictionary 5.2 holds: second (default, since May 2023), first
	QueryTwin     Choice        `toml:"query_twin"`              // send the misspelt name of omsId too, where the document has it
	TokenPrefix   string        `toml:"token_prefix"`            // before the client token; default none
	CloseBody     string        `toml:"close_body"`              // of buffer/close: none (default) or {}
	Factory       Factory       `toml:"factory"`                 // required for tobacco
}

// Factory is what orders of tobacco say of their maker (document, 4.2.1).
type Factory struct {
	ID                 string `toml:"id"`                  // GLN
	Name               string `toml:"name"`                // of the factory
	Address            string `toml:"address"`             // of the factory
	Country            string `toml:"country"`             // of the factory
	ProductionLineID   string `toml:"production_line_id"`  // in orders
	ProductCode        string `toml:"product_code"`        // the producer's own
	ProductDescription string `toml:"product_description"` // the producer's own
}

// Product is one GTIN whose codes the agent keeps in stock.
type Product struct {
	Name          string `toml:"name,required"`  // by which stations and commands call it
	GTIN          string `toml:"gtin,required"`  // 14 digits
	Group         string `toml:"group"`          // default: the group of [izkm]
	TemplateID    int    `toml:"template_id"`    // of the code template that the national system has for the group; required with [izkm]
	CISType       string `toml:"cis_type"`       // UNIT (default), GROUP
	Preprinted    Choice `toml:"preprinted"`     // its codes come on labels printed elsewhere and are brought in by codes import; default false
	ReleaseMethod string `toml:"release_method"` // PRODUCTION (default), IMPORT, REMAINS, COMMISSION
	LowWater      int    `toml:"low_water"`      // order and fetch more below this many codes; default 2000
	OrderQuantity int    `toml:"order_quantity"` // default 10000, at most 150000
	BlockQuantity int    `toml:"block_quantity"` // default 1000

	// SmartOne: batches whose codes are taken, in this order; without any, codes come by codes import.
	Batches  []int  `toml:"batches"`
	Assort   string `toml:"assort"`    // SmartOne: the product, by the id that the plant registered
	AssortID int    `toml:"assort_id"` // the same by the system's own id
	Unit     string `toml:"unit"`      // SmartOne: the package that its codes are for, by the id that the plant registered
	UnitID   int    `toml:"unit_id"`   // the same by the system's own id

	Cover time.Duration `toml:"cover"` // order so that the stock lasts as long at the measured speed; default 0: by low_water alone
}

// Device is one printer, scanner or PLC. Keys beyond these three are the driver's own.
type Device struct {
	Name    string         `toml:"name,required"`    // by which stations and commands call it
	Driver  string         `toml:"driver,required"`  // linemark drivers lists them
	Address string         `toml:"address,required"` // tcp://HOST:PORT, listen://:PORT, serial://PORT?baud=N; rtu:// and rtu+tcp:// for Modbus
	Options map[string]any `toml:",rest"`
}

// Line is one production line.
type Line struct {
	Name  string `toml:"name,required"` // productionLineId in reports
	Batch string `toml:"batch"`         // productionOrderId in reports
	// What utilisation reports of some groups must say of the batch; times as in RFC 3339.
	ProductionDate string `toml:"production_date"`
	ExpirationDate string `toml:"expiration_date"` // see production_date
	Series         string `toml:"series"`          // 1 to 20 characters
	// Products that may lie between two neighbours before a difference of their counts is an alarm; 0:
	// differences are no alarms. For the default see LimitOfCounts.
	CountLimit int       `toml:"count_limit"`
	Stations   []Station `toml:"station,required"` // in the order in which products pass them
}

// Station is one working place of a line, in the order in which products pass them.
type Station struct {
	Name string `toml:"name,required"` // stands in the journal
	Kind string `toml:"kind,required"` // print, verify, pack, drop, rework

	Product string `toml:"product"` // print: the product whose codes are printed
	Printer string `toml:"printer"` // print, pack
	Ahead   int    `toml:"ahead"`   // print: codes kept in the printer's own buffer; default 8

	Scanner     string        `toml:"scanner"`      // verify, pack
	Reject      string        `toml:"reject"`       // verify: output that takes the product off, "plc.output"
	Confirm     string        `toml:"confirm"`      // verify: counter of products really rejected, "plc.input"
	Stop        string        `toml:"stop"`         // verify: output that stops the line
	StopAfter   int           `toml:"stop_after"`   // verify: failures in a row; default 3
	SilentAfter int           `toml:"silent_after"` // verify: products counted by the PLC's input "products" without a reading; default 20
	Pulse       time.Duration `toml:"pulse"`        // verify: length of the reject pulse; default 20ms
	Within      time.Duration `toml:"within"`       // verify: a rejection not counted in this time stops the line; default 2s
	Window      int           `toml:"window"`       // verify: a printed code overtaken by this many verified ones is set aside; default 64
	HealAfter   int           `toml:"heal_after"`   // verify: codes skipped on a line with one printer are set aside after this many good readings behind them; default 3
	StopShare   int           `toml:"stop_share"`   // verify: failures among the last stop_of products that stop the line
	StopOf      int           `toml:"stop_of"`      // verify: see stop_share
	Grade       string        `toml:"grade"`        // verify: the lowest print quality that passes, A to F or 4.0 to 0.0; default any
	PlainSymbol Choice        `toml:"plain_symbol"` // verify: a code in a symbol without the leading FNC1 passes; default false

	Request       string        `toml:"request"`        // verify: input with the number of the product at the camera; with it the verdict is an answer, no pulse
	Verdict       string        `toml:"verdict"`        // verify: output that takes the verdict
	Acknowledge   string        `toml:"acknowledge"`    // verify: output that takes the product's number when the verdict is there
	VerdictGood   int           `toml:"verdict_good"`   // verify: the value that lets the product pass; default 1
	VerdictReject int           `toml:"verdict_reject"` // verify: the value that rejects it; default 2
	Match         time.Duration `toml:"match"`          // verify: a product's number and its reading lie no further apart; default 100ms

	Of         string `toml:"of"`          // pack: the station whose containers are packed, in place of a scanner
	Capacity   int    `toml:"capacity"`    // pack: units in a container
	Unit       string `toml:"unit"`        // pack: a GROUP product's name, or "sscc"
	SSCCPrefix string `toml:"sscc_prefix"` // pack: extension digit and company part, 10 digits
	Pack       string `toml:"pack"`        // pack with unit = "sscc": the package in SmartOne, by the id that the plant registered; default: a transport pallet
	PackID     int    `toml:"pack_id"`     // the same by the system's own id
	Check      string `toml:"check"`       // pack: scanner that reads the printed label
	PackMode   string `toml:"mode"`        // pack: stream (default), frame, hand
	Partial    Choice `toml:"partial"`     // pack by hand: the container's own code closes it though it is not full; default false
	Unverified string `toml:"unverified"`  // pack: a unit that no station has verified: accept (default), refuse

	Refused   string        `toml:"refused"`    // pack, drop, rework: output that tells of what is refused, "plc.output"
	Accepted  string        `toml:"accepted"`   // pack, drop, rework: output that tells of what is taken
	SignalFor time.Duration `toml:"signal_for"` // pack: how long they stand; default 1s

	UndoCode  string `toml:"undo_code"`  // pack by hand: texts on cards at the bench that stand for commands
	CloseCode string `toml:"close_code"` // see undo_code
	EmptyCode string `toml:"empty_code"` // see undo_code

	Reason    string        `toml:"reason"`     // drop: why, a reason of dictionary 5.1
	WithChild Choice        `toml:"with_child"` // drop: a container goes with what is in it; default false: it is refused
	Every     time.Duration `toml:"every"`      // drop: what is dropped within this time shares a report; default 5m
	Reenter   string        `toml:"reenter"`    // rework: where products are put back, behind (default) or before the check station
}

// Report says when reports go.
type Report struct {
	WhenInDoubt string `toml:"when_in_doubt"` // a report whose answer was lost: resend (default) the same bytes, or ask a person
	// Within is how long after it was made a report must have arrived, as the law of the place has it: the page tells how
	// many hours are left. Default: no limit is known.
	Within time.Duration `toml:"within"`

	Utilisation Utilisation `toml:"utilisation"`
	Aggregation Aggregation `toml:"aggregation"`
}

// Utilisation says when utilisation reports go and what they state.
type Utilisation struct {
	UsageType string        `toml:"usage_type"` // VERIFIED (default), PRINTED, USED_FOR_PRODUCTION
	Every     time.Duration `toml:"every"`      // default 5m
	MaxCodes  int           `toml:"max_codes"`  // default and at most 30000
}

// Aggregation says when aggregation reports go.
type Aggregation struct {
	Every    time.Duration `toml:"every"`     // default 5m
	MaxCodes int           `toml:"max_codes"` // parents and children; default and at most 11000
}
