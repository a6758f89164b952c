package sim

import (
	"bytes"
	"cmp"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"

	"linemark/internal/config"
	"linemark/internal/upstream/izkm/izkmtest"
	"linemark/internal/upstream/smartone/smartonetest"
)

// Codes of one product in a batch: of units, and of the packages that they go into.
const (
	batchUnits = 30_000
	batchPacks = 6_000
)

// smartOne starts SmartOne, with the batches that products name.
func (p *Plant) smartOne(cfg *config.Config, old []byte) (http.Handler, error) {
	key, err := publicKey(cfg)
	if err != nil {
		return nil, fmt.Errorf("[smartone] signing_key: the simulated system checks signatures: %w", err)
	}
	log, err := p.log("smartone")
	if err != nil {
		return nil, err
	}
	s := cfg.SmartOne
	p.SmartOne = smartonetest.New(smartonetest.Options{Login: s.Login, Password: s.Password.Reveal(), PublicKey: key,
		PSS: s.Padding == "pss", Hex: s.Encoding == "hex", SignGzipped: s.Signed == "gzipped",
		LoginField: s.LoginField, PasswordField: s.PasswordField, TokenField: s.TokenField, Work: p.opt.Reports, Log: log})
	if len(old) > 0 {
		if err := p.SmartOne.Restore(bytes.NewReader(old)); err != nil {
			return nil, fmt.Errorf("going on from the national system's log: %w", err)
		}
	}
	if p.opt.Storm > 0 {
		p.SmartOne.SetFault(storm(p.opt.Seed, p.opt.Storm))
	}
	return p.SmartOne, p.batches(cfg)
}

// batches makes the batches that are not there yet.
func (p *Plant) batches(cfg *config.Config) error {
	made := map[int64][][]smartonetest.Code{}
	for _, product := range cfg.Products {
		for _, number := range product.Batches {
			id := int64(number)
			if p.SmartOne.HasBatch(id) {
				continue
			}
			n := batchUnits
			if product.CISType == "GROUP" {
				n = batchPacks
			}
			maker := izkmtest.New(izkmtest.Options{Seed: p.opt.Seed + uint64(id)<<16}) // of codes: their form is the group's
			codes, err := maker.Issue(product.GroupOr(cfg), product.GTIN, product.CISType, n)
			if err != nil {
				return fmt.Errorf("batch %d: %w", id, err)
			}
			var level []smartonetest.Code
			for _, c := range codes {
				level = append(level, smartonetest.Code{Code: c, UnitID: product.UnitID, UnitExt: product.Unit})
			}
			made[id] = append(made[id], level)
		}
	}
	for id, levels := range made {
		p.SmartOne.SetBatch(id, smartonetest.Batch{Codes: mixed(levels)})
	}
	return nil
}

// mixed puts the codes of several levels in one order, each level spread over all of it.
func mixed(levels [][]smartonetest.Code) []smartonetest.Code {
	type placed struct {
		at   float64
		code smartonetest.Code
	}
	var all []placed
	for _, level := range levels {
		for i, c := range level {
			all = append(all, placed{float64(i) / float64(len(level)), c})
		}
	}
	slices.SortStableFunc(all, func(a, b placed) int { return cmp.Compare(a.at, b.at) })
	codes := make([]smartonetest.Code, len(all))
	for i, p := range all {
		codes[i] = p.code
	}
	return codes
}

// issue makes codes for labels that are printed elsewhere.
func (p *Plant) issue(group, gtin, cisType string, n int) ([]string, error) {
	if p.IZKM != nil {
		return p.IZKM.Issue(group, gtin, cisType, n)
	}
	return izkmtest.New(izkmtest.Options{Seed: p.opt.Seed}).Issue(group, gtin, cisType, n)
}

// storm lets calls fail before their work and after it, each with the chance p, and a fifth as often with
// an answer that nobody can read.
func storm(seed uint64, p float64) func(path string, n int) smartonetest.Fault {
	var mu sync.Mutex
	r := rand.New(rand.NewPCG(seed, 1))
	return func(string, int) smartonetest.Fault {
		mu.Lock()
		defer mu.Unlock()
		switch x := r.Float64(); {
		case x < p:
			return smartonetest.Fault{Kind: smartonetest.Reset}
		case x < 2*p:
			return smartonetest.Fault{Kind: smartonetest.Reset, After: true}
		case x < 2.2*p:
			return smartonetest.Fault{Kind: smartonetest.Garbage, After: true}
		}
		return smartonetest.Fault{}
	}
}

// publicKey is what the system holds of the key that requests are signed by.
func publicKey(cfg *config.Config) (*rsa.PublicKey, error) {
	text, err := cfg.SigningKeyPEM()
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("it is no PEM file")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return &key.PublicKey, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	if pair, ok := key.(*rsa.PrivateKey); ok {
		return &pair.PublicKey, nil
	}
	return nil, errors.New("it is no RSA key")
}
