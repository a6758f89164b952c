package smartonetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf8"
)

// checker collects what is wrong with one request.
type checker struct {
	s    *Server
	call *call
	seen map[string]bool // codes so far
	no   object          // the first fault of the whole request
	rows []object        // faults of single products and codes
}

func (k *checker) say(code int, message string) {
	k.s.breach(k.call, refuse(code, message))
	if k.no == nil {
		k.no = refuse(code, message)
	}
}

func (k *checker) row(code int, message string) {
	k.s.breach(k.call, refuse(code, message))
	k.rows = append(k.rows, object{"code": code, "message": message})
}

// verdict is nil for a good request.
func (k *checker) verdict() object {
	if k.no == nil && len(k.rows) > 0 {
		k.no = refuse(156, "Checking error for one or more items of this list of products/codes")
		k.no["errors_list"] = k.rows
	}
	return k.no
}

func (k *checker) only(in map[string]any, names ...string) {
	for name := range in {
		if !slices.Contains(names, name) {
			k.say(0, "there is no parameter "+name)
		}
	}
}

func (k *checker) integer(in map[string]any, name string) int64 {
	v, given := in[name]
	if !given {
		return 0
	}
	n, isNumber := v.(json.Number)
	i, err := n.Int64()
	if !isNumber || err != nil || i < 0 {
		k.say(0, name+" is not an integer")
	}
	return i
}

func (k *checker) text(in map[string]any, name string, most int) string {
	v, given := in[name]
	if !given {
		return ""
	}
	s, isText := v.(string)
	if !isText || s == "" || utf8.RuneCountInString(s) > most {
		k.say(0, fmt.Sprintf("%s is not a string(%d)", name, most))
	}
	return s
}

// either reads one of the pair name_ext_id, name_id: "ext:..." or "id:...".
func (k *checker) either(in map[string]any, name string, needed bool) string {
	ext, id := k.text(in, name+"_ext_id", 250), k.integer(in, name+"_id")
	switch {
	case ext != "" && id != 0:
		k.say(0, name+" by both ids")
	case ext != "":
		return "ext:" + ext
	case id != 0:
		return fmt.Sprint("id:", id)
	case needed:
		k.say(0, name+" is missing")
	}
	return ""
}

func (k *checker) product(doc *Document, at int, v any) {
	in, _ := v.(map[string]any)
	if in == nil {
		k.say(0, fmt.Sprintf("items[%d] is not an object", at))
		return
	}
	k.only(in, "assort_ext_id", "assort_id", "unit_ext_id", "unit_id", "pack_ext_id", "pack_id", "cnt", "items")
	p := Product{Product: k.either(in, "assort", true), Unit: k.either(in, "unit", true), Pack: k.either(in, "pack", false)}
	p.Count = int(k.integer(in, "cnt"))
	codes, _ := in["items"].([]any)
	if _, given := in["items"]; given && len(codes) == 0 {
		k.say(0, fmt.Sprintf("items[%d].items is no list of codes", at))
	}
	if len(codes) > 0 && p.Count != len(codes) {
		k.say(0, fmt.Sprintf("items[%d].cnt is %d for %d codes", at, p.Count, len(codes)))
	}
	if len(codes) == 0 && p.Count == 0 {
		k.row(135, "Empty product range code")
	}
	for _, one := range codes {
		o, _ := one.(map[string]any)
		k.only(o, "code", "parent_code")
		c := Packed{Row: len(doc.Products), Code: k.text(o, "code", 1024), Parent: k.text(o, "parent_code", 1024)}
		switch {
		case c.Code == "":
			k.row(135, "Empty product range code")
		case k.s.opt.Unknown != nil && k.s.opt.Unknown(c.Code):
			k.rows = append(k.rows, object{"code": 137, "message": "Code " + c.Code + " not found in the database"})
		case c.Code == c.Parent:
			k.row(138, "Code "+c.Code+" validation error")
		case k.seen[c.Code]:
			k.row(138, "Code "+c.Code+" validation error: it is here twice")
		case c.Parent != "" && k.seen[c.Parent]:
			k.row(136, "Package with code "+c.Parent+" is packed before its content "+c.Code)
		}
		k.seen[c.Code] = true
		doc.Packed = append(doc.Packed, c)
	}
	doc.Products = append(doc.Products, p)
}
