package browser

import (
	"context"
	"slices"
	"strings"
)

// cursorAt is the shape of the mouse's cursor at a point of the page: what the style
// there says, and where that leaves it to the browser, what Chromium makes of it.
const cursorAt = `((x, y) => {
	let at = document.elementFromPoint(x, y);
	for (;;) {
		let inner = at?.shadowRoot?.elementFromPoint(x, y);
		if (!inner && at instanceof HTMLIFrameElement && at.contentDocument) {
			const r = at.getBoundingClientRect();
			x -= r.left + at.clientLeft;
			y -= r.top + at.clientTop;
			inner = at.contentDocument.elementFromPoint(x, y);
		}
		if (!inner || inner === at) break;
		at = inner;
	}
	if (!at) return "";
	const style = at.ownerDocument.defaultView.getComputedStyle(at);
	if (style.cursor !== "auto") return style.cursor;
	if (at.isContentEditable) return "text";
	if (style.userSelect === "none") return "default";
	const place = at.ownerDocument.caretPositionFromPoint(x, y);
	if (place?.offsetNode.nodeType !== Node.TEXT_NODE) return "default";
	const text = at.ownerDocument.createRange();
	text.selectNodeContents(place.offsetNode);
	return [...text.getClientRects()].some((r) => x >= r.left && x <= r.right && y >= r.top && y <= r.bottom) ? "text" : "default";
})`

// cursors are the shapes that there are.
var cursors = strings.Fields(`default none context-menu help pointer progress wait cell crosshair text vertical-text alias copy move no-drop
	not-allowed grab grabbing e-resize n-resize ne-resize nw-resize s-resize se-resize sw-resize w-resize ew-resize ns-resize nesw-resize
	nwse-resize col-resize row-resize all-scroll zoom-in zoom-out`)

// Cursor is the shape of the cursor at a point in the page, in CSS pixels, as CSS calls
// it. What has a picture of its own has the shape that is to be shown instead.
func (p *Page) Cursor(ctx context.Context, x, y float64) (string, error) {
	main := p.Main()
	if main.Context == 0 {
		return cursors[0], nil
	}
	var got struct {
		Result struct {
			Value string `json:"value"`
		} `json:"result"`
	}
	err := main.Session.Call(ctx, "Runtime.callFunctionOn", object{
		"functionDeclaration": cursorAt, "executionContextId": main.Context, "arguments": []object{{"value": x}, {"value": y}}, "returnByValue": true,
	}, &got)
	shape := strings.TrimSpace(got.Result.Value[strings.LastIndexByte(got.Result.Value, ',')+1:])
	if err != nil || !slices.Contains(cursors, shape) {
		return cursors[0], err
	}
	return shape, nil
}
