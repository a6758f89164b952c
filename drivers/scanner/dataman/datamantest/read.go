package datamantest

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// read sends one reading to every host, in the form that the host has chosen.
func (r *Reader) read(codes [][]byte) bool {
	read := Reading{At: r.opt.Now(), Delivered: len(r.hosts) > 0}
	e := event{Event: "read"}
	var texts []string
	for _, c := range codes {
		read.Codes = append(read.Codes, append([]byte(nil), c...))
		e.Codes = append(e.Codes, hex.EncodeToString(c))
		texts = append(texts, string(c))
	}
	r.readings = append(r.readings, read)
	r.log(e)
	text := strings.Join(texts, r.opt.Joint)
	if len(codes) == 0 {
		text = r.opt.NoRead
	}
	for _, h := range r.hosts {
		switch {
		case h.mode != r.opt.Extended:
			r.say(h, text+r.opt.Formatted)
		case r.opt.Plain:
			r.say(h, r.framed(h, "", 1, text))
		default:
			r.say(h, r.framed(h, "", 1, r.encoded(text+r.opt.Formatted)))
		}
	}
	return len(r.hosts) > 0
}

// encoded is base64, in lines where the reader folds.
func (r *Reader) encoded(text string) string {
	all := base64.StdEncoding.EncodeToString([]byte(text))
	if !r.opt.Fold {
		return all
	}
	var lines []string
	for len(all) > 76 {
		lines, all = append(lines, all[:76]), all[76:]
	}
	return strings.Join(append(lines, all), "\r\n")
}
