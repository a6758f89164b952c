package izkmtest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// refused sends a request and expects a refusal with this code, noted as a breach, that
// changes nothing.
func (x *site) refused(r *http.Request, status, code int, breach string) {
	x.t.Helper()
	before := x.srv.History()
	got, a := x.do(r)
	if got != status || len(a.GlobalErrors) != 1 || a.GlobalErrors[0].ErrorCode != code || a.Success == nil || *a.Success {
		x.t.Errorf("%s %s: %d %s, want %d and code %d", r.Method, r.URL, got, a.raw, status, code)
	}
	after := x.srv.History()
	fresh := after.Breaches[len(before.Breaches):]
	if !slices.ContainsFunc(fresh, func(b string) bool {
		return strings.HasPrefix(b, r.Method+" "+r.URL.Path+": ") && strings.Contains(b, breach)
	}) {
		x.t.Errorf("%s %s: breaches %q, want %q", r.Method, r.URL, fresh, breach)
	}
	if len(after.Orders) != len(before.Orders) || len(after.Codes) != len(before.Codes) || len(after.Reports) != len(before.Reports) {
		x.t.Errorf("%s %s: it was carried out all the same", r.Method, r.URL)
	}
}

func TestAccessIsRefused(t *testing.T) {
	x := newSite(t, "water", Options{})
	query := func(name, value string) func(*http.Request) {
		return func(r *http.Request) {
			q := r.URL.Query()
			if q.Set(name, value); value == "" {
				q.Del(name)
			}
			r.URL.RawQuery = q.Encode()
		}
	}
	for name, tc := range map[string]struct {
		change       func(*http.Request)
		status, code int
		breach       string
	}{
		"no token":         {func(r *http.Request) { r.Header.Del("clientToken"); delete(r.Header, "clientToken") }, 401, 401, "clientToken"},
		"bearer":           {func(r *http.Request) { r.Header["clientToken"] = []string{"Bearer " + testToken} }, 401, 401, "clientToken"},
		"no type":          {func(r *http.Request) { r.Header.Del("Content-Type") }, 400, codeWrong, `Content-Type is ""`},
		"form type":        {func(r *http.Request) { r.Header.Set("Content-Type", "text/json") }, 400, codeWrong, "Content-Type"},
		"other charset":    {func(r *http.Request) { r.Header.Set("Content-Type", "application/json;charset=cp1251") }, 400, codeWrong, "Content-Type"},
		"no omsId":         {query("omsId", ""), 400, codeMissing, "omsId"},
		"omsId misspelt":   {func(r *http.Request) { query("omsId", "")(r); query("omslId", testOMS)(r) }, 400, codeMissing, "omsId"},
		"omsId no UUID":    {query("omsId", "CDF2109-10D3-11E6-8B6F-0050569977A1"), 400, codeWrong, "not a UUID"},
		"foreign omsId":    {query("omsId", testToken), 403, codeForbidden, "no access"},
		"bad escape":       {func(r *http.Request) { r.URL.RawQuery += "&x=%zz" }, 400, codeWrong, "percent-encoded"},
		"raw semicolon":    {func(r *http.Request) { r.URL.RawQuery += "&x=a;b" }, 400, codeWrong, "percent-encoded"},
		"parameter twice":  {func(r *http.Request) { r.URL.RawQuery += "&omsId=" + testOMS }, 400, codeWrong, "2 times"},
		"unknown group":    {func(r *http.Request) { r.URL.Path = "/api/v2/milk/ping" }, 400, codeWrong, "milk"},
		"unknown method":   {func(r *http.Request) { r.URL.Path = "/api/v2/water/pong" }, 404, codeNoMethod, "no such method"},
		"unknown version":  {func(r *http.Request) { r.URL.Path = "/api/v3/water/ping" }, 404, codeNoMethod, "no such method"},
		"method unallowed": {func(r *http.Request) { r.Method = "POST" }, 405, codeNoMethod, "not allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			y := *x
			y.t = t
			r := y.request("GET", "ping", "")
			tc.change(r)
			y.refused(r, tc.status, tc.code, tc.breach)
		})
	}
	r := x.request("POST", "orders", "{}")
	query("omsId", testToken)(r)
	x.refused(r, 401, codeUnauthorized, "no access") // the document has no 403 for POST
	for _, name := range []string{"application/json;charset=UTF-8", "Application/JSON; charset=utf-8"} {
		r := x.request("GET", "ping", "")
		r.Header.Set("Content-Type", name)
		if status, a := x.do(r); status != 200 {
			t.Errorf("%s: %s", name, a.raw)
		}
	}
}

