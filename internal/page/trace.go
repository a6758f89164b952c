package page

import (
	"context"
	"errors"
	"html/template"
	"net/url"
	"strings"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
	"linemark/internal/office"
	"linemark/internal/symbol"
	"linemark/internal/web"
)

// traceView is the life of a code.
type traceView struct {
	Missing  bool
	Life     web.Life
	Reports  []ledger.Report
	Children []string // the first of them
	Symbol   template.HTML
	CanDrop  bool
	Reasons  []string
}

func traceRest(ctx context.Context, v *visit) (any, error) {
	text := v.Query("code")
	if text == "" {
		return (*traceView)(nil), nil
	}
	life, err := v.agent.Ledger().Trace(ctx, asked(text))
	if errors.Is(err, ledger.ErrNotFound) {
		return &traceView{Missing: true}, nil
	}
	if err != nil {
		return nil, err
	}
	t := &traceView{Life: web.LifeOf(life), Reports: life.Reports, CanDrop: life.State != ledger.Dropped, Reasons: v.agent.Office().Reasons}
	t.Children = t.Life.Children[:min(len(t.Life.Children), mostNames)]
	if svg, err := picture(life); err == nil { // a code that no symbol can bear has none
		t.Symbol = template.HTML(svg) //nolint:gosec // of digits and names alone
	}
	return t, nil
}

// picture is the symbol that bears a code.
func picture(l ledger.Life) (string, error) {
	if code.ValidSSCC(l.Code) == nil {
		bars, err := symbol.Bars(l.Code)
		if err != nil {
			return "", err
		}
		return bars.SVG("GS1-128 (00)" + string(l.Code)), nil
	}
	_, err := code.ParseElements(l.Code)
	grid, err := symbol.DataMatrix(l.Code, err == nil)
	if err != nil {
		return "", err
	}
	return grid.SVG("Data Matrix " + code.Visible(l.Ident)), nil
}

// asked reads a code as people type, paste or scan it: GS as {GS} or as itself, an AIM identifier before it, or the form
// with brackets that stands below symbols. It is only ever looked for.
func asked(text string) code.Code {
	text = strings.TrimSpace(text)
	if len(text) > 3 && text[0] == ']' {
		text = text[3:]
	}
	if strings.HasPrefix(text, "(01)") || strings.HasPrefix(text, "(00)") {
		if elements, err := code.ParseBracketed(text); err == nil {
			if joined, err := code.JoinElements(elements); err == nil {
				text = string(joined)
			}
		}
	}
	text = strings.TrimPrefix(strings.ReplaceAll(text, "{GS}", "\x1d"), "\x1d")
	if whole := code.Code("00" + text); code.ValidSSCC(whole) == nil {
		return whole // an SSCC without its application identifier
	}
	return code.Code(text)
}

func visible(c code.Code) string { return code.Visible(c) }

// dropOf is what a form says of a withdrawal.
func dropOf(form url.Values) ledger.Drop {
	d := ledger.Drop{Reason: form.Get("dropout"), DocNum: strings.TrimSpace(form.Get("document")), WithChild: form.Get("with_child") != ""}
	if d.DocNum != "" {
		d.DocDate = time.Now()
	}
	return d
}

// dropCode withdraws one code, or a container.
func dropCode(ctx context.Context, v *visit, form url.Values) (done, error) {
	text := form.Get("code")
	d := dropOf(form)
	outs, err := v.agent.Office().Drop(ctx, d, []code.Code{asked(text)})
	if err != nil {
		return done{}, err
	}
	if len(outs) == 1 && outs[0].Why != "" {
		return done{}, &office.InputError{What: outs[0].Why, Hint: "nothing was withdrawn"}
	}
	n := 0
	for _, o := range outs {
		n += o.Codes
	}
	return done{Key: "dropped", Args: []any{n}, To: "/trace?code=" + queryEscape(text)}, nil
}
