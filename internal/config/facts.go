package config

import (
	"reflect"

	"linemark/internal/code"
)

// fact is what is known of a setting beyond its type, for the schema and for what is in force without it.
type fact struct {
	words    []string // a text is one of these
	likely   []string // a text is mostly one of these
	pattern  string   // of a text
	least    int
	most     int // 0: no bound; then least counts neither
	without  any // what holds where neither the file nor setDefaults says anything
	nonempty bool
}

// Forms of texts.
const (
	digits10  = `^[0-9]{10}$`
	digits13  = `^[0-9]{13}$`
	digits14  = `^[0-9]{14}$`
	uuidForm  = `^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`
	webForm   = `^https?://[^/?#@]+`
	hostPort  = `^[^ /]*:[0-9]{1,5}$`
	timeForm  = `^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$`
	pointForm = `^.+\.[^.]+$`
	sizeForm  = `^[0-9]+(KiB|MiB|GiB)$`
	gradeForm = `^([A-Da-d]|[0-4](\.[0-9]+)?)$`
	linkForm  = `^[a-z+]+://`

	brokerForm = `^(mqtt|tls)://[^/?#@]+$`
	prefixForm = `^[^/$+#]([^+#]*[^/+#])?$`
)

const mostInt = 1<<31 - 1

var positive = fact{least: 1, most: mostInt}

// factsOf are the facts by type and field.
var factsOf = map[string]fact{
	"Config.Version":        {least: 1, most: 1},
	"Agent.Language":        {words: languages},
	"HTTP.Listen":           {pattern: hostPort},
	"Metrics.Listen":        {pattern: hostPort},
	"IZKM.URL":              {pattern: webForm},
	"IZKM.OMSID":            {pattern: uuidForm},
	"IZKM.ClientToken":      {nonempty: true},
	"IZKM.Group":            {likely: code.Table{}.Groups()},
	"IZKM.Rate":             {least: 1, most: maxRate},
	"IZKM.GroupTable":       {words: groupTables},
	"IZKM.CloseBody":        {words: closeBodies},
	"IZKM.QueryTwin":        {without: false},
	"Factory.ID":            {pattern: digits13},
	"Group.Name":            {likely: code.Table{}.Groups()},
	"Structure.Serial":      {least: 1, most: maxSerial},
	"Product.GTIN":          {pattern: digits14},
	"Product.Group":         {likely: code.Table{}.Groups()},
	"Product.TemplateID":    positive,
	"Product.CISType":       {words: cisTypes},
	"Product.Preprinted":    {without: false},
	"Product.ReleaseMethod": {words: releaseMethods},
	"Product.LowWater":      positive,
	"Product.OrderQuantity": {least: 1, most: maxOrder},
	"Product.BlockQuantity": positive,
	"Device.Address":        {pattern: linkForm},
	"Line.ProductionDate":   {pattern: timeForm},
	"Line.ExpirationDate":   {pattern: timeForm},
	"Line.CountLimit":       {least: 0, most: mostInt},
	"Station.Kind":          {words: stationKinds},
	"Station.Ahead":         positive,
	"Station.Reject":        {pattern: pointForm},
	"Station.Confirm":       {pattern: pointForm},
	"Station.Stop":          {pattern: pointForm},
	"Station.StopAfter":     positive,
	"Station.SilentAfter":   positive,
	"Station.Window":        positive,
	"Station.HealAfter":     positive,
	"Station.StopShare":     positive,
	"Station.StopOf":        {least: 1, most: maxStopOf},
	"Station.Grade":         {pattern: gradeForm},
	"Station.PlainSymbol":   {without: false},
	"Station.Request":       {pattern: pointForm},
	"Station.Verdict":       {pattern: pointForm},
	"Station.Acknowledge":   {pattern: pointForm},
	"Station.VerdictGood":   {least: 0, most: maxVerdict},
	"Station.VerdictReject": {least: 0, most: maxVerdict},
	"Station.Capacity":      positive,
	"Station.SSCCPrefix":    {pattern: digits10},
	"Station.PackMode":      {words: packModes},
	"Station.Partial":       {without: false},
	"Station.Unverified":    {words: unverifieds},
	"Station.Refused":       {pattern: pointForm},
	"Station.Accepted":      {pattern: pointForm},
	"Station.Reason":        {words: dropReasons},
	"Station.WithChild":     {without: false},
	"Station.Reenter":       {words: reenters},
	"Report.WhenInDoubt":    {words: doubts},
	"Utilisation.UsageType": {words: usageTypes},
	"Utilisation.MaxCodes":  {least: 1, most: maxUtilisation},
	"Aggregation.MaxCodes":  {least: 1, most: maxAggregation},
	"Ediweb.URL":            {pattern: webForm},
	"Ediweb.IDType":         {words: idTypes},
	"Ediweb.Charset":        {words: charsets},
	"Diadoc.URL":            {pattern: webForm},
	"Diadoc.TokenURL":       {pattern: webForm},
	"MQTT.Broker":           {pattern: brokerForm},
	"MQTT.Prefix":           {pattern: prefixForm},
	"MQTT.Buffer":           {least: 1, most: mostBuffer},
	"Record.Enabled":        {without: true},
	"Record.Size":           {pattern: sizeForm},

	"SmartOne.URL":           {pattern: webForm},
	"SmartOne.Password":      {nonempty: true},
	"SmartOne.Group":         {likely: code.Table{}.Groups()},
	"SmartOne.DepartmentID":  positive,
	"SmartOne.ProductLineID": positive,
	"SmartOne.Emission":      {words: emissions},
	"SmartOne.ReportCodes":   {words: reportCodes},
	"SmartOne.Lang":          {words: langs},
	"SmartOne.Padding":       {words: paddings},
	"SmartOne.Encoding":      {words: encodings},
	"SmartOne.Signed":        {words: signeds},
	"SmartOne.Gzip":          {words: gzips},
	"Product.AssortID":       positive,
	"Product.UnitID":         positive,
	"Station.PackID":         positive,
}

// factOf returns what is known of a field.
func factOf(table reflect.Type, field int) fact {
	return factsOf[table.Name()+"."+table.Field(field).Name]
}

// neededBy are the keys that a kind of station does not work without. What else it needs depends on
// the other keys.
func neededBy(kind string) []string {
	switch kind {
	case kindPrint:
		return []string{"product", "printer"}
	case kindVerify:
		return []string{"scanner", "stop"}
	case kindPack:
		return []string{"capacity", "unit"}
	case kindDrop:
		return []string{"scanner", "reason"}
	default:
		return []string{"scanner"}
	}
}
