// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

package pygrpc

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

type inner struct {
	Number int `json:"number"`
}

type outer struct {
	inner
	*Pointed
	Name    string            `json:"name,omitempty"`
	List    []inner           `json:"list"`
	Any     any               `json:"any"`
	Texts   map[string]string `json:"texts,omitempty"`
	Zero    time.Time         `json:"zero,omitzero"`
	Plain   float32
	Skipped int `json:"-"`
	hidden  int
}

// Pointed is embedded, and may be nil.
type Pointed struct {
	Deep uint8 `json:"deep"`
}

// What encoding/json has a form for is written in that form.
func TestEncodesAsEncodingJSON(t *testing.T) {
	values := []any{
		nil, true, "text", "quotes \" and \\ and \x00 and \n and ü and 😀", 0, -5, int64(math.MinInt64),
		uint64(math.MaxUint64), 1.5, 1e300, float32(0.1), []byte("bytes"), []int(nil), []string{"a", "b"},
		[2]bool{true, false}, map[int8]string{-1: "x", 2: "y"}, (*int)(nil), json.Number("1e5"),
		json.RawMessage(`{"a":[1]}`), time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC),
		map[string]any{"b": 1, "a": map[string]any{}, "c": []any{nil, "x"}},
		outer{inner: inner{1}, Name: "n", List: []inner{{2}}, Any: &inner{3}, Plain: 2.5, hidden: 4},
		&outer{Pointed: &Pointed{9}, Texts: map[string]string{"k": "v"}},
	}
	for _, value := range values {
		expected, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		found, err := encodeMessage(map[string]any{"value": value}, false)
		if err != nil {
			t.Errorf("%v: %v", value, err)
			continue
		}
		var one, other any
		if err := json.Unmarshal(found, &one); err != nil {
			t.Errorf("%v becomes %s: %v", value, found, err)
		}
		if err := json.Unmarshal([]byte(`{"value":`+string(expected)+`}`), &other); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(one, other) {
			t.Errorf("expected %s, found %s", expected, found)
		}
	}
}

func TestEncodesWhatEncodingJSONLacks(t *testing.T) {
	cases := map[string]any{
		`"NaN"`:         math.NaN(),
		`"-Infinity"`:   float32(math.Inf(-1)),
		`-0`:            math.Copysign(0, -1),
		`"1.5s"`:        1500 * time.Millisecond,
		`"-0.000001s"`:  -time.Microsecond,
		`"3s"`:          3 * time.Second,
		`{"true":1}`:    map[bool]int{true: 1},
		`{"5":1}`:       map[any]int{5: 1},
		`{"deep":"3s"}`: map[string]any{"deep": 3 * time.Second},
	}
	for expected, value := range cases {
		text, err := appendValue(nil, value, 0)
		if err != nil || string(text) != expected {
			t.Errorf("expected %s, found %s, %v", expected, text, err)
		}
	}
}

func TestRefusesWithThePath(t *testing.T) {
	cases := map[string]any{
		"$.list[1].any: no message can hold a func()": outer2{List: []outer{{}, {Any: func() {}}}},
		`$["a b"]: the string is not UTF-8`:           map[string]any{"a b": "\xff"},
		"$.m: no map of a message has keys as map[float64]int": map[string]any{
			"m": map[float64]int{1: 1},
		},
		`$: json.Number "+1" is no number`: json.Number("+1"),
	}
	for expected, value := range cases {
		_, err := encodeMessage(value, false)
		if err == nil || !strings.Contains(err.Error(), expected) {
			t.Errorf("expected %s, found %v", expected, err)
		}
	}
}

type outer2 struct {
	List []outer `json:"list"`
}

var decoded = []string{
	`{}`, `[]`, `null`, `true`, `false`, `0`, `-1.5e+10`, `"text"`, `""`, ` { "a" : [ 1 , { } , [ ] ] } `,
	`{"a":{"b":{"c":"ü😀"}},"d":[true,false,null]}`, `"\"\\\/\b\f\n\r\t\u0000\u00fc\ud83d\ude00 and more"`,
	`"\ud83d"`, `{"k\u0000":"\u0000"}`, `"\\"`, `["\\",""]`,
}

func standard(text []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return value, err
}

