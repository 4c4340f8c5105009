// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudconfig

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"sigs.k8s.io/cloud-providers/common/cloudconfig/nearest"
)

// DecodeYAML reads YAML or JSON into the struct that into points to. What the file does not mention keeps
// its value, so that defaults are set before. All mistakes are reported at once, joined; each is an
// *Error. Warnings are too.
func DecodeYAML(path string, data []byte, into any, options ...Option) (warnings []error, err error) {
	d := &decoder{path: path}
	for _, o := range options {
		o(d)
	}
	target := reflect.ValueOf(into)
	if target.Kind() != reflect.Pointer || target.Elem().Kind() != reflect.Struct {
		return nil, fmt.Errorf("reading %s: %T is not a pointer to a struct", path, into)
	}
	root, err := d.parse(data)
	if err != nil {
		return nil, err
	}
	if root != nil {
		d.decode(root, "", target.Elem())
	}
	return d.warnings, errors.Join(d.errs...)
}

type decoder struct {
	path     string
	lenient  bool
	errs     []error
	warnings []error
}

func (d *decoder) fail(n *yaml.Node, key, format string, args ...any) {
	d.errs = append(d.errs, &Error{d.path, n.Line, key, fmt.Sprintf(format, args...)})
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// parse returns the only document's content; nil when the file is empty.
func (d *decoder) parse(data []byte) (*yaml.Node, error) {
	reader := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	err := reader.Decode(&document)
	if errors.Is(err, io.EOF) || err == nil && len(document.Content) == 0 {
		return nil, nil
	}
	if err != nil {
		e := &Error{Path: d.path, Message: "not valid YAML: " + yamlLine.ReplaceAllString(err.Error(), "")}
		if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
			e.Line, _ = strconv.Atoi(m[1]) // 0 where the parser names no line
		}
		return nil, e
	}
	if err := reader.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, &Error{Path: d.path, Line: second.Line, Message: "the file has more than one document"}
	}
	root := document.Content[0]
	if isNull(root) {
		return nil, nil
	}
	return root, nil
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// decode fills one value. It reports mistakes and goes on.
func (d *decoder) decode(n *yaml.Node, key string, v reflect.Value) {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		d.fail(n, key, "anchors and aliases are not supported; write the value out")
		return
	}
	if isNull(n) {
		return
	}
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		d.decode(n, key, v.Elem())
		return
	}
	if v.Type() == durationType || reflect.PointerTo(v.Type()).Implements(textType) {
		d.decodeText(n, key, v)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.decodeStruct(n, key, v)
	case reflect.Map:
		d.decodeMap(n, key, v)
	case reflect.Slice:
		d.decodeSlice(n, key, v)
	default:
		d.decodeScalar(n, key, v)
	}
}

func (d *decoder) decodeStruct(n *yaml.Node, key string, v reflect.Value) {
	if n.Kind != yaml.MappingNode {
		d.fail(n, key, "expected a mapping of keys to values, not %s", describe(n))
		return
	}
	fields, names := fieldsOf(v.Type())
	for name, value := range d.pairs(n, key) {
		index, known := fields[name.Value]
		if !known {
			d.unknown(name, key, names)
			continue
		}
		d.decode(value, joinKey(key, name.Value), v.FieldByIndex(index))
	}
}

// pairs visits the keys and values of a mapping, and reports those that are there twice.
func (d *decoder) pairs(n *yaml.Node, key string) func(func(name, value *yaml.Node) bool) {
	return func(visit func(name, value *yaml.Node) bool) {
		lines := map[string]int{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			name, value := n.Content[i], n.Content[i+1]
			if name.Kind != yaml.ScalarNode {
				d.fail(name, key, "a key must be a plain word")
				continue
			}
			if first, twice := lines[name.Value]; twice {
				d.fail(name, key, "key %q is there twice; the first is in line %d", name.Value, first)
				continue
			}
			lines[name.Value] = name.Line
			if !visit(name, value) {
				return
			}
		}
	}
}

func (d *decoder) unknown(name *yaml.Node, key string, names []string) {
	message := fmt.Sprintf("unknown key %q", name.Value)
	if near := nearest.Name(name.Value, names); near != "" {
		message += fmt.Sprintf("; did you mean %q?", near)
	} else {
		message += "; known are " + quoted(names)
	}
	e := &Error{d.path, name.Line, key, message}
	if d.lenient {
		d.warnings = append(d.warnings, e)
		return
	}
	d.errs = append(d.errs, e)
}

// fieldsOf returns where the keys of a struct lead, and the keys in their order.
func fieldsOf(t reflect.Type) (map[string][]int, []string) {
	fields, names := map[string][]int{}, []string(nil)
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || f.Anonymous || name == "" || name == "-" {
			continue
		}
		fields[name] = f.Index
		names = append(names, name)
	}
	return fields, names
}

func (d *decoder) decodeMap(n *yaml.Node, key string, v reflect.Value) {
	if n.Kind != yaml.MappingNode {
		d.fail(n, key, "expected a mapping of keys to values, not %s", describe(n))
		return
	}
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	for name, value := range d.pairs(n, key) {
		element := reflect.New(v.Type().Elem()).Elem()
		d.decode(value, joinKey(key, name.Value), element)
		v.SetMapIndex(reflect.ValueOf(name.Value).Convert(v.Type().Key()), element)
	}
}

func (d *decoder) decodeSlice(n *yaml.Node, key string, v reflect.Value) {
	if n.Kind != yaml.SequenceNode {
		d.fail(n, key, "expected a list, not %s", describe(n))
		return
	}
	list := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, element := range n.Content {
		d.decode(element, fmt.Sprintf("%s[%d]", key, i), list.Index(i))
	}
	v.Set(list)
}

func (d *decoder) decodeText(n *yaml.Node, key string, v reflect.Value) {
	if n.Kind != yaml.ScalarNode {
		d.fail(n, key, "expected a single value, not %s", describe(n))
		return
	}
	if v.Type() == durationType {
		parsed, err := time.ParseDuration(n.Value)
		if err != nil {
			d.fail(n, key, "expected a duration such as \"30s\" or \"5m\", not %s", describe(n))
			return
		}
		v.SetInt(int64(parsed))
		return
	}
	if err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(n.Value)); err != nil {
		d.fail(n, key, "%v", err)
	}
}

func (d *decoder) decodeScalar(n *yaml.Node, key string, v reflect.Value) {
	var expected string
	wholeNumber := n.Tag == "!!int" // the decoder would cut a fraction off
	fits := true
	switch v.Kind() {
	case reflect.String:
		expected = "a string"
		if n.Kind == yaml.ScalarNode && n.Tag != "!!str" {
			expected, fits = "a string in quotes", false
		}
	case reflect.Bool:
		expected = "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		expected, fits = "a whole number", wholeNumber
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		expected, fits = "a whole number that is not negative", wholeNumber
	case reflect.Float32, reflect.Float64:
		expected = "a number"
	default:
		d.fail(n, key, "values of Go type %s are not supported", v.Type())
		return
	}
	if !fits || n.Kind != yaml.ScalarNode || n.Decode(v.Addr().Interface()) != nil {
		d.fail(n, key, "expected %s, not %s", expected, describe(n))
	}
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// describe says what a node is, for messages. Values are quoted and cut, so that a misplaced secret does
// not fill the log.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
		value := n.Value
		if len(value) > 40 {
			value = value[:40] + "…"
		}
		return strconv.Quote(value)
	}
	return "an alias"
}
