package domain

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"
)

// EncodePayload writes a body as it goes over the wire: compact, members in
// the contract's order, and `&` in URLs left readable. They are the bytes that
// encoding/json would write, for less: it need not find out what to write.
func EncodePayload(p Payload) ([]byte, error) {
	size := 384 + len(p.Data.Result) + len(p.Data.StreamingURL) // more than most need
	for name, value := range p.Metadata {
		size += len(name) + len(value) + 6
	}
	b := make([]byte, 0, size)
	b = appendMember(b, `{"sessionId":`, p.SessionID)
	b = appendMember(b, `,"type":`, p.Type)
	b, err := appendData(append(b, `,"data":`...), &p.Data)
	if err != nil {
		return nil, err
	}
	b = appendMember(b, `,"id":`, p.ID)
	b = appendMember(b, `,"timestamp":`, p.Timestamp)
	b = strconv.AppendInt(append(b, `,"sequence":`...), p.Sequence, 10)
	b = append(b, `,"metadata":{`...)
	for i, name := range slices.Sorted(maps.Keys(p.Metadata)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, name)
		b = appendMember(b, ":", p.Metadata[name])
	}
	return append(b, "}}"...), nil
}

func appendData(b []byte, d *EventData) ([]byte, error) {
	b = appendMember(b, `{"eventType":`, string(d.EventType))
	b = appendMember(b, `,"status":`, d.Status)
	b = appendOptional(b, `,"stepId":`, d.StepID)
	if d.Index != nil {
		b = strconv.AppendInt(append(b, `,"index":`...), int64(*d.Index), 10)
	}
	b = appendOptional(b, `,"action":`, d.Action)
	if len(d.Result) > 0 {
		b = append(b, `,"result":`...)
		buf := bytes.NewBuffer(b)
		if err := json.Compact(buf, d.Result); err != nil {
			return nil, err
		}
		b = buf.Bytes()
		if !utf8.Valid(b) { // the grammar is Compact's to check, the encoding isn't
			b = bytes.ToValidUTF8(b, []byte(replacement))
		}
	}
	if d.Error != nil {
		b = appendFailure(append(b, `,"error":`...), d.Error)
	}
	for i := range d.Tries {
		before := ","
		if i == 0 {
			before = `,"tries":[`
		}
		b = appendFailure(append(b, before...), &d.Tries[i])
	}
	if len(d.Tries) > 0 {
		b = append(b, ']')
	}
	if d.DurationMs != nil {
		b = strconv.AppendInt(append(b, `,"durationMs":`...), *d.DurationMs, 10)
	}
	b = appendOptional(b, `,"streamingUrl":`, d.StreamingURL)
	b = appendOptional(b, `,"reason":`, d.Reason)
	b = appendOptional(b, `,"endpointId":`, d.EndpointID)
	b = appendOptional(b, `,"deliveryId":`, d.DeliveryID)
	b = appendOptional(b, `,"eventId":`, d.EventID)
	b = appendOptional(b, `,"artifactId":`, d.ArtifactID)
	b = appendOptional(b, `,"artifactUrl":`, d.ArtifactURL)
	b = appendOptional(b, `,"name":`, d.Name)
	b = appendOptional(b, `,"contentType":`, d.ContentType)
	if d.Size != nil {
		b = strconv.AppendInt(append(b, `,"size":`...), *d.Size, 10)
	}
	b = appendOptional(b, `,"sha256":`, d.SHA256)
	b = appendOptional(b, `,"url":`, d.URL)
	b = appendOptional(b, `,"pageUrl":`, d.PageURL)
	b = appendOptional(b, `,"streamId":`, d.StreamID)
	b = appendOptional(b, `,"controller":`, d.Controller)
	b = appendOptional(b, `,"recordingUrl":`, d.RecordingURL)
	return append(b, '}'), nil
}

func appendFailure(b []byte, f *Failure) []byte {
	b = appendMember(b, `{"code":`, f.Code)
	b = appendMember(b, `,"message":`, f.Message)
	b = appendOptional(b, `,"waitedFor":`, f.WaitedFor)
	b = appendOptional(b, `,"seen":`, f.Seen)
	for i, line := range f.Lines {
		before := ","
		if i == 0 {
			before = `,"lines":[`
		}
		b = appendMember(b, before, line)
	}
	if len(f.Lines) > 0 {
		b = append(b, ']')
	}
	b = appendOptional(b, `,"artifactId":`, f.ArtifactID)
	if f.Used != 0 {
		b = strconv.AppendInt(append(b, `,"used":`...), f.Used, 10)
	}
	if f.Limit != 0 {
		b = strconv.AppendInt(append(b, `,"limit":`...), f.Limit, 10)
	}
	b = appendOptional(b, `,"stepId":`, f.StepID)
	return append(b, '}')
}

func appendOptional(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return appendMember(b, name, value)
}

func appendMember(b []byte, name, value string) []byte {
	return appendString(append(b, name...), value)
}

// appendString quotes as encoding/json does: what isn't UTF-8 becomes U+FFFD,
// and the line separators that JavaScript once didn't allow are escaped. U+0000,
// which jsonb refuses, becomes U+FFFD too.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	done := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		size := 1
		if c >= utf8.RuneSelf {
			var r rune
			if r, size = utf8.DecodeRuneInString(s[i:]); r != '\u2028' && r != '\u2029' && (r != utf8.RuneError || size > 1) {
				i += size
				continue
			}
			b = append(b, s[done:i]...)
			switch r {
			case utf8.RuneError:
				b = append(b, `\ufffd`...)
			default:
				b = append(b, '\\', 'u', '2', '0', '2', hex[r&0xf])
			}
		} else {
			b = append(b, s[done:i]...)
			switch c {
			case '"', '\\':
				b = append(b, '\\', c)
			case '\b':
				b = append(b, `\b`...)
			case '\f':
				b = append(b, `\f`...)
			case '\n':
				b = append(b, `\n`...)
			case '\r':
				b = append(b, `\r`...)
			case '\t':
				b = append(b, `\t`...)
			case 0:
				b = append(b, `\ufffd`...)
			default:
				b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
			}
		}
		i += size
		done = i
	}
	return append(append(b, s[done:]...), '"')
}