func TestOpenHouse(t *testing.T) {
	x := newSite(t, "water", Options{})
	x.srv.opt.OMSID, x.srv.opt.Token = "", ""
	id := x.order(productRow(testGTIN, "UNIT", 1))
	r := x.request("GET", "codes", "", "orderId", id, "gtin", testGTIN, "quantity", "1", "omsId", testToken)
	x.refused(r, 403, codeForbidden, "no access to order") // an order of another participant
	r = x.request("GET", "ping", "", "omsId", testToken)
	delete(r.Header, "clientToken")
	if status, a := x.do(r); status != 200 || a.OMSID != testToken {
		t.Errorf("%d %s", status, a.raw)
	}
}

// with returns a copy of a body with one field changed; absent removes it.
func with(body fields, name string, value any) fields {
	c := maps.Clone(body)
	if c[name] = value; value == absent {
		delete(c, name)
	}
	return c
}

const absent = "\x00"

func TestOrdersAreRefused(t *testing.T) {
	row := productRow(testGTIN, "UNIT", 2)
	water := fields{"products": []fields{row}, "releaseMethodType": "PRODUCTION"}
	tobacco := fields{"products": []fields{row}, "factoryId": "4600000000008", "factoryCountry": "UZ",
		"productionLineId": "1", "productCode": "6789", "productDescription": "Simple", "expectedStartDate": "2026-03-01"}
	rows := func(list ...fields) fields { return with(water, "products", list) }
	own := func(serials ...string) fields {
		return rows(with(with(row, "serialNumberType", "SELF_MADE"), "serialNumbers", serials))
	}
	eleven := make([]fields, 11)
	for i := range eleven {
		eleven[i] = productRow("0478010116439"+string(rune('A'+i)), "UNIT", 1)
	}
	for name, tc := range map[string]struct {
		group  string
		body   any
		code   int
		breach string
	}{
		"not an object":       {"water", []int{1}, codeWrong, "not a JSON object"},
		"null":                {"water", nil, codeWrong, "not a JSON object"},
		"no products":         {"water", with(water, "products", absent), codeMissing, "products"},
		"empty products":      {"water", rows(), codeMissing, "products"},
		"products no array":   {"water", with(water, "products", row), codeWrong, "products: wrong type"},
		"null product":        {"water", with(water, "products", []any{nil}), codeWrong, "products[0]"},
		"11 products":         {"water", rows(eleven...), codeLimit, "11 GTINs"},
		"GTIN twice":          {"water", rows(row, row), codeWrong, "products[1].gtin"},
		"no gtin":             {"water", rows(with(row, "gtin", absent)), codeMissing, "products[0].gtin"},
		"short gtin":          {"water", rows(with(row, "gtin", "478010116439")), codeWrong, "14 digits"},
		"gtin a number":       {"water", rows(with(row, "gtin", 4780101164394)), codeWrong, "gtin: wrong type"},
		"no quantity":         {"water", rows(with(row, "quantity", absent)), codeMissing, "products[0].quantity"},
		"quantity 0":          {"water", rows(with(row, "quantity", 0)), codeWrong, "quantity"},
		"quantity below 0":    {"water", rows(with(row, "quantity", -1)), codeWrong, "quantity"},
		"quantity a string":   {"water", rows(with(row, "quantity", "2")), codeWrong, "quantity: wrong type"},
		"quantity a fraction": {"water", rows(with(row, "quantity", 1.5)), codeWrong, "quantity: wrong type"},
		"quantity 150001":     {"water", rows(with(row, "quantity", 150001)), codeLimit, "150001"},
		"no serial type":      {"water", rows(with(row, "serialNumberType", absent)), codeMissing, "serialNumberType"},
		"other serial type":   {"water", rows(with(row, "serialNumberType", "MINE")), codeWrong, "MINE"},
		"no template":         {"water", rows(with(row, "templateId", nil)), codeMissing, "templateId"},
		"no cisType":          {"water", rows(with(row, "cisType", absent)), codeMissing, "cisType"},
		"other cisType":       {"water", rows(with(row, "cisType", "PACK")), codeWrong, "PACK"},
		"GROUP in pharma":     {"pharma", rows(with(row, "cisType", "GROUP")), codeWrong, "no GROUP codes"},
		"rate 2":              {"water", rows(with(row, "rateType", 2)), codeWrong, "rateType"},
		"misspelt field":      {"water", rows(with(row, "Quantity", 2)), codeWrong, "no such field"},
		"no serials":          {"water", own(), codeMissing, "serialNumbers"},
		"too few serials":     {"water", own("abcdefghijklm"), codeWrong, "1 of them for 2"},
		"equal serials":       {"water", own("abcdefghijklm", "abcdefghijklm"), codeWrong, "serialNumbers[1]"},
		"short serial":        {"water", own("abcdefghijklm", "abc"), codeWrong, "serialNumbers[1]"},
		"serial beyond 82":    {"water", own("abcdefghijklm", "abcdefghijkl#"), codeWrong, "serialNumbers[1]"},
		"no release method":   {"water", with(water, "releaseMethodType", absent), codeMissing, "releaseMethodType"},
		"other release":       {"water", with(water, "releaseMethodType", "GIFT"), codeWrong, "GIFT"},
		"maker, no provider":  {"water", with(water, "createMethodType", "CM"), codeWrong, "createMethodType"},
		"provider, no maker":  {"water", with(water, "serviceProviderId", testOMS), codeMissing, "createMethodType"},
		"provider, self made": {"water", with(with(water, "serviceProviderId", testOMS), "createMethodType", "SELF_MADE"), codeWrong, "createMethodType"},
		"provider no UUID":    {"water", with(with(water, "serviceProviderId", "x"), "createMethodType", "CM"), codeWrong, "serviceProviderId"},
		"no contact person":   {"alcohol", water, codeMissing, "contactPerson"},
		"tobacco for water":   {"water", with(tobacco, "releaseMethodType", "IMPORT"), codeWrong, "factoryId"},
		"no factory":          {"tobacco", with(tobacco, "factoryId", absent), codeMissing, "factoryId"},
		"no factory country":  {"tobacco", with(tobacco, "factoryCountry", absent), codeMissing, "factoryCountry"},
		"no line":             {"tobacco", with(tobacco, "productionLineId", absent), codeMissing, "productionLineId"},
		"no product code":     {"tobacco", with(tobacco, "productCode", ""), codeMissing, "productCode"},
		"no description":      {"tobacco", with(tobacco, "productDescription", absent), codeMissing, "productDescription"},
		"start date":          {"tobacco", with(tobacco, "expectedStartDate", "01.03.2026"), codeWrong, "expectedStartDate"},
	} {
		t.Run(name, func(t *testing.T) {
			x := newSite(t, tc.group, Options{})
			x.refused(x.request("POST", "orders", text(t, tc.body)), 400, tc.code, tc.breach)
		})
	}
	x := newSite(t, "water", Options{})
	x.refused(x.request("POST", "orders", "{\"products\":\"\xe8\"}"), 400, codeWrong, "UTF-8")
	x.ok("POST", "orders", text(t, water))
	x.as("tobacco").ok("POST", "orders", text(t, tobacco))
	x.ok("POST", "orders", text(t, with(with(water, "serviceProviderId", testOMS), "createMethodType", "\u0421\u041c")))
	x.ok("POST", "orders", text(t, with(water, "createMethodType", nil)))
}

