// Package apidoc describes the API in OpenAPI, out of the very types that the handlers take and give.
package apidoc

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"time"

	"linemark/internal/agent"
	"linemark/internal/rights"
	"linemark/internal/trend"
	"linemark/internal/web"
)

//go:generate go run ./generate ../openapi.json

// object is one part of the document.
type object = map[string]any

// operation is what one route takes and gives.
type operation struct {
	summary string
	query   []parameter
	in, out any // JSON bodies; nil: none, and plain text
}

type parameter struct {
	name, about string
	needed      bool
}

var (
	aLine  = parameter{"line", "name of the line", true}
	aLimit = parameter{"limit", "how many at most: 100 without it, and never more than 1000", false}
	aCode  = parameter{"code", "the code, percent-encoded byte by byte, GS as %1D; it must be the only parameter", true}
)

// operations are all that there are, by the pattern of their route.
var operations = map[string]operation{
	"GET /healthz":                      {summary: "200 while the program lives"},
	"GET /readyz":                       {summary: "200 while products can be marked; else 503 with the reason"},
	"GET /api/v1/openapi.json":          {summary: "This description", out: map[string]any{}},
	"GET /api/v1/status":                {summary: "How everything stands", out: agent.Status{}},
	"GET /api/v1/balance":               {summary: "Every product's account, recounted from the codes", out: []web.Balance{}},
	"GET /api/v1/trace":                 {summary: "The life of a code, an identification code or a transport code", query: []parameter{aCode}, out: web.Life{}},
	"GET /api/v1/lines/{name}/trend":    {summary: "What a line did minute by minute, its speeds, and its sums of the hour and of the last eight hours", query: []parameter{{"hours", "how far back the minutes go, 1 to 24; 8 if not given", false}}, out: trend.Shift{}},
	"POST /api/v1/reload":               {summary: "Take the changed configuration over; 422: it was refused, and the old one goes on", in: struct{}{}, out: struct{}{}},
	"POST /api/v1/batch/start":          {summary: "Start a batch on a line", in: web.StartBatch{}, out: web.Batch{}},
	"POST /api/v1/batch/end":            {summary: "End the line's batch", in: web.EndBatch{}, out: web.Sheet{}},
	"GET /api/v1/batch":                 {summary: "The balance sheet of a batch; without a name of the line's last one", query: []parameter{aLine, {"name", "of the batch", false}}, out: web.Sheet{}},
	"POST /api/v1/drop":                 {summary: "Withdraw codes, and report them dropped", in: web.Drop{}, out: []web.Withdrawn{}},
	"GET /api/v1/pack":                  {summary: "The container that is open at a station, or that bears or holds a code", query: []parameter{{"line", "with station", false}, {"station", "name of the pack station", false}, {"code", "in place of both: percent-encoded, the only parameter", false}}, out: web.Container{}},
	"POST /api/v1/pack/close":           {summary: "Close the container that is open at {line, station} as it is", in: web.Repack{}, out: web.Repacked{}},
	"POST /api/v1/pack/undo":            {summary: "Take out what was put in last at {line, station}", in: web.Repack{}, out: web.Repacked{}},
	"POST /api/v1/pack/empty":           {summary: "Take everything out at {line, station}", in: web.Repack{}, out: web.Repacked{}},
	"POST /api/v1/pack/out":             {summary: "Take {code} out of its container", in: web.Repack{}, out: web.Repacked{}},
	"POST /api/v1/pack/replace":         {summary: "Put {code} in the place of {for}", in: web.Repack{}, out: web.Repacked{}},
	"POST /api/v1/pack/dissolve":        {summary: "Take the container {code} apart", in: web.Repack{}, out: web.Repacked{}},
	"GET /api/v1/reports":               {summary: "The reports that are not settled, and the rejected ones", query: []parameter{{"all", "1: all", false}}, out: []web.OutboxReport{}},
	"GET /api/v1/reports/{id}":          {summary: "A report with the codes that it names", out: web.Paper{}},
	"GET /api/v1/reports/{id}/files":    {summary: "A report as files for the cabinet", out: []web.File{}},
	"POST /api/v1/reports/{id}/retry":   {summary: "Send a report that waits again", in: struct{}{}, out: web.Paper{}},
	"POST /api/v1/reports/{id}/resolve": {summary: "Say what became of a report in doubt: as is sent or rejected", in: web.Resolve{}, out: web.Paper{}},
	"POST /api/v1/reports/{id}/hand":    {summary: "A person reports it in the cabinet", in: web.Hand{}, out: web.Paper{}},
	"GET /api/v1/journal": {summary: "The journal, newest first", query: []parameter{{"from", "date and time as in RFC 3339: not before", false}, {"to", "before", false},
		{"place", "a line, or a place as the journal has it", false}, {"text", "in the cause, in letters of either case", false}, {"people", "1: what somebody has asked for", false},
		{"code", "of this code's life: percent-encoded byte by byte, GS as %1D", false}, {"before", "older than the entry of this seq; more of the page before", false}, aLimit}, out: web.JournalPage{}},
	"GET /api/v1/doubtful": {summary: "How many codes are in doubt, by product, batch and cause", out: []web.DoubtfulCause{}},
	"GET /api/v1/doubtful/codes": {summary: "The codes in doubt, in the order in which they came into it", query: []parameter{{"product", "its name or GTIN", false}, {"line", "just so; empty: of none", false},
		{"batch", "just so; empty: of none", false}, {"cause", "just so", false}, {"up_to", "not later than this seq", false}, {"after", "later than this seq", false}, aLimit}, out: []web.DoubtfulCode{}},
	"POST /api/v1/doubtful/drop": {summary: "Withdraw codes in doubt that were found unprinted or destroyed: all of a cause, up to where it was counted, or single ones", in: web.DropDoubtful{}, out: web.DroppedDoubtful{}},
	"GET /api/v1/batches":        {summary: "Batches, that which was started last first", query: []parameter{{"line", "of this line; without it of all", false}, aLimit}, out: []web.Batch{}},
	"GET /api/v1/containers": {summary: "Containers, newest first", query: []parameter{{"line", "of this line", false}, {"station", "of this station", false}, {"state", "open, full, closed or aside", false},
		{"before", "older than the container of this id; more of the page before", false}, aLimit}, out: web.ContainerPage{}},
	"GET /api/v1/orders":                       {summary: "Orders of codes, newest first", out: []web.Order{}},
	"POST /api/v1/lines/{name}/stop":           {summary: "Stop a line: no code goes to its printers, and its stop outputs are set", in: web.StopLine{}, out: struct{}{}},
	"POST /api/v1/lines/{name}/start":          {summary: "Let a line go on, whatever has stopped it", in: struct{}{}, out: struct{}{}},
	"POST /api/v1/pack/label":                  {summary: "Print the label of the closed container {code} again", in: web.Repack{}, out: web.Repacked{}},
	"GET /api/v1/shipping":                     {summary: "All shipments, the oldest first", out: web.Shipments{}},
	"POST /api/v1/shipping":                    {summary: "Add a shipment; the same once more changes nothing", in: web.AddShipment{}, out: web.Shipment{}},
	"GET /api/v1/shipping/{name}":              {summary: "A shipment", out: web.Shipment{}},
	"GET /api/v1/shipping/{name}/files/{file}": {summary: "A file of a shipment", out: web.File{}},
	"POST /api/v1/shipping/{name}/print":       {summary: "Print labels with QR codes, those that were not or again", in: web.PrintShipment{}, out: web.ShipmentDone{}},
	"POST /api/v1/shipping/{name}/retry":       {summary: "Ask again for what has failed", in: web.RetryShipment{}, out: web.ShipmentDone{}},
	"GET /api/v1/devices":                      {summary: "All printers, scanners and PLCs", out: []web.Device{}},
	"GET /api/v1/devices/{name}":               {summary: "A device with the last bytes in and out, and the points of a PLC; without the right to maintain the check parts of codes are covered", query: []parameter{{"kind", "printer, scanner or plc, where two have the name", false}}, out: web.DeviceDetail{}},
	"POST /api/v1/devices/{name}/print":        {summary: "Print a test label, with a code of nobody's; 409: a line may feed the printer, or has labels in it", in: web.TestPrint{}, out: web.TestPrinted{}},
	"POST /api/v1/devices/{name}/scan":         {summary: "Have a scanner read where it can be triggered and its lines wait, else wait up to 20 s for its next reading; its stations get the reading as any other", in: struct{}{}, out: web.Reading{}},
}

