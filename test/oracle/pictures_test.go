package oracle

import "fmt"

// pictured is a case of a picture of #b, of which one side is compared.
func pictured(name, side, style string) Case {
	at := map[string]int{"width": 16, "height": 20}[side] // in a PNG
	return Case{
		Name: name, Page: fmt.Sprintf(`<div id=b style=%q>text</div>`, style), Steps: `{"action":"screenshot","target":"#b"}`, Says: side, Read: `scrollY`,
		Their: fmt.Sprintf(`say((await page.locator("#b").screenshot()).readUInt32BE(%d))`, at),
	}
}

// How large a picture of an element is.
var pictures = []Case{
	pictured("of a part of a pixel", "height", "width:100.5px;height:33.3px"),
	pictured("between pixels", "width", "position:absolute;left:10.5px;top:20.7px;width:30px;height:40px"),
	pictured("turned", "width", "transform:rotate(45deg);width:100px;height:50px"),
	pictured("of whole pixels", "width", "width:120px;height:40px"),
	pictured("zoomed", "height", "zoom:1.5;width:33px;height:21px"),
}