func TestDecodesAsEncodingJSON(t *testing.T) {
	for _, text := range decoded {
		expected, err := standard([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		found, err := decodeValue([]byte(text))
		if err != nil || !reflect.DeepEqual(found, expected) {
			t.Errorf("%s: expected %#v, found %#v, %v", text, expected, found, err)
		}
	}
}

func TestDecodesLongTexts(t *testing.T) {
	long := strings.Repeat("ü", sharedSize)
	found, err := decodeMessage([]byte(`{"a":"` + long + `","b":[12]}`))
	if expected := (Message{"a": long, "b": []any{json.Number("12")}}); err != nil || !reflect.DeepEqual(found, expected) {
		t.Errorf("found %v, %v", found, err)
	}
}

func TestDecodesNoBrokenJSON(t *testing.T) {
	for _, text := range []string{
		``, `{`, `[`, `"`, `"\`, `"\u`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `[1`, `[1,`, `tru`, `x`, `{} {}`,
	} {
		if value, err := decodeValue([]byte(text)); err == nil {
			t.Errorf("%s gives %#v", text, value)
		}
	}
}

// The reader is no judge of JSON; but it does not fall over, and reads JSON as encoding/json does.
func FuzzDecode(f *testing.F) {
	for _, text := range decoded {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		found, err := decodeValue(text)
		if !json.Valid(text) || strings.ContainsRune(string(text), '\uFFFD') {
			return
		}
		if expected, standardErr := standard(text); standardErr == nil {
			if err != nil || !reflect.DeepEqual(found, expected) {
				t.Errorf("%s: expected %#v, found %#v, %v", text, expected, found, err)
			}
		}
	})
}

func TestMetadata(t *testing.T) {
	metadata, err := decodeMetadata([]byte(`{"x-a":["1","2"],"x-b-bin":["AP8="]}`))
	if err != nil || metadata.Get("X-A") != "1" || metadata.Get("x-b-bin") != "\x00\xff" || metadata.Get("c") != "" {
		t.Errorf("%v, %v", metadata, err)
	}
}

func BenchmarkDecode(b *testing.B) {
	text := []byte(`{"message":"Hello, you!"}`)
	for b.Loop() {
		if _, err := decodeMessage(bytes.Clone(text)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	message := Message{"name": "you"}
	for b.Loop() {
		if _, err := encodeMessage(message, false); err != nil {
			b.Fatal(err)
		}
	}
}

type linked struct {
	Next *linked `json:"next"`
	Any  any     `json:"any,omitempty"`
}

// A value that holds itself is told with the place where it does, and in few words.
func TestRefusesWhatHoldsItself(t *testing.T) {
	object, list := map[string]any{"x": 1}, []any{1, nil}
	object["a"] = map[string]any{"b c": []any{nil, object}}
	list[1] = list
	node := &linked{}
	node.Next = &linked{Any: map[int]any{5: &node}}
	var pointer any
	pointer = &pointer
	cases := map[string]any{
		`$.a["b c"][1]: the map[string]interface {} holds itself`: object,
		"$[1]: the []interface {} holds itself":                   list,
		`$.next.any["5"]: the **pygrpc.linked holds itself`:       &node,
		"$: the *interface {} holds itself":                       pointer,
		"$.next.any: the *pygrpc.linked holds itself":             selfThroughAny(),
	}
	for expected, value := range cases {
		if _, err := encodeMessage(value, false); err == nil || !strings.HasSuffix(err.Error(), expected) {
			t.Errorf("expected %s, found %.200v", expected, err)
		}
	}
	if _, err := encodeOptions([]Options{{"service_config": object}}); err == nil ||
		!strings.HasSuffix(err.Error(), `option service_config.a["b c"][1]: the map[string]interface {} holds itself`) {
		t.Errorf("found %.200v", err)
	}
	// What is there twice does not hold itself, and what is deep is not sent either.
	twice := map[string]any{"x": []any{}}
	if _, err := encodeMessage(map[string]any{"a": twice, "b": twice, "c": []any{twice, twice}}, false); err != nil {
		t.Error(err)
	}
	var deep any
	for range 2 * maxDepth {
		deep = map[string]any{"deeper": deep}
	}
	_, err := encodeMessage(deep, false)
	if err == nil || !strings.Contains(err.Error(), "nests too deeply") || len(err.Error()) > 200 {
		t.Errorf("found %.300v", err)
	}
}

func selfThroughAny() *linked {
	node := &linked{}
	node.Next = &linked{Any: node}
	return node
}
