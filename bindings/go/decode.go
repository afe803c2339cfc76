// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

package pygrpc

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// Message is a message as a value: what ProtoJSON has as an object, array, text, boolean and null is
// a map[string]any, []any, string, bool and nil, and numbers are json.Numbers, exact to the digit.
type Message = map[string]any

// Metadata is headers or trailers: the values of each key. Those of keys that end in "-bin" are the
// bytes themselves.
type Metadata map[string][]string

// Get gives the first value of a key, or "".
func (m Metadata) Get(key string) string {
	if values := m[strings.ToLower(key)]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// metadataOf takes metadata in the form of the library, where binary values are in base64.
func metadataOf(value any) Metadata {
	listed, _ := value.(map[string]any)
	made := make(Metadata, len(listed))
	for key, each := range listed {
		values, _ := each.([]any)
		for _, value := range values {
			text, _ := value.(string)
			if strings.HasSuffix(key, "-bin") {
				decoded, _ := base64.StdEncoding.DecodeString(text)
				text = string(decoded)
			}
			made[key] = append(made[key], text)
		}
	}
	return made
}

func decodeMetadata(text []byte) (Metadata, error) {
	message, err := decodeMessage(text)
	return metadataOf(message), err
}

// checkTarget says what is wrong with a target that no response can go to, before anything is sent.
func checkTarget(target any, binary bool) error {
	wanted := "a pointer, or nil"
	wire, isWire := target.(*[]byte)
	if binary {
		wanted = `*[]byte with the codec "binary"`
	}
	value := reflect.ValueOf(target)
	switch {
	case binary && !isWire, target != nil && value.Kind() != reflect.Pointer:
		return newError(CodeArgument, fmt.Sprintf("a response goes to %s, not to %T", wanted, target))
	case binary && wire == nil, target != nil && value.IsNil():
		return newError(CodeArgument, fmt.Sprintf("a response goes to %s, not to a nil %T", wanted, target))
	}
	return nil
}

// decodeInto gives a response to a target: as it is to *json.RawMessage (with the codec "binary", to
// *[]byte), as values to *Message and *any, and to anything else as encoding/json does.
func decodeInto(text []byte, target any, binary bool) error {
	if wire, ok := target.(*[]byte); ok && binary {
		*wire = text
		return nil
	} else if binary {
		return newError(CodeArgument,
			fmt.Sprintf(`with the codec "binary" a response goes to *[]byte, not to %T`, target))
	}
	switch target := target.(type) {
	case nil:
		return nil
	case *json.RawMessage:
		*target = text
		return nil
	case *Message:
		message, err := decodeMessage(text)
		*target = message
		return err
	case *any:
		value, err := decodeValue(text)
		*target = value
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(target); err != nil {
		return newError(CodeArgument, fmt.Sprintf("the response does not fit %T: %v", target, err))
	}
	return nil
}

// decodeMessage gives the values of a message. Those whose JSON is no object, wrappers and the like,
// stand under the key "value".
func decodeMessage(text []byte) (Message, error) {
	value, err := decodeValue(text)
	if err != nil {
		return nil, err
	}
	if message, ok := value.(Message); ok {
		return message, nil
	}
	return Message{"value": value}, nil
}

func decodeValue(text []byte) (any, error) {
	reader := reader{text: text}
	value, ok := reader.value()
	if !ok || reader.skip() != 0 {
		return nil, newError(CodeInternal, fmt.Sprintf("the library gave no JSON: %q at byte %d",
			shortened(text), reader.at))
	}
	return value, nil
}

func shortened(text []byte) []byte { return text[:min(len(text), 100)] }

// sharedSize is up to which size the strings of a message are parts of its text, which is not copied
// then. Of a longer one they are copies, lest one of them keep all of it in memory.
const sharedSize = 1024

// reader reads JSON that the library has written: well-formed UTF-8, not deeper than the option
// max_depth. It is three times as fast as encoding/json, and is no judge of JSON.
type reader struct {
	text []byte // nobody writes to it afterwards
	at   int
}

// part gives a part of the text as a string.
func (r *reader) part(begin, end int) string {
	if begin == end {
		return ""
	}
	if len(r.text) <= sharedSize {
		return unsafe.String(&r.text[begin], end-begin)
	}
	return string(r.text[begin:end])
}

// skip gives the next character that is no space, or 0 at the end.
func (r *reader) skip() byte {
	for ; r.at < len(r.text); r.at++ {
		if char := r.text[r.at]; char > ' ' {
			return char
		}
	}
	return 0
}

func (r *reader) value() (any, bool) {
	switch char := r.skip(); {
	case char == '"':
		return r.string()
	case char == '{':
		return r.object()
	case char == '[':
		return r.array()
	case char == 't':
		return true, r.word("true")
	case char == 'f':
		return false, r.word("false")
	case char == 'n':
		return nil, r.word("null")
	case char == '-' || '0' <= char && char <= '9':
		return r.number(), true
	}
	return nil, false
}

func (r *reader) word(word string) bool {
	if !bytes.HasPrefix(r.text[r.at:], []byte(word)) {
		return false
	}
	r.at += len(word)
	return true
}

func (r *reader) number() json.Number {
	begin := r.at
	for ; r.at < len(r.text); r.at++ {
		switch char := r.text[r.at]; {
		case '0' <= char && char <= '9', char == '-', char == '+', char == '.', char == 'e', char == 'E':
			continue
		}
		break
	}
	return json.Number(r.part(begin, r.at))
}

func (r *reader) object() (Message, bool) {
	r.at++
	object := Message{}
	if r.skip() == '}' {
		r.at++
		return object, true
	}
	for r.skip() == '"' {
		key, ok := r.string()
		if !ok || r.skip() != ':' {
			return nil, false
		}
		r.at++
		if object[key], ok = r.value(); !ok {
			return nil, false
		}
		switch r.skip() {
		case ',':
			r.at++
		case '}':
			r.at++
			return object, true
		default:
			return nil, false
		}
	}
	return nil, false
}

func (r *reader) array() ([]any, bool) {
	r.at++
	array := []any{}
	if r.skip() == ']' {
		r.at++
		return array, true
	}
	for {
		element, ok := r.value()
		if !ok {
			return nil, false
		}
		array = append(array, element)
		switch r.skip() {
		case ',':
			r.at++
		case ']':
			r.at++
			return array, true
		default:
			return nil, false
		}
	}
}

func (r *reader) string() (string, bool) {
	r.at++
	begin := r.at
	for ; r.at < len(r.text); r.at++ {
		switch r.text[r.at] {
		case '"':
			r.at++
			return r.part(begin, r.at-1), true
		case '\\':
			return r.escapedString(begin)
		}
	}
	return "", false
}

// escapedString reads on at the first backslash of a string.
func (r *reader) escapedString(begin int) (string, bool) {
	value := append([]byte(nil), r.text[begin:r.at]...)
	for r.at+1 < len(r.text) {
		char := r.text[r.at]
		if char == '"' {
			r.at++
			return string(value), true
		}
		r.at++
		if char != '\\' {
			value = append(value, char)
			continue
		}
		escape := r.text[r.at]
		r.at++
		if escape == 'u' {
			value = utf8.AppendRune(value, r.escapedRune())
		} else if at := strings.IndexByte("bfnrt", escape); at >= 0 {
			value = append(value, "\b\f\n\r\t"[at])
		} else {
			value = append(value, escape)
		}
	}
	if r.at < len(r.text) && r.text[r.at] == '"' {
		r.at++
		return string(value), true
	}
	return "", false
}

// escapedRune reads the digits behind "\u", and of a surrogate its other half.
func (r *reader) escapedRune() rune {
	first := r.hexadecimal()
	if !utf16.IsSurrogate(first) || !bytes.HasPrefix(r.text[r.at:], []byte(`\u`)) {
		return first
	}
	r.at += 2
	return utf16.DecodeRune(first, r.hexadecimal())
}

func (r *reader) hexadecimal() rune {
	end := min(r.at+4, len(r.text))
	number, _ := strconv.ParseUint(string(r.text[r.at:end]), 16, 32)
	r.at = end
	return rune(number)
}
