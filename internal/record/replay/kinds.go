package replay

import (
	"reflect"

	"linemark/internal/line"
)

// kinds are the events and effects by the names under which they are recorded. A test holds them
// against what the stations handle.
var kinds = byName(
	line.Tick{}, line.PrinterUp{}, line.PrinterDown{}, line.PrintedCount{}, line.Scans{}, line.CheckScan{}, line.ScannerState{}, line.PLCState{},
	line.CountedRejects{}, line.CountedProducts{}, line.StopOutput{}, line.Permit{}, line.Given{}, line.Requested{}, line.Seen{}, line.Packed{},
	line.SendLabels{}, line.Reject{}, line.StopLine{}, line.Answer{}, line.TellGiven{}, line.TellSeen{}, line.Announce{}, line.Alarm{},
	line.ClaimCodes{}, line.Claimed{}, line.ConfirmCodes{}, line.DoubtCodes{}, line.Recorded{}, line.VerifyCodes{}, line.Verdicts{},
	line.OvertakenBefore{}, line.Overtaken{}, line.TooLate{}, line.Failed{}, line.OpenContainer{}, line.Opened{}, line.PutUnits{}, line.Puts{},
	line.PutContainer{}, line.FillContainer{}, line.AsideContainer{}, line.TakeSSCC{}, line.TakenSSCC{}, line.CloseContainer{},
	line.Lend{}, line.GivenBack{}, line.Asked{}, line.Reply{}, line.Signal{}, line.BatchChanged{}, line.FindOpen{}, line.FoundOpen{}, line.PutCoded{}, line.CloseRead{}, line.PackFrame{},
	line.PackedFrame{}, line.Repack{}, line.Repacked{}, line.PrintAgain{},
	line.DropCodes{}, line.DroppedCodes{}, line.ReworkCodes{},
)

// stations are the kinds of stations, by the same names.
var stations = byName(line.Print{}, line.Verify{}, line.Pack{}, line.Frame{}, line.Bench{}, line.Drop{}, line.Rework{})

func byName(all ...any) map[string]reflect.Type {
	types := make(map[string]reflect.Type, len(all))
	for _, v := range all {
		t := reflect.TypeOf(v)
		types[t.Name()] = t
	}
	return types
}
