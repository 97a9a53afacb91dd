package httpapi

import (
	"io"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/browserhook/browserhook/internal/strictjson"
)

// strict is how huma reads and writes JSON.
var strict = huma.Format{
	Marshal: func(w io.Writer, v any) error {
		if tagged, ok := w.(*taggedAnswer); ok {
			return tagged.encode(v)
		}
		return huma.DefaultJSONFormat.Marshal(w, v)
	},
	Unmarshal: func(raw []byte, v any) error {
		err := strictjson.Unmarshal(raw, v)
		if body, ok := v.(*any); ok { // to be validated, and then read once more
			*body = guard(*body)
		}
		return err
	},
}

// huma takes a name off a path by looking for the last dot or bracket. With one
// in a name of the user's own, all paths after it are wrong, and each is longer
// than the one before. No name that the API knows has any, so that while a body
// is validated others stand for them, of the private use area.
var (
	guardName   = strings.NewReplacer(".", "\uf8f0", "[", "\uf8f1")
	unguardPath = strings.NewReplacer("\uf8f0", ".", "\uf8f1", "[")
)

func guard(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = guard(v[i])
		}
	case map[string]any:
		for name, one := range v {
			if guarded := guardName.Replace(name); guarded != name {
				delete(v, name)
				v[guarded] = guard(one)
			} else {
				v[name] = guard(one)
			}
		}
	}
	return v
}
