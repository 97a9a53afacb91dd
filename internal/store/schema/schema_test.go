package schema

import (
	"errors"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/advice"
)

func TestTables(t *testing.T) {
	for _, tt := range []struct {
		Tables
		says    string
		refused bool
	}{
		{Tables{0, 3}, "the first start makes its tables", false},
		{Tables{2, 3}, "from version 2 to 3", false},
		{Tables{3, 3}, "up to date (version 3)", false},
		{Tables{4, 3}, "", true},
	} {
		err := refuse(tt.Have, tt.Known)
		if (err != nil) != tt.refused {
			t.Errorf("%d of %d: %v", tt.Have, tt.Known, err)
		}
		if err == nil {
			if said := tt.String(); !strings.Contains(said, tt.says) {
				t.Errorf("%d of %d: %s", tt.Have, tt.Known, said)
			}
			continue
		}
		if of, ok := errors.AsType[*advice.Error](err); !ok || !strings.Contains(err.Error(), "version 4") || !strings.Contains(of.Do, "newer program") {
			t.Errorf("%d of %d: %v", tt.Have, tt.Known, err)
		}
	}
}
