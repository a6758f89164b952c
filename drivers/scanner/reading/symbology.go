package reading

// symbology is what an AIM identifier says of a symbol.
type symbology struct {
	id   string
	name string
	gs1  bool // FNC1 is in first position: the data is a GS1 element string
}

// symbologies are the identifiers of the symbols met on packs, boxes and papers
// (ISO/IEC 15424; GS1 General Specifications, symbology identifiers).
var symbologies = []symbology{
	{"]d0", "Data Matrix ECC 000-140", false},
	{"]d1", "Data Matrix without FNC1", false},
	{"]d2", "GS1 Data Matrix", true},
	{"]d3", "Data Matrix with FNC1 in second position", false},
	{"]d4", "Data Matrix without FNC1, with ECI", false},
	{"]d5", "GS1 Data Matrix with ECI", true},
	{"]d6", "Data Matrix with FNC1 in second position, with ECI", false},
	{"]Q0", "QR Code model 1", false},
	{"]Q1", "QR Code without FNC1", false},
	{"]Q2", "QR Code without FNC1, with ECI", false},
	{"]Q3", "GS1 QR Code", true},
	{"]Q4", "GS1 QR Code with ECI", true},
	{"]Q5", "QR Code with FNC1 in second position", false},
	{"]Q6", "QR Code with FNC1 in second position, with ECI", false},
	{"]C0", "Code 128", false},
	{"]C1", "GS1-128", true},
	{"]C2", "Code 128 with FNC1 in second position", false},
	{"]C4", "Code 128, ISBT concatenated", false},
	{"]e0", "GS1 DataBar", true},
	{"]e1", "GS1 Composite, data after a symbol separator", true},
	{"]J0", "DotCode without FNC1", false},
	{"]J1", "GS1 DotCode", true},
	{"]z0", "Aztec Code without FNC1", false},
	{"]z1", "Aztec Code with FNC1 in first position", true},
	{"]z3", "Aztec Code without FNC1, with ECI", false},
	{"]E0", "EAN-13, UPC-A or UPC-E", false},
	{"]E1", "two-digit EAN/UPC add-on", false},
	{"]E2", "five-digit EAN/UPC add-on", false},
	{"]E3", "EAN-13, UPC-A or UPC-E with add-on", false},
	{"]E4", "EAN-8", false},
	{"]I0", "Interleaved 2 of 5", false},
	{"]I1", "Interleaved 2 of 5, check digit tested", false},
	{"]I3", "Interleaved 2 of 5, check digit taken off", false},
	{"]A0", "Code 39", false},
	{"]G0", "Code 93", false},
	{"]F0", "Codabar", false},
	{"]L0", "PDF417", false},
	{"]L1", "PDF417 with ECI", false},
	{"]L2", "PDF417", false},
	{"]U0", "MaxiCode", false},
	{"]U1", "MaxiCode with a structured carrier message", false},
	{"]X0", "other bar code", false},
}

var byIdentifier = func() map[string]symbology {
	table := make(map[string]symbology, len(symbologies))
	for _, s := range symbologies {
		table[s.id] = s
	}
	return table
}()

// Symbology returns what an AIM identifier such as "]d2" stands for, in words for people, and
// whether such a symbol holds a GS1 element string. An identifier that is not known may yet be
// a right one: its name is empty.
func Symbology(id string) (name string, gs1 bool, known bool) {
	s, known := byIdentifier[id]
	return s.name, s.gs1, known
}
