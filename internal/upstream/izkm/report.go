package izkm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"linemark/internal/code"
)

// Statuses of a report (5.7). SENT is the last good one. An unknown one means wait.
const (
	ReportDraft    = "DRAFT"
	ReportReady    = "READY_TO_SEND"
	ReportPending  = "PENDING"
	ReportSent     = "SENT"
	ReportRejected = "REJECTED"
)

// Utilisation is a report of applied codes (4.4).
type Utilisation struct {
	Group             string      // alias; not sent; decides which fields are required
	Groups            code.Table  // where the rules of Group stand; the zero one is the standard
	Codes             []code.Code // full codes, GS and check part included; at most 30,000
	UsageType         string      // PRINTED, VERIFIED, USED_FOR_PRODUCTION; optional
	ProductionLineID  string      // optional
	ProductionOrderID string      // optional
	BrandCode         string      // optional
	SourceReportID    string      // our own id of the report, its only trace after a lost answer
	ProductionDate    time.Time   // required in pharma, alcohol, beer; sent in its own zone
	ExpirationDate    time.Time   // required in pharma; sent in its own zone
	SeriesNumber      string      // required in pharma; 1 to 20 characters
}

// ReportState is how far IZKM has got with a report.
type ReportState struct {
	Status string
	Reason string // why it was rejected
}

// EncodeUtilisation returns the body of POST /utilisation, the bytes to freeze, or an *Error
// of kind Invalid that says what the document does not allow.
func EncodeUtilisation(u Utilisation) ([]byte, error) {
	const op = "POST /utilisation"
	if err := checkUtilisation(u); err != nil {
		return nil, invalid(op, err)
	}
	var w object
	texts(&w, "sntins", u.Codes)
	w.textIf("usageType", u.UsageType)
	w.textIf("productionLineId", u.ProductionLineID)
	w.textIf("productionOrderId", u.ProductionOrderID)
	w.textIf("brandcode", u.BrandCode)
	w.text("sourceReportId", u.SourceReportID)
	if !u.ProductionDate.IsZero() {
		w.text("productionDate", u.ProductionDate.Format(time.RFC3339))
	}
	if !u.ExpirationDate.IsZero() {
		w.text("expirationDate", u.ExpirationDate.Format(time.RFC3339))
	}
	w.textIf("seriesNumber", u.SeriesNumber)
	body, err := w.end()
	if err != nil {
		return nil, invalid(op, err)
	}
	return body, nil
}

func checkUtilisation(u Utilisation) error {
	if err := checkAlias(u.Group); err != nil {
		return err
	}
	if n := len(u.Codes); n < 1 || n > MaxUtilisation {
		return fmt.Errorf("%d codes; it must be 1 to %d", n, MaxUtilisation)
	}
	if err := distinct("sntins", u.Codes); err != nil {
		return err
	}
	usages := []string{"", usagePrinted, usageVerified, usageInProduction}
	if !slices.Contains(usages, u.UsageType) {
		return fmt.Errorf("usageType is %q, not one of %v", u.UsageType, usages[1:])
	}
	if n := utf8.RuneCountInString(u.SeriesNumber); n > MaxSeriesNumber {
		return fmt.Errorf("seriesNumber has %d characters; it must be 1 to %d", n, MaxSeriesNumber)
	}
	d := rulesOf(u.Groups, u.Group).Utilisation
	return missing(need{"sourceReportId", u.SourceReportID != ""},
		need{"productionDate", !d.ProductionDate || !u.ProductionDate.IsZero()},
		need{"expirationDate", !d.ExpirationDate || !u.ExpirationDate.IsZero()},
		need{"seriesNumber", !d.SeriesNumber || u.SeriesNumber != ""})
}

// SendUtilisation sends exactly body, as EncodeUtilisation made it, and returns the report's
// id. An error that is Lost means that the report may have been taken in.
func (c *Client) SendUtilisation(ctx context.Context, body []byte) (reportID string, err error) {
	return c.sendReport(ctx, "/utilisation", body)
}

// SendAggregation sends exactly body, as EncodeAggregation made it, and returns the report's
// id. An error that is Lost means that the report may have been taken in.
func (c *Client) SendAggregation(ctx context.Context, body []byte) (reportID string, err error) {
	return c.sendReport(ctx, "/aggregation", body)
}

func (c *Client) sendReport(ctx context.Context, path string, body []byte) (string, error) {
	r := request{method: http.MethodPost, path: path, body: body}
	if len(body) == 0 {
		return "", invalid(r.op(), errors.New("the report is empty"))
	}
	var a taken
	if err := c.call(ctx, r, &a); err != nil {
		return "", err
	}
	return string(a.ReportID), nil
}

type taken struct {
	ReportID text `json:"reportId"`
}

func (a *taken) complete() error {
	if a.ReportID == "" {
		return errors.New("it holds no reportId")
	}
	return nil
}

// ReportState asks for the fate of a report (4.7). IZKM may refuse a report's id with
// CodeUnknownReport for a while after giving it out.
func (c *Client) ReportState(ctx context.Context, reportID string) (ReportState, error) {
	r := request{method: http.MethodGet, path: "/report/info", query: []param{{"reportId", reportID}}}
	if reportID == "" {
		return ReportState{}, invalid(r.op(), errors.New("reportId is missing"))
	}
	a := fate{asked: reportID}
	if err := c.call(ctx, r, &a); err != nil {
		return ReportState{}, err
	}
	return ReportState{Status: string(a.Status), Reason: string(a.Reason)}, nil
}

type fate struct {
	ReportID text  `json:"reportId"`
	Status   text  `json:"reportStatus"`
	Reason   words `json:"errorReason"`

	asked string
}

func (a *fate) complete() error {
	if a.Status == "" {
		return errors.New("it holds no reportStatus")
	}
	if a.ReportID != "" && !strings.EqualFold(string(a.ReportID), a.asked) {
		return fmt.Errorf("it is about report %.60q, not the one asked for", a.ReportID)
	}
	return nil
}
