package page

import "context"

// view is one kind of page. Its templates are NAME and, where it has a live part, NAME-live.
type view struct {
	name, path string
	live       func(context.Context, *visit) (any, error) // what is kept up to date: the same for everybody
	rest       func(context.Context, *visit) (any, error) // what is not, such as forms
}

// views are all there are.
var views = []view{
	{"lines", "/{$}", livelines, linesRest},
	{"batch", "/batch", livebatch, batchRest},
	{"sheet", "/batch/sheet", nil, sheetRest},
	{"stock", "/stock", livestock, nil},
	{"reports", "/reports", livereports, nil},
	{"report", "/reports/{id}", nil, reportRest},
	{"doubtful", "/doubtful", nil, doubtfulRest},
	{"trace", "/trace", nil, traceRest},
	{"packing", "/packing", livepacking, packingRest},
	{"devices", "/devices", livedevices, nil},
	{"device", "/devices/{name}", livedevice, deviceRest},
	{"journal", "/journal", nil, journalRest},
}

// Tab is one of the page's main views.
type Tab struct{ Key, Path string }

// Tabs are those that the navigation shows.
func (v *visit) Tabs() []Tab {
	return []Tab{{"lines", "/"}, {"batch", "/batch"}, {"stock", "/stock"}, {"reports", "/reports"}, {"doubtful", "/doubtful"},
		{"trace", "/trace"}, {"packing", "/packing"}, {"devices", "/devices"}, {"journal", "/journal"}}
}
