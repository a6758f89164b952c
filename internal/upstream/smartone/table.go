package smartone

// Completion codes that this package decides on.
const (
	CodeDone          = 0
	CodeNotReady      = 102 // codes of a batch are not made yet
	CodeAccessDenied  = 113
	CodeTooFrequent   = 158
	CodeUnsigned      = 161
	CodeWrongSign     = 162
	NoCode            = -1 // the answer gave none
	codeTakenPartWise = 156
)

// Rule says what a completion code means and what is to be done about it.
type Rule struct {
	Meaning string
	Do      string // for a person
	// Stops: the department's queue stands until an operator has looked, since later documents must
	// not overtake this one.
	Stops bool
	// Again: the request was turned away before it was carried out, so the same bytes may go again
	// once the cause is gone. Otherwise its request id keeps this answer for ever, and what is
	// corrected is a new document with an id of its own.
	Again bool
}

// RuleOf returns the rule of a completion code; one that is not in the vendor's lists stops.
func RuleOf(code int) Rule {
	if r, known := rules[code]; known {
		return r
	}
	return Rule{Meaning: "not in the published lists", Do: "ask the system's support what it means", Stops: true}
}

const (
	doBooks = "compare the ids with the system's reference books"
	doCodes = "compare the codes with the system, then make a corrected report"
	doOrder = "look in the system at the order and the batch"
	doWait  = "nothing: it is asked again"
)

// rules has the codes of the vendor's pages on make_batch, get_batch_codes, make_aggregation and
// its siblings. The list of make_aggregation itself is not public but for 169 and 170.
var rules = map[int]Rule{
	CodeDone:     {Meaning: "done"},
	CodeNotReady: {"codes are not generated yet", "wait until the batch's codes are generated", true, true},
	108:          {"product category is required", doBooks, true, false},
	CodeAccessDenied: {"access denied", "check the login, the password and the rights of the user in the system",
		true, true},
	114: {"department is required", "give the department's id in the settings", true, false},
	116: {"document or batch not found", "check the batch id", true, false},
	117: {"production document is not confirmed yet", "confirm it in the system", true, false},
	118: {"no entries to generate codes of", doOrder, true, false},
	124: {"invalid code", doCodes, true, false},
	126: {"code order of the product not found", doOrder, true, false},
	127: {"product group not in the code order", doOrder, true, false},
	134: {"product is not in the first document", doCodes, true, false},
	135: {"product without a code", doCodes, true, false},
	136: {"package is not formed yet", "look which report of its content is missing", true, false},
	137: {"code not found", doCodes, true, false},
	138: {"code is not valid here", doCodes, true, false},
	139: {"product is not the one that the code was issued for", doCodes, true, false},
	141: {"department not found", doBooks, true, false},
	142: {"it belongs to another company", doBooks, true, false},
	143: {"it belongs to another department", doBooks, true, false},
	145: {"package not found", doCodes, true, false},
	154: {"product not found", doBooks, true, false},
	codeTakenPartWise: {"faults in single products or codes",
		"look in the system whether the good ones were taken, then make a corrected report", true, false},
	157:             {"the request is too large", "lower max_codes of the report", true, false},
	CodeTooFrequent: {"too soon after the request before", doWait, false, true},
	159:             {"wrong emission type", "set retail or import as the codes were ordered", true, false},
	CodeUnsigned:    {"no signature", "check that a proxy does not take X-Signature away", true, true},
	CodeWrongSign: {"signature not accepted",
		"the private key must belong to the public key in the system; then try the settings padding, encoding and what is signed", true, true},
	163: {"code was issued to another company", doCodes, true, false},
	169: {"wrong date", "check the clock, and that the batch is not older than a year", true, false},
	170: {"meaning not published", "ask the system's support what it means", true, false},
	171: {"package was already taken apart", doCodes, true, false},
	176: {"batch is expired", "make a new batch", true, false},
	180: {"code is not in this department", doCodes, true, false},
	184: {"more codes than the tax inspection confirmed", doOrder, true, false},
	189: {"document is confirmed and cannot be changed", "see whether the production document was closed too early", true, false},
	209: {"turned away for maintenance of the server", "let it be sent again when the maintenance is over", true, true},
	214: {"codes of the excise order are used up", doOrder, true, false},
	215: {"production line is not of this department", doBooks, true, false},
	216: {"the code's capacity is not the product's", doCodes, true, false},
	217: {"the code's category is not the product's", doCodes, true, false},
	221: {"too many requests in the background", "let it be sent again when fewer are running", true, true},
	222: {"code was already shipped", doCodes, true, false},
	223: {"too many errors in the request", doCodes, true, false},
}
