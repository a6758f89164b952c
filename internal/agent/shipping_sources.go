package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"linemark/internal/config"
	"linemark/internal/secrets"
	"linemark/internal/shipping"
	"linemark/internal/upstream/diadoc"
	"linemark/internal/upstream/ediweb"
	"linemark/internal/upstream/ediweb/stack"
)

// waybills is Ediweb as shipments need it.
type waybills struct {
	client *ediweb.Client
	idType ediweb.IDType
	org    string
}

func newWaybills(c config.Ediweb, o Options) (*waybills, error) {
	client, err := ediweb.New(ediweb.Options{URL: c.URL, AuthHeader: c.AuthHeader, AuthValue: c.AuthValue.Reveal(), Extra: c.Extra.Values(), Timeout: c.Timeout,
		Limits: stack.Limits{Names: stack.Charset(c.Charset)}, Transport: carrier(o), Now: o.Now})
	return &waybills{client, ediweb.IDType(c.IDType), c.OrgID}, err
}

// carrier is the network of the systems outside, where a test has put another in its place.
func carrier(o Options) http.RoundTripper {
	if o.DialContext == nil {
		return nil
	}
	return &http.Transport{DialContext: o.DialContext, DisableKeepAlives: true}
}

// QRCodes implements shipping.Waybills.
func (w *waybills) QRCodes(ctx context.Context, ids []string) (shipping.Answer, error) {
	a, err := w.client.QRCodes(ctx, w.idType, w.org, ids)
	var failed *ediweb.Error
	if err != nil && !errors.As(err, &failed) {
		return shipping.Answer{}, err
	}
	if len(a.Lots) == 0 { // the request was refused before it was sent
		return shipping.Answer{}, troubleOf(failed)
	}
	var out shipping.Answer
	answered := false
	for _, l := range a.Lots {
		answered = answered || l.Err == nil
		out.Notes = append(out.Notes, l.Notes...)
		for _, i := range l.Inventories {
			out.Inventories = append(out.Inventories, i.Raw)
		}
	}
	if !answered {
		return shipping.Answer{}, troubleOf(failed)
	}
	for _, d := range a.Documents {
		l := a.Lots[d.Lot]
		b := shipping.Brought{ID: d.ID, RequestUUID: l.RequestUUID, Why: d.Why, Unusable: d.State == ediweb.Failed}
		var of *ediweb.Error
		if errors.As(l.Err, &of) {
			b.Trouble = troubleOf(of)
		}
		for _, p := range d.Packets {
			b.Number = p.Number
			for _, i := range p.Inventories {
				out.Inventories = append(out.Inventories, i.Raw)
			}
			if d.State == ediweb.Found {
				b.Pictures = append(b.Pictures, pictures(p)...)
			}
		}
		out.Waybills = append(out.Waybills, b)
	}
	for _, p := range a.Strays {
		if p.Raw != nil {
			out.Strays = append(out.Strays, shipping.Raw{Name: p.Name, Format: "zip", Bytes: p.Raw})
			continue
		}
		out.Strays = append(out.Strays, pictures(p)...)
	}
	return out, nil
}

func pictures(p ediweb.Packet) []shipping.Raw {
	var all []shipping.Raw
	for _, q := range p.Pictures {
		name := p.Name
		if q.Name != p.Name {
			name += "/" + q.Name
		}
		all = append(all, shipping.Raw{Name: name, Format: string(q.Format), Bytes: q.Bytes})
	}
	return all
}

func troubleOf(e *ediweb.Error) *shipping.Trouble {
	t := &shipping.Trouble{Kind: shipping.Away, After: e.RetryAfter, RequestUUID: e.RequestUUID, Err: e}
	switch e.Kind {
	case ediweb.Unauthorized:
		t.Kind = shipping.Access
	case ediweb.Invalid, ediweb.Refused, ediweb.Unexpected, ediweb.TooLarge, ediweb.Hostile:
		t.Kind = shipping.Unusable
	}
	return t
}

// protocols is Diadoc as shipments need it.
type protocols struct{ client *diadoc.Client }

// refreshToken is the name under which the newest refresh token is kept in the data folder, behind the digest of
// the configured one that it came from.
const refreshToken = "diadoc-refresh-token"

func newProtocols(cfg *config.Config, o Options, alarm func(place, text string)) (*protocols, error) {
	c := cfg.Diadoc
	access := diadoc.Options{URL: c.URL, Timeout: c.Timeout, Transport: carrier(o), Now: o.Now}
	if given := c.RefreshToken.Reveal(); given != "" {
		kept := secrets.Beside(cfg.Agent.DataDir)
		digest := sha256.Sum256([]byte(given))
		of := hex.EncodeToString(digest[:])
		if b, err := secrets.Open(kept.Path(refreshToken)); err == nil {
			if newest, ok := strings.CutPrefix(string(b), of+" "); ok {
				given = newest
			}
		}
		access.OpenID = &diadoc.OpenID{TokenURL: c.TokenURL, ClientID: c.ClientID.Reveal(), ClientSecret: c.ClientSecret.Reveal(), RefreshToken: given, Scope: c.Scope,
			Rotated: func(token string) {
				if err := kept.Set(refreshToken, []byte(of+" "+token)); err != nil {
					alarm("shipping", fmt.Sprintf("Diadoc's new refresh token cannot be kept, and after a restart the old one may be worth nothing: %v", err))
				}
			}}
	} else {
		access.Password = &diadoc.Password{ClientID: c.ClientID.Reveal(), Login: c.Login, Password: c.Password.Reveal()}
	}
	client, err := diadoc.New(access)
	return &protocols{client}, err
}

// Protocol implements shipping.Protocols.
func (p *protocols) Protocol(ctx context.Context, d shipping.Named) (shipping.Protocol, error) {
	got, err := p.client.Protocol(ctx, d.Box, d.Message, d.Document)
	return shipping.Protocol{PDF: got.PrintForm, Signature: got.Signature}, err
}

// Next implements shipping.Protocols.
func (p *protocols) Next(c shipping.Course, now time.Time, err error) (shipping.Course, shipping.Step) {
	next, step := diadoc.Course(c).Next(now, err)
	var refusal *diadoc.Refusal
	return shipping.Course(next), shipping.Step{Wait: step.Wait, GiveUp: step.GiveUp, Why: step.Why, Person: errors.As(err, &refusal) && refusal.WholeBox}
}
