package code

// PayAt is the moment at which a code is paid for.
type PayAt string

// The two moments of payment.
const (
	AtReceipt     PayAt = "receipt"     // codes received and lost are money lost
	AtApplication PayAt = "application" // codes are paid when reported as applied
)

// OrderFields are the fields that an order of a group must carry beyond the common ones.
type OrderFields struct {
	ReleaseMethodType bool
	ContactPerson     bool
	Factory           bool // factoryId, factoryCountry, productionLineId, productCode, productDescription
}

// UtilisationFields are the fields that a group's utilisation report must carry.
type UtilisationFields struct {
	ProductionDate bool
	ExpirationDate bool
	SeriesNumber   bool // 1 to 20 characters
}

// AggregationFields are the fields that a group's aggregation report must carry.
type AggregationFields struct {
	ProductionLineID bool
}

// Rules are the regulatory facts of one product group: LEGACY-API v1.10.0, dictionary 5.2
// in its second table (May 2023), and the field tables of chapters 4.2, 4.4 and 4.5.
type Rules struct {
	Group             string
	ID                int  // the group's number in dictionary 5.2
	Reserve           bool // codes are issued from a paid reserve
	PayAt             PayAt
	AutoUtilisation   bool // the system itself counts codes as applied
	ManualUtilisation bool // the participant sends utilisation reports
	GroupPacks        bool // codes of type GROUP can be ordered
	Order             OrderFields
	Utilisation       UtilisationFields
	Aggregation       AggregationFields
}

var rules = [...]Rules{
	{
		Group: "tobacco", ID: 3, PayAt: AtApplication, ManualUtilisation: true, GroupPacks: true,
		Order:       OrderFields{Factory: true},
		Aggregation: AggregationFields{ProductionLineID: true},
	},
	{
		Group: "alcohol", ID: 11, Reserve: true, PayAt: AtReceipt, ManualUtilisation: true, GroupPacks: true,
		Order:       OrderFields{ReleaseMethodType: true, ContactPerson: true},
		Utilisation: UtilisationFields{ProductionDate: true},
	},
	{
		Group: "pharma", ID: 7, Reserve: true, PayAt: AtReceipt, ManualUtilisation: true,
		Order:       OrderFields{ReleaseMethodType: true},
		Utilisation: UtilisationFields{ProductionDate: true, ExpirationDate: true, SeriesNumber: true},
	},
	{
		Group: "appliances", ID: 18, Reserve: true, PayAt: AtReceipt, AutoUtilisation: true,
		Order: OrderFields{ReleaseMethodType: true},
	},
	{
		Group: "water", ID: 13, Reserve: true, PayAt: AtReceipt, ManualUtilisation: true, GroupPacks: true,
		Order: OrderFields{ReleaseMethodType: true},
	},
	{
		Group: "beer", ID: 15, PayAt: AtApplication, ManualUtilisation: true, GroupPacks: true,
		Order:       OrderFields{ReleaseMethodType: true},
		Utilisation: UtilisationFields{ProductionDate: true},
	},
}

// first is where the document's first table of dictionary 5.2 (before May 2023) differs from the
// second: the system itself counted codes of these groups as applied, and group packs of beer were
// left blank.
var first = map[string]func(*Rules){
	"alcohol": func(r *Rules) { r.AutoUtilisation, r.ManualUtilisation = true, false },
	"pharma":  func(r *Rules) { r.AutoUtilisation, r.ManualUtilisation = true, false },
	"water":   func(r *Rules) { r.AutoUtilisation, r.ManualUtilisation = true, false },
	"beer":    func(r *Rules) { r.GroupPacks = false },
}

// FirstTable is the table of groups as the document's first table has it.
func FirstTable() Table {
	var t Table
	for _, r := range rules {
		if change, ok := first[r.Group]; ok {
			change(&r)
			t = t.With(r)
		}
	}
	return t
}
