// Package exchange moves codes between files and the ledger. What a file holds is judged as
// what a person gives: a code must keep every rule of its group, or its line is bad.
package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"

	"linemark/internal/code"
	"linemark/internal/codefile"
	"linemark/internal/ledger"
	"linemark/internal/mangle"
)

// Import says which file becomes stock of which product.
type Import struct {
	Name    string // the file's name, for the journal
	Format  codefile.Format
	Product ledger.Product
	Profile code.Profile
	SkipBad bool // import the good lines although there are bad ones

	Bad      func(BadLine)   // called for each bad line, in their order; nil: not
	Progress func(lines int) // called now and then; nil: not
}

// BadLine is a line that is no code of the product.
type BadLine struct {
	Number int
	Code   code.Code // what could be read; may be empty
	Why    string
}

// Result counts an import's lines.
type Result struct {
	Lines    int
	Imported int
	Bad      int
}

// ErrBad means that lines were bad and nothing was imported.
var ErrBad = errors.New("nothing was imported")

const (
	explained     = 20 // bad lines that are looked at for what happened to them: it takes long
	progressEvery = 5000
)

// Run imports the file's codes as stock, all or, without SkipBad, nothing: then the error is
// ErrBad when a line is bad. An error of reading or of the ledger leaves nothing imported
// either. The memory that it needs does not grow with the file.
func (im Import) Run(ctx context.Context, l *ledger.Ledger, file io.Reader) (Result, error) {
	id, err := l.Product(ctx, im.Product)
	if err != nil {
		return Result{}, err
	}
	var r Result
	n, err := l.Import(ctx, id, im.Profile, im.Name, func(add func(code.Code) error) error {
		for line, err := range codefile.Read(file, im.Format) {
			if err != nil {
				return fmt.Errorf("reading %s: %w", im.Name, err)
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			r.Lines++
			if im.Progress != nil && r.Lines%progressEvery == 0 {
				im.Progress(r.Lines)
			}
			why := im.judge(line, r.Bad < explained)
			if why == "" {
				var repeated *ledger.RepeatedCode
				err := add(line.Code)
				switch {
				case errors.As(err, &repeated):
					why = "this code is in the ledger, or in this file, already"
				case err != nil:
					return err
				}
			}
			if why != "" {
				r.Bad++
				if im.Bad != nil {
					im.Bad(BadLine{Number: line.Number, Code: line.Code, Why: why})
				}
			}
		}
		if r.Bad > 0 && !im.SkipBad {
			return ErrBad
		}
		return nil
	})
	r.Imported = n
	return r, err
}

// judge says why a line is bad, or nothing. Such a line may be explained by what happened to it.
func (im Import) judge(line codefile.Line, explain bool) string {
	var bad *codefile.LineError
	if errors.As(line.Err, &bad) {
		return fmt.Sprintf("%v (%s)", bad.Err, bad.Hint)
	}
	if line.Err != nil {
		return line.Err.Error()
	}
	why := fault(im.Profile, im.Product.GTIN, line.Code)
	if why == "" || !explain {
		return why
	}
	fits := func(c code.Code) bool { return fault(im.Profile, im.Product.GTIN, c) == "" }
	_, found, _ := mangle.Explain(line.Code, fits)
	if len(found) == 0 { // GS is lost too: that alone says why already, what else happened is told
		_, found, _ = mangle.Explain(line.Code, func(c code.Code) bool {
			parts, err := im.Profile.Parse(c)
			return err == nil && parts.GSLost && parts.GTIN == im.Product.GTIN
		})
	}
	if len(found) > 0 {
		why += " (" + found[0].What + ": " + found[0].Who + ")"
	}
	return why
}

// fault says why c may not become stock: it must be a full code of the product, as issued.
func fault(p code.Profile, gtin string, c code.Code) string {
	parts, err := p.Parse(c)
	switch {
	case err != nil:
		return err.Error()
	case parts.GTIN != gtin:
		return fmt.Sprintf("a code of GTIN %s, expected %s", parts.GTIN, gtin)
	case parts.Tail == "" && p.Full > p.KI:
		return "the identification code alone: its check part is missing, so it cannot be printed"
	case parts.GSLost:
		return fmt.Sprintf("%d bytes without GS, expected %d with it", len(c), p.Full)
	case len(parts.Warnings) > 0:
		return parts.Warnings[0]
	}
	return ""
}
