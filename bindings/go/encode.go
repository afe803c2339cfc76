// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

package pygrpc

import (
	"encoding"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
	"unsafe"
)

// maxDepth is how deep a value may be nested before it is taken for one that holds itself.
const maxDepth = 1000

// unfitError is about a value that no message can hold.
type unfitError struct {
	path string // ".field[1]", from the outermost value
	what string
	deep bool // it is nested more than maxDepth deep
}

func (e *unfitError) Error() string { return "$" + e.path + ": " + e.what }

// encodeMessage gives a request as the library takes it: JSON text or, with the option codec
// "binary", protobuf's wire format. It is never nil.
func encodeMessage(message any, binary bool) ([]byte, error) {
	if binary {
		wire, ok := message.([]byte)
		if !ok {
			return nil, newError(CodeArgument, fmt.Sprintf(
				`with the codec "binary" a message is []byte, not %T`, message))
		}
		return orEmpty(wire), nil
	}
	switch message := message.(type) {
	case nil:
		return []byte("{}"), nil
	case json.RawMessage:
		return orEmpty(message), nil
	}
	text, err := appendValue(make([]byte, 0, 128), message, 0)
	if err != nil {
		return nil, newError(CodeJSON, explained(err, message).Error())
	}
	return text, nil
}

// explained gives the error of a value; where that is too deep, it says which part of it holds itself.
func explained(err *unfitError, whole any) *unfitError {
	if !err.deep {
		return err
	}
	if found := heldByItself(reflect.ValueOf(whole), map[holder]bool{}); found != nil {
		return found
	}
	err.path = err.path[:min(len(err.path), 100)] + "..."
	return err
}

// holder is a value that others are in, and that may be among them.
type holder struct {
	pointer unsafe.Pointer
	length  int // of a slice: others may begin at the same place
	kind    reflect.Type
}

// heldByItself looks for a value that is within itself, and gives the error with its path, or nil.
func heldByItself(value reflect.Value, holders map[holder]bool) *unfitError {
	if !value.IsValid() || !value.CanInterface() || isMarshaler(value.Interface()) {
		return nil
	}
	switch kind := value.Kind(); kind {
	case reflect.Pointer, reflect.Map, reflect.Slice:
		if value.IsNil() || kind == reflect.Slice && value.Len() == 0 {
			return nil
		}
		this := holder{pointer: value.UnsafePointer(), kind: value.Type()}
		if kind == reflect.Slice {
			this.length = value.Len()
		}
		if holders[this] {
			return &unfitError{what: fmt.Sprintf("the %s holds itself", value.Type())}
		}
		holders[this] = true
		defer delete(holders, this)
	}
	switch value.Kind() {
	case reflect.Pointer, reflect.Interface:
		return heldByItself(value.Elem(), holders)
	case reflect.Map:
		for entries := value.MapRange(); entries.Next(); {
			if found := heldByItself(entries.Value(), holders); found != nil {
				return within(keyStep(fmt.Sprint(entries.Key())), found)
			}
		}
	case reflect.Slice, reflect.Array:
		for at := range value.Len() {
			if found := heldByItself(value.Index(at), holders); found != nil {
				return within("["+strconv.Itoa(at)+"]", found)
			}
		}
	case reflect.Struct:
		for _, each := range fieldsOf(value.Type()) {
			field, err := value.FieldByIndexErr(each.index)
			if err != nil {
				continue
			}
			if found := heldByItself(field, holders); found != nil {
				return within(keyStep(each.name), found)
			}
		}
	}
	return nil
}

func isMarshaler(value any) bool {
	switch value.(type) {
	case json.Marshaler, encoding.TextMarshaler:
		return true
	}
	return false
}

// orEmpty makes of nil a request of no bytes, which is not the same as no request.
func orEmpty(text []byte) []byte {
	if text == nil {
		return nothing[:0]
	}
	return text
}

// within puts a step before the path of an error.
func within(step string, err *unfitError) *unfitError {
	err.path = step + err.path
	return err
}

// appendValue writes what requests mostly hold; appendReflected does the rest.
func appendValue(text []byte, value any, depth int) ([]byte, *unfitError) {
	if depth > maxDepth {
		return nil, &unfitError{what: "the value nests too deeply", deep: true}
	}
	switch value := value.(type) {
	case nil:
		return append(text, "null"...), nil
	case string:
		return appendString(text, value)
	case bool:
		return strconv.AppendBool(text, value), nil
	case int:
		return strconv.AppendInt(text, int64(value), 10), nil
	case int64:
		return strconv.AppendInt(text, value, 10), nil
	case float64:
		return appendFloat(text, value, 64), nil
	case []byte:
		return appendBytes(text, value), nil
	case map[string]any:
		return appendObject(text, value, depth)
	case []any:
		return appendArray(text, len(value), func(text []byte, at int) ([]byte, *unfitError) {
			return appendValue(text, value[at], depth+1)
		})
	case time.Duration:
		return appendDuration(text, value), nil
	case json.Number:
		return appendNumber(text, value)
	case json.Marshaler, encoding.TextMarshaler:
		return appendMarshaled(text, value)
	}
	return appendReflected(text, reflect.ValueOf(value), depth)
}

