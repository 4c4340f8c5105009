// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package rest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// fields has the index of the field of each JSON name, for each struct type that was asked for.
var fields sync.Map // reflect.Type to map[string][]int

func indexes(t reflect.Type) map[string][]int {
	if known, ok := fields.Load(t); ok {
		return known.(map[string][]int)
	}
	m := map[string][]int{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			m[name] = f.Index
		}
	}
	fields.Store(t, m)
	return m
}

// Has says whether a pointer to a struct has a field of that JSON name.
func Has(v any, name string) bool {
	_, ok := indexes(reflect.TypeOf(v).Elem())[name]
	return ok
}

// Texts are the values of a field, by its JSON name, as query parameters have them; lists have several.
func Texts(v any, name string) []string {
	s := reflect.ValueOf(v).Elem()
	index, ok := indexes(s.Type())[name]
	if !ok {
		return nil
	}
	return texts(s.FieldByIndex(index))
}

func texts(f reflect.Value) []string {
	switch f.Kind() {
	case reflect.Pointer:
		if f.IsNil() {
			return nil
		}
		return texts(f.Elem())
	case reflect.Slice:
		var all []string
		for i := range f.Len() {
			all = append(all, texts(f.Index(i))...)
		}
		return all
	default:
		return []string{fmt.Sprint(f.Interface())}
	}
}

// structs returns a field that is a list of structs.
func structs(v any, name string) (reflect.Value, bool) {
	s := reflect.ValueOf(v).Elem()
	index, ok := indexes(s.Type())[name]
	if !ok {
		return reflect.Value{}, false
	}
	f := s.FieldByIndex(index)
	return f, f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.Struct
}

// fitsElement says whether one element of a list of structs fits values such as subnet_id=…: the values
// of one key are alternatives, and all keys have to fit.
func fitsElement(list reflect.Value, wanted []string) bool {
	byKey := map[string][]string{}
	for _, w := range wanted {
		key, value, ok := strings.Cut(w, "=")
		if !ok {
			key, value = "id", w
		}
		byKey[key] = append(byKey[key], value)
	}
	for i := range list.Len() {
		element := list.Index(i)
		all := true
		for key, values := range byKey {
			index, ok := indexes(element.Type())[key]
			all = all && ok && slices.ContainsFunc(texts(element.FieldByIndex(index)), func(h string) bool { return slices.Contains(values, h) })
		}
		if all {
			return true
		}
	}
	return false
}

// Reserved are parameters of lists that are no filters.
var Reserved = []string{"fields", "limit", "marker", "page_reverse", "sort_key", "sort_dir", "sort",
	"tags", "tags-any", "not-tags", "not-tags-any"}

// Filter says whether a pointer to a struct fits all filters of a query. Several values of a parameter
// are alternatives. tags are its tags.
func Filter(query url.Values, v any, tags []string) bool {
	for name, wanted := range query {
		if slices.Contains(Reserved, name) {
			continue
		}
		if elements, ok := structs(v, name); ok {
			if !fitsElement(elements, wanted) {
				return false
			}
			continue
		}
		have := Texts(v, name)
		if !slices.ContainsFunc(wanted, func(w string) bool { return fits(have, w) }) {
			return false
		}
	}
	return fitsTags(query, tags)
}

func fits(have []string, wanted string) bool {
	if len(have) == 0 {
		return wanted == ""
	}
	return slices.ContainsFunc(have, func(h string) bool {
		return h == wanted || (h == "true" || h == "false") && strings.EqualFold(h, wanted)
	})
}

func fitsTags(query url.Values, tags []string) bool {
	all := func(wanted []string) bool {
		return !slices.ContainsFunc(wanted, func(t string) bool { return !slices.Contains(tags, t) })
	}
	some := func(wanted []string) bool {
		return slices.ContainsFunc(wanted, func(t string) bool { return slices.Contains(tags, t) })
	}
	for name, ok := range map[string]func([]string) bool{
		"tags":         all,
		"tags-any":     some,
		"not-tags":     func(w []string) bool { return !all(w) },
		"not-tags-any": func(w []string) bool { return !some(w) },
	} {
		if query.Has(name) && !ok(strings.Split(strings.Join(query[name], ","), ",")) {
			return false
		}
	}
	return true
}

// Page cuts the page that limit and marker ask for out of a list of pointers to structs with an "id".
// next is the marker of the next page, or empty.
func Page[T any](query url.Values, items []T, most int, full bool) (page []T, next string, err error) {
	limit := most
	if text := query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return nil, "", Errorf(http.StatusBadRequest, "BadRequest", "limit %q is not a number", text)
		}
		if n > 0 && (most <= 0 || n < most) {
			limit = n
		}
	}
	if marker := query.Get("marker"); marker != "" {
		i := slices.IndexFunc(items, func(v T) bool { return slices.Equal(Texts(v, "id"), []string{marker}) })
		if i < 0 {
			return nil, "", Errorf(http.StatusBadRequest, "MarkerNotFound", "marker [%s] not found", marker)
		}
		items = items[i+1:]
	}
	if limit > 0 && (len(items) > limit || full && len(items) == limit) {
		items = items[:limit]
		next = Texts(items[limit-1], "id")[0]
	}
	return items, next, nil
}

// Fields leaves only the fields of an object that the query's fields name, if it has any.
func Fields(query url.Values, v any) any {
	wanted := query["fields"]
	if len(wanted) == 0 {
		return v
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return v
	}
	var all map[string]json.RawMessage
	if json.Unmarshal(raw, &all) != nil {
		return v
	}
	for name := range all {
		if !slices.Contains(wanted, name) {
			delete(all, name)
		}
	}
	return all
}
