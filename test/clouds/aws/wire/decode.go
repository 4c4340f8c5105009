// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ValueError is a parameter that is not of its type.
type ValueError struct {
	Name, Value string
	// Want is the type.
	Want string
}

func (e *ValueError) Error() string {
	return fmt.Sprintf("%s: %q is not of type %s", e.Name, e.Value, e.Want)
}

// MissingError is a required parameter that was not sent.
type MissingError struct{ Name string }

func (e *MissingError) Error() string { return e.Name + " is missing" }

// Decode fills the struct that into points to from the request's parameters, and returns what the
// protocol answers if they do not fit.
func (r *Request) Decode(into any) error {
	err := Decode(r.Form, into)
	if e, ok := errors.AsType[*MissingError](err); ok {
		return missing(r.Protocol, e.Name)
	}
	if e, ok := errors.AsType[*ValueError](err); ok {
		return malformed(r.Protocol, e)
	}
	return err
}

// Decode fills the struct that into points to from a form. Fields are named by their tag
// `query:"Name"` or `query:"Name,required"`; the fields of embedded structs count as the struct's own, and
// others are left alone. Types are strings, numbers, bools,
// time.Time, structs, slices, and pointers to these.
//
// A pointer or slice is nil if the parameter was not sent. A slice is empty but not nil if it was sent as
// "Name=", which is how clients clear a list. Elements of a slice come from Name.N or Name.member.N, in
// the order of N, however N is spaced. Parameters that no field names are ignored, as AWS does.
func Decode(form url.Values, into any) error {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("decoding into %T, which is no pointer to a struct", into)
	}
	root := &node{}
	for key, values := range form {
		if len(values) > 0 {
			root.add(key, values[0])
		}
	}
	return decodeStruct(root, v.Elem(), "")
}

// node is a parameter and those whose names continue its own after a dot.
type node struct {
	value    *string
	children map[string]*node
}

func (n *node) add(key, value string) {
	for name := range strings.SplitSeq(key, ".") {
		if n.children == nil {
			n.children = map[string]*node{}
		}
		next := n.children[name]
		if next == nil {
			next = &node{}
			n.children[name] = next
		}
		n = next
	}
	n.value = &value
}

// elements returns the elements of a list in the order of their numbers.
func (n *node) elements() []*node {
	if m := n.children["member"]; m != nil {
		n = m
	}
	type numbered struct {
		number int
		*node
	}
	var found []numbered
	for name, child := range n.children {
		if i, err := strconv.Atoi(name); err == nil {
			found = append(found, numbered{i, child})
		}
	}
	slices.SortFunc(found, func(a, b numbered) int { return a.number - b.number })
	out := make([]*node, len(found))
	for i, f := range found {
		out[i] = f.node
	}
	return out
}

func decodeStruct(n *node, into reflect.Value, path string) error {
	for i := range into.NumField() {
		field := into.Type().Field(i)
		tag, ok := field.Tag.Lookup("query")
		if !ok {
			if field.Anonymous && field.Type.Kind() == reflect.Struct {
				if err := decodeStruct(n, into.Field(i), path); err != nil {
					return err
				}
			}
			continue
		}
		name, option, _ := strings.Cut(tag, ",")
		child := n.children[name]
		full := path + name
		if child == nil {
			if option == "required" {
				return &MissingError{Name: full}
			}
			continue
		}
		if err := decodeValue(child, into.Field(i), full); err != nil {
			return err
		}
	}
	return nil
}

var timeType = reflect.TypeFor[time.Time]()

func decodeValue(n *node, into reflect.Value, path string) error {
	switch {
	case into.Kind() == reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		return decodeValue(n, into.Elem(), path)
	case into.Kind() == reflect.Slice:
		elements := n.elements()
		into.Set(reflect.MakeSlice(into.Type(), len(elements), len(elements)))
		for i, e := range elements {
			if err := decodeValue(e, into.Index(i), fmt.Sprintf("%s.%d", path, i+1)); err != nil {
				return err
			}
		}
		return nil
	case into.Kind() == reflect.Struct && into.Type() != timeType:
		return decodeStruct(n, into, path+".")
	case n.value == nil:
		return nil
	}
	return decodeScalar(*n.value, into, path)
}

func decodeScalar(s string, into reflect.Value, path string) error {
	var err error
	want := into.Kind().String()
	switch {
	case into.Type() == timeType:
		var t time.Time
		t, err = time.Parse(time.RFC3339, s)
		into.Set(reflect.ValueOf(t))
		want = "Timestamp"
	case into.Kind() == reflect.String:
		into.SetString(s)
	case into.Kind() == reflect.Bool:
		var b bool
		b, err = strconv.ParseBool(s)
		into.SetBool(b)
		want = "Boolean"
	case into.CanInt():
		var i int64
		i, err = strconv.ParseInt(s, 10, into.Type().Bits())
		into.SetInt(i)
		want = "Integer"
	case into.CanFloat():
		var f float64
		f, err = strconv.ParseFloat(s, 64)
		into.SetFloat(f)
		want = "Double"
	default:
		return fmt.Errorf("%s: fields of type %s cannot be decoded", path, into.Type())
	}
	if err != nil {
		return &ValueError{Name: path, Value: s, Want: want}
	}
	return nil
}