func appendString(text []byte, value string) ([]byte, *unfitError) {
	text = append(text, '"')
	begin := 0
	for at := 0; at < len(value); {
		char := value[at]
		if char >= utf8.RuneSelf {
			size := 0
			if _, size = utf8.DecodeRuneInString(value[at:]); size == 1 {
				return nil, &unfitError{what: fmt.Sprintf("the string is not UTF-8 at its byte %d", at)}
			}
			at += size
			continue
		}
		if char < ' ' || char == '"' || char == '\\' {
			text = append(text, value[begin:at]...)
			if char < ' ' {
				text = append(text, '\\', 'u', '0', '0', "0123456789abcdef"[char>>4], "0123456789abcdef"[char&15])
			} else {
				text = append(text, '\\', char)
			}
			begin = at + 1
		}
		at++
	}
	return append(append(text, value[begin:]...), '"'), nil
}

func appendBytes(text, value []byte) []byte {
	text = append(text, '"')
	text = base64.StdEncoding.AppendEncode(text, value)
	return append(text, '"')
}

// appendFloat writes the digits, or the names that ProtoJSON has for what has none.
func appendFloat(text []byte, value float64, bits int) []byte {
	switch {
	case math.IsNaN(value):
		return append(text, `"NaN"`...)
	case math.IsInf(value, 1):
		return append(text, `"Infinity"`...)
	case math.IsInf(value, -1):
		return append(text, `"-Infinity"`...)
	}
	return strconv.AppendFloat(text, value, 'g', -1, bits)
}

// appendDuration writes a Duration of protobuf, "1.5s", which is also a duration of options.
func appendDuration(text []byte, value time.Duration) []byte {
	seconds, rest := value/time.Second, value%time.Second
	if value < 0 {
		text, seconds, rest = append(text, `"-`...), -seconds, -rest
	} else {
		text = append(text, '"')
	}
	text = strconv.AppendInt(text, int64(seconds), 10)
	if rest != 0 {
		text = append(text, strings.TrimRight(fmt.Sprintf(".%09d", int64(rest)), "0")...)
	}
	return append(text, `s"`...)
}

func appendNumber(text []byte, value json.Number) ([]byte, *unfitError) {
	first := strings.TrimPrefix(string(value), "-")
	if first == "" || first[0] < '0' || first[0] > '9' || !json.Valid([]byte(value)) {
		return nil, &unfitError{what: fmt.Sprintf("json.Number %q is no number", string(value))}
	}
	return append(text, value...), nil
}

func appendMarshaled(text []byte, value any) ([]byte, *unfitError) {
	marshaled, err := json.Marshal(value)
	if err != nil {
		return nil, &unfitError{what: err.Error()}
	}
	return append(text, marshaled...), nil
}

func appendObject(text []byte, object map[string]any, depth int) ([]byte, *unfitError) {
	text = append(text, '{')
	var few [8]string // stays on the stack
	keys := few[:0]
	for key := range object {
		keys = append(keys, key)
	}
	slices.Sort(keys) // the same message is the same bytes
	for at, key := range keys {
		if at > 0 {
			text = append(text, ',')
		}
		var err *unfitError
		if text, err = appendString(text, key); err != nil {
			return nil, within(keyStep(key), err)
		}
		text = append(text, ':')
		if text, err = appendValue(text, object[key], depth+1); err != nil {
			return nil, within(keyStep(key), err)
		}
	}
	return append(text, '}'), nil
}

// keyStep is a member's step in a path: .name, or ["any key"].
func keyStep(key string) string {
	for at := 0; at < len(key); at++ {
		char := key[at] | 0x20
		if key[at] != '_' && (char < 'a' || char > 'z') && (at == 0 || key[at] < '0' || key[at] > '9') {
			return "[" + strconv.Quote(key) + "]"
		}
	}
	return "." + key
}

func appendArray(
	text []byte, length int, element func([]byte, int) ([]byte, *unfitError),
) ([]byte, *unfitError) {
	text = append(text, '[')
	for at := range length {
		if at > 0 {
			text = append(text, ',')
		}
		var err *unfitError
		if text, err = element(text, at); err != nil {
			return nil, within("["+strconv.Itoa(at)+"]", err)
		}
	}
	return append(text, ']'), nil
}