func TestOwnSerialNumbers(t *testing.T) {
	x := newSite(t, "water", Options{})
	row := with(with(productRow(testGTIN, "UNIT", 2), "serialNumberType", "SELF_MADE"), "serialNumbers",
		[]string{"abcdefghijklm", "=<>&'\"/_A?!*+"})
	id := x.order(row)
	codes := x.take(id, testGTIN, 2, 1)
	if !strings.HasPrefix(codes[1], "01"+testGTIN+"21=<>&'\"/_A?!*+\x1d93") {
		t.Errorf("%q", codes)
	}
	body := fields{"products": []fields{row}, "releaseMethodType": "PRODUCTION"}
	x.refused(x.request("POST", "orders", text(t, body)), 400, codeWrong, "was used before")
	if a := x.utilise(codes...); a.ReportStatus != "SENT" {
		t.Error(a.raw)
	}
}

func TestHundredActiveOrders(t *testing.T) {
	x := newSite(t, "water", Options{})
	row := productRow(testGTIN, "UNIT", 1)
	first := x.order(row)
	for range 99 {
		x.order(row)
	}
	body := text(t, fields{"products": []fields{row}, "releaseMethodType": "PRODUCTION"})
	x.refused(x.request("POST", "orders", body), 400, codeLimit, "100 active orders")
	x.ok("POST", "buffer/close", "", "orderId", first)
	x.order(row)
}

