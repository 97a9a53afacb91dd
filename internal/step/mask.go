package step

import (
	"encoding/json"
	"reflect"

	"github.com/browserhook/browserhook/internal/domain"
)

// Mask stands for what whoever may only look isn't shown of a step.
const Mask = domain.Hidden

// Masked is a stored spec for whoever may only look: the mask for what it types,
// chooses or compares a field with and for the values of cookies, and addresses
// without user and password.
func Masked(params json.RawMessage) json.RawMessage {
	var s Spec
	if err := json.Unmarshal(params, &s); err != nil {
		return json.RawMessage(`{}`) // what can't be read isn't shown
	}
	a, ok := actions[s.Action]
	if !ok {
		return json.RawMessage(`{}`)
	}
	s.Sealed = nil
	v := reflect.ValueOf(&s).Elem()
	for name, f := range fields {
		m, known := a.member(name)
		if one := v.FieldByIndex(f.Index); !one.IsZero() {
			mask(one, m.secret || !known && name != "action")
		}
	}
	return s.Params()
}

// mask hides every text in a value that is secret, and in another those of its
// members that are, and who an address is for.
func mask(v reflect.Value, secret bool) {
	switch v.Kind() {
	case reflect.String:
		if secret {
			v.SetString(Mask)
		} else {
			v.SetString(domain.HideUserinfo(v.String()))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			mask(v.Elem(), secret)
		}
	case reflect.Slice:
		for i := range v.Len() {
			mask(v.Index(i), secret)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			one := reflect.New(v.Type().Elem()).Elem()
			one.Set(v.MapIndex(key))
			mask(one, secret)
			v.SetMapIndex(key, one)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			mask(v.Field(i), secret || v.Type().Field(i).Tag.Get("secret") == "true")
		}
	}
}