var inPath = regexp.MustCompile(`\{(\w+)\}`)

// Document returns the description of the whole API.
func Document() ([]byte, error) {
	s := &schemas{object{}}
	paths := object{}
	for pattern, op := range operations {
		method, path, _ := strings.Cut(pattern, " ")
		path = strings.TrimSuffix(path, "{$}")
		if paths[path] == nil {
			paths[path] = object{}
		}
		paths[path].(object)[strings.ToLower(method)] = op.object(s, method, path)
	}
	doc := object{
		"openapi": "3.1.0",
		"info": object{"title": "linemark", "version": "1",
			"description": "The agent of a marking line. Codes in answers show GS as {GS}; in JSON bodies GS is \\u001d. What changes something needs the header " + web.Header + ": 1, and is in the journal with who asked."},
		"paths": paths,
		"components": object{"schemas": s.all, "securitySchemes": object{
			"token":   object{"type": "http", "scheme": "bearer", "description": "of linemark user token, with the scope look, operate or maintain"},
			"session": object{"type": "apiKey", "in": "cookie", "name": rights.Cookie, "description": "of a person who is logged in on the page; what changes something brings " + web.CSRFHeader + " along"},
		}},
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(doc)
	return b.Bytes(), err
}

// Packed is a document as the program holds it.
func Packed(text []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is one of its own
	_, _ = w.Write(text)                                  // into memory
	_ = w.Close()
	return b.Bytes()
}

func (op operation) object(s *schemas, method, path string) object {
	request, err := http.NewRequest(method, path, nil)
	if err != nil {
		panic(err) // a pattern that is no address
	}
	need := web.Needs(request)
	o := object{"summary": op.summary, "description": "Needs the right to " + need.String() + "."}
	if need == rights.Open {
		o["description"] = "Needs no right."
		o["security"] = []any{}
	} else {
		o["security"] = []any{object{"token": []any{}}, object{"session": []any{}}}
	}
	var parameters []any
	for _, name := range inPath.FindAllStringSubmatch(path, -1) {
		parameters = append(parameters, object{"name": name[1], "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	for _, q := range op.query {
		parameters = append(parameters, object{"name": q.name, "in": "query", "required": q.needed, "description": q.about, "schema": object{"type": "string"}})
	}
	if method == http.MethodPost {
		parameters = append(parameters, object{"name": web.Header, "in": "header", "required": true, "schema": object{"const": "1"}})
	}
	if parameters != nil {
		o["parameters"] = parameters
	}
	if op.in != nil {
		o["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": s.of(reflect.TypeOf(op.in))}}}
	}
	answers := object{}
	if op.out != nil {
		answers["200"] = object{"description": "done", "content": object{"application/json": object{"schema": s.of(reflect.TypeOf(op.out))}}}
		answers["default"] = object{"description": "refused, or failed", "content": object{"application/json": object{"schema": s.of(reflect.TypeFor[web.Fault]())}}}
	} else {
		answers["200"] = object{"description": "text"}
	}
	o["responses"] = answers
	return o
}

// schemas are those of the types that have a name.
type schemas struct{ all object }

var (
	aTime = reflect.TypeFor[time.Time]()
	aText = reflect.TypeFor[web.Text]()
	bytea = reflect.TypeFor[[]byte]()
)

// of is the schema of a type.
func (s *schemas) of(t reflect.Type) object {
	switch t {
	case aTime:
		return object{"type": "string", "format": "date-time"}
	case aText:
		return object{"type": "string"}
	case bytea:
		return object{"type": "string", "contentEncoding": "base64"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return object{"anyOf": []any{s.of(t.Elem()), object{"type": "null"}}}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Float32, reflect.Float64:
		return object{"type": "number"}
	case reflect.Slice, reflect.Array:
		return object{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Struct:
		return s.table(t)
	case reflect.Interface:
		return object{}
	}
	return object{"type": "integer"}
}

// table is a struct: by reference where its type has a name.
func (s *schemas) table(t reflect.Type) object {
	if t.Name() == "" {
		return s.fields(t)
	}
	name := t.Name()
	if pkg := t.PkgPath(); !strings.HasSuffix(pkg, "/web") {
		name = pkg[strings.LastIndexByte(pkg, '/')+1:] + "." + name
	}
	if s.all[name] == nil {
		s.all[name] = object{} // it may hold itself
		s.all[name] = s.fields(t)
	}
	return object{"$ref": "#/components/schemas/" + name}
}

func (s *schemas) fields(t reflect.Type) object {
	properties, required := object{}, []string{}
	s.collect(t, properties, &required)
	o := object{"type": "object", "properties": properties}
	if len(required) > 0 {
		o["required"] = required
	}
	return o
}

// collect takes the fields of what is embedded as its own, as encoding/json does.
func (s *schemas) collect(t reflect.Type, properties object, required *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			inner := f.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			s.collect(inner, properties, required)
			continue
		}
		if !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		properties[name] = s.of(f.Type)
		if !strings.Contains(options, "omitempty") && !strings.Contains(options, "omitzero") && f.Type != aText && t.PkgPath() != "" && !taken(t) {
			*required = append(*required, name)
		}
	}
}

// taken says whether a type is what somebody sends: fields that he leaves out are empty.
func taken(t reflect.Type) bool {
	for _, op := range operations {
		if op.in != nil && reflect.TypeOf(op.in) == t {
			return true
		}
	}
	return t == reflect.TypeFor[web.ShipmentDocument]()
}