func TestReadingCodesIsRefused(t *testing.T) {
	clk := newClock()
	x := newSite(t, "water", Options{Now: clk.now, OrderDelay: time.Minute})
	id := x.order(productRow(testGTIN, "UNIT", 10))
	q := func(more ...string) []string { return append([]string{"orderId", id, "gtin", testGTIN}, more...) }
	codes := func(more ...string) *http.Request { return x.request("GET", "codes", "", q(more...)...) }
	x.refused(codes("quantity", "5"), 400, codeState, "is PENDING")
	clk.pass(time.Minute)
	x.refused(codes(), 400, codeMissing, "quantity")
	x.refused(codes("quantity", "0"), 400, codeWrong, "quantity")
	x.refused(codes("quantity", "5", "orderId", ""), 400, codeMissing, "Идентификатор заказа")
	x.refused(codes("quantity", "5", "gtin", ""), 400, codeMissing, "gtin")
	x.refused(codes("quantity", "5", "gtin", boxGTIN), 400, codeNoOrder, "no GTIN")
	x.refused(codes("quantity", "5", "orderId", testOMS), 400, codeNoOrder, "not found")
	x.refused(codes("quantity", "5", "orderId", "7"), 400, codeWrong, "not a UUID")
	x.refused(x.as("beer").request("GET", "codes", "", q("quantity", "5")...), 400, codeNoOrder, "not found in group beer")
	x.refused(codes("quantity", "5", "lastBlockId", testOMS), 400, codeState, "no block was issued yet")
	x.refused(codes("quantity", "5", "lastBlockId", "1"), 400, codeWrong, "neither a UUID nor 0")
	first := x.ok("GET", "codes", "", q("quantity", "5", "lastBlockId", "0")...)
	x.refused(codes("quantity", "2"), 400, codeState, "is not acknowledged")
	x.refused(codes("quantity", "2", "lastBlockId", "0"), 400, codeState, "is not acknowledged")
	x.refused(codes("quantity", "2", "lastBlockId", testOMS), 400, codeState, "is not the previous block")
	second := x.ok("GET", "codes", "", q("quantity", "2", "lastBlockId", strings.ToUpper(first.BlockID))...)
	x.refused(codes("quantity", "2", "lastBlockId", first.BlockID), 400, codeState, "is not the previous block")
	x.ok("GET", "codes", "", q("quantity", "99", "lastBlockId", second.BlockID)...)
	x.refused(codes("quantity", "1", "lastBlockId", second.BlockID), 400, codeState, "is EXHAUSTED")
	x.refused(x.request("GET", "codes/retry", "", q("blockId", testOMS)...), 400, codeWrong, "block "+testOMS)
	x.refused(x.request("GET", "codes/retry", "", q("blockId", "1")...), 400, codeWrong, "not a UUID")
	x.refused(x.request("POST", "buffer/close", "", "orderId", testOMS), 400, codeNoOrder, "not found")
	x.refused(x.request("POST", "buffer/close", "", q("gtin", boxGTIN)...), 400, codeNoOrder, "no GTIN")
	x.refused(x.request("POST", "buffer/close", `{"orderId":"7"}`, q()...), 400, codeWrong, "no such field")
	x.ok("POST", "buffer/close", "", q()...)
	x.refused(x.request("GET", "codes/retry", "", q()...), 400, codeState, "cannot be read again")
	x.refused(codes("quantity", "1", "lastBlockId", second.BlockID), 400, codeState, "is CLOSED")
	x.refused(x.request("GET", "report/info", "", "reportId", testOMS), 400, codeNoReport, "не найден")
	x.refused(x.request("GET", "report/info", ""), 400, codeMissing, "reportId")
	for name, value := range map[string]string{"status": "OPEN", "dateFrom": "2026-03-01", "limit": "0", "offset": "0"} {
		x.refused(x.request("GET", "orders", "", name, value), 400, codeWrong, name)
	}
	x.refused(x.request("GET", "orders", "", "dateFrom", "2026-03-02T00:00:00Z", "dateTo", "2026-03-01T00:00:00Z"), 400, codeWrong, "dateTo")
	if n := len(x.srv.History().Codes); n != 10 {
		t.Errorf("%d codes issued", n)
	}
}
