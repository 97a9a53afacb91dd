package browser

import "context"

// selected is what a person would copy from the document: of the field that has the
// focus, or of the page. A password isn't shown to who sees the page either.
const selected = `(() => {
	let at = document.activeElement;
	while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
	if (at instanceof HTMLTextAreaElement || at instanceof HTMLInputElement && at.type !== "password" && at.selectionStart !== null)
		return at.value.slice(at.selectionStart, at.selectionEnd);
	return at instanceof HTMLInputElement ? "" : String(getSelection());
})()`

// Selection is the text that is selected in the page, in whichever frame.
func (p *Page) Selection(ctx context.Context) (string, error) {
	var first error
	for _, f := range p.Frames() {
		if f.Context == 0 {
			continue
		}
		var got struct {
			Result struct {
				Value string `json:"value"`
			} `json:"result"`
		}
		err := f.Session.Call(ctx, "Runtime.evaluate", object{"expression": selected, "contextId": f.Context, "returnByValue": true}, &got)
		if err != nil && first == nil {
			first = err
		}
		if got.Result.Value != "" {
			return got.Result.Value, nil
		}
	}
	return "", first
}
