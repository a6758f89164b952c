package izkm

import (
	"cmp"
	"encoding/json"
)

// envelope is what any answer may carry beside its own fields. The document spells omsId in
// four ways; names are compared without regard to case, so three fields read them all.
type envelope struct {
	OMSID   words   `json:"omsId"`
	OMSLID  words   `json:"omslId"`
	OMSLD   words   `json:"omsld"`
	Success words   `json:"success"`
	Global  remarks `json:"globalErrors"`
	Field   remarks `json:"fieldErrors"`
}

func (e *envelope) read(body []byte) error {
	err := decode(body, e)
	if err != nil {
		*e = envelope{}
	}
	return err
}

func (e *envelope) omsID() string { return string(cmp.Or(e.OMSID, e.OMSLID, e.OMSLD)) }

// refused: fieldErrors alone refuse nothing. Were they but warnings, an order would be
// taken for refused and placed twice.
func (e *envelope) refused() bool {
	var success flag = true
	_ = success.UnmarshalJSON([]byte(e.Success)) // not a boolean: no refusal
	return !bool(success) || len(e.Global) > 0
}

func (e *envelope) errors() []APIError {
	return append(append([]APIError(nil), e.Global...), e.Field...)
}

// remarks reads globalErrors and fieldErrors in any shape: an array of objects (all
// examples), of strings (the tables), both mixed, or one of them without the array.
type remarks []APIError

func (r *remarks) UnmarshalJSON(b []byte) error {
	*r = nil
	switch string(b) {
	case "null", `""`, "false":
		return nil
	}
	all := []json.RawMessage{b}
	if b[0] == '[' {
		if err := json.Unmarshal(b, &all); err != nil {
			return err
		}
	}
	for _, one := range all {
		*r = append(*r, remark(one))
	}
	return nil
}

func remark(b json.RawMessage) APIError {
	if b[0] != '{' {
		var w words
		_ = w.UnmarshalJSON(b) // valid JSON: it is an element of what was parsed
		return APIError{Text: string(w)}
	}
	var o struct {
		Error     words `json:"error"`
		Code      words `json:"errorCode"` // string in ping's table, number elsewhere
		Path      words `json:"jsonPath"`
		FieldName words `json:"fieldName"`
		FieldText words `json:"fieldError"`
	}
	if json.Unmarshal(b, &o) != nil || o.Error+o.Code+o.FieldName+o.FieldText == "" {
		return APIError{Text: string(b)}
	}
	said := APIError{Code: string(o.Code), Text: string(cmp.Or(o.Error, o.FieldText))}
	if where := string(cmp.Or(o.Path, o.FieldName)); where != "" {
		said.Text = where + ": " + said.Text
	}
	return said
}