func appendReflected(text []byte, value reflect.Value, depth int) ([]byte, *unfitError) {
	switch value.Kind() {
	case reflect.String:
		return appendString(text, value.String())
	case reflect.Bool:
		return strconv.AppendBool(text, value.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(text, value.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.AppendUint(text, value.Uint(), 10), nil
	case reflect.Float32:
		return appendFloat(text, value.Float(), 32), nil
	case reflect.Float64:
		return appendFloat(text, value.Float(), 64), nil
	case reflect.Pointer, reflect.Interface:
		if value.IsNil() {
			return append(text, "null"...), nil
		}
		return appendValue(text, value.Elem().Interface(), depth+1)
	case reflect.Slice:
		if value.IsNil() {
			return append(text, "null"...), nil
		}
		if value.Type().Elem().Kind() == reflect.Uint8 {
			return appendBytes(text, value.Bytes()), nil
		}
		fallthrough
	case reflect.Array:
		return appendArray(text, value.Len(), func(text []byte, at int) ([]byte, *unfitError) {
			return appendValue(text, value.Index(at).Interface(), depth+1)
		})
	case reflect.Map:
		return appendMap(text, value, depth)
	case reflect.Struct:
		return appendStruct(text, value, depth)
	case reflect.Func:
		if value.Type().CanSeq() || value.Type().CanSeq2() {
			return nil, &unfitError{what: fmt.Sprintf(
				"a stream of requests is an iter.Seq2[any, error], as From and FromResults make it, not a %s",
				value.Type())}
		}
	}
	return nil, &unfitError{what: fmt.Sprintf("no message can hold a %s", value.Type())}
}

// appendMap writes a map, whose keys may be all that keys of protobuf may be.
func appendMap(text []byte, value reflect.Value, depth int) ([]byte, *unfitError) {
	if value.IsNil() {
		return append(text, "null"...), nil
	}
	object := make(map[string]any, value.Len())
	for entries := value.MapRange(); entries.Next(); {
		name := entries.Key()
		if name.Kind() == reflect.Interface {
			name = name.Elem()
		}
		switch name.Kind() {
		case reflect.String:
			object[name.String()] = entries.Value().Interface()
		case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
			reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
			object[fmt.Sprint(name.Interface())] = entries.Value().Interface()
		default:
			return nil, &unfitError{what: fmt.Sprintf("no map of a message has keys as %s", value.Type())}
		}
	}
	return appendObject(text, object, depth)
}

// field is a field of a struct that becomes a field of a message.
type field struct {
	name      string
	index     []int
	omitEmpty bool
	omitZero  bool
}

var structFields sync.Map // reflect.Type to []field

// fieldsOf gives a struct's fields under the names that encoding/json gives them.
func fieldsOf(structure reflect.Type) []field {
	if known, ok := structFields.Load(structure); ok {
		return known.([]field)
	}
	var fields []field
	for _, each := range reflect.VisibleFields(structure) {
		tag := each.Tag.Get("json")
		name, flags, _ := strings.Cut(tag, ",")
		if tag == "-" || (each.Anonymous && name == "") || !each.IsExported() || !promoted(structure, each) {
			continue
		}
		if name == "" {
			name = each.Name
		}
		made := field{name: name, index: each.Index}
		made.omitEmpty = slices.Contains(strings.Split(flags, ","), "omitempty")
		made.omitZero = slices.Contains(strings.Split(flags, ","), "omitzero")
		fields = append(fields, made)
	}
	structFields.Store(structure, fields)
	return fields
}

// promoted says whether all structs that a field is in are embedded ones without a name of JSON.
func promoted(structure reflect.Type, each reflect.StructField) bool {
	for depth := 1; depth < len(each.Index); depth++ {
		outer := structure.FieldByIndex(each.Index[:depth])
		if name, _, _ := strings.Cut(outer.Tag.Get("json"), ","); name != "" {
			return false
		}
	}
	return true
}

func appendStruct(text []byte, value reflect.Value, depth int) ([]byte, *unfitError) {
	text = append(text, '{')
	first := true
	for _, each := range fieldsOf(value.Type()) {
		found, err := value.FieldByIndexErr(each.index)
		if err != nil || each.omitEmpty && isEmpty(found) || each.omitZero && found.IsZero() {
			continue // of an embedded pointer that is nil, there is nothing to say
		}
		if !first {
			text = append(text, ',')
		}
		first = false
		var unfit *unfitError
		if text, unfit = appendString(text, each.name); unfit == nil {
			text, unfit = appendValue(append(text, ':'), found.Interface(), depth+1)
		}
		if unfit != nil {
			return nil, within(keyStep(each.name), unfit)
		}
	}
	return append(text, '}'), nil
}

// isEmpty is what "omitempty" of encoding/json means.
func isEmpty(value reflect.Value) bool {
	switch value.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return value.Len() == 0
	case reflect.Struct:
		return false
	}
	return value.IsZero()
}
