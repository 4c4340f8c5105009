// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package ini

import (
	"slices"
	"strings"
	"testing"
)

type content struct {
	Global struct {
		Name  string
		Count int
		Items []string
	}
	Class map[string]*struct{ Size int }
}

var sections = []Section{
	{Name: "Global", Keys: []Key{{Name: "Name"}, {Name: "Count"}, {Name: "Items"}}},
	{Name: "Class", Labelled: true, Keys: []Key{{Name: "Size"}}},
	{Name: "BlockStorage", Foreign: true},
}

func TestReadFillsAndWarns(t *testing.T) {
	var c content
	f, err := Read("cloud.conf", []byte("[global]\nname = a\nNAME = b\nCoutn = 3\n[Class \"x\"]\nsize = 0x10\n[Clas \"y\"]\nsize = 1\n[BlockStorage]\nanything = goes\n"), &c, "Name = a", sections...)
	if err != nil {
		t.Fatal(err)
	}
	if c.Global.Name != "b" || c.Class["x"].Size != 16 {
		t.Errorf("%+v", c)
	}
	want := []string{
		`cloud.conf:4: the key "Coutn" of section [global] is unknown and ignored; did you mean Count?`,
		`cloud.conf:7: the section [Clas "y"] has no meaning here and is ignored; did you mean [Class]?`,
	}
	if !slices.Equal(f.Warnings, want) {
		t.Errorf("warnings %q", f.Warnings)
	}
	if line := f.Line("Global", "", "Name"); line != 3 {
		t.Errorf("the last Name is in line %d", line)
	}
	if got := f.Wrong("Class", "x", "Size", "%d is too much", 16).Error(); got != "cloud.conf:6: Size: 16 is too much" {
		t.Errorf("%s", got)
	}
}

func TestMistakesOfSyntaxAndTypeEndTheReading(t *testing.T) {
	for text, want := range map[string]string{
		"[Global]\nCount = many\n":   "cloud.conf: ",
		"[Global\nName = a\n":        "cloud.conf:1: ",
		"{\"Global\": {}}\n":         "such as [Global] and lines such as Name = a",
		"[Global]\nName = a\\.b\n":   "cloud.conf:2: ",
		"[Global]\nName_two = a\n\n": "cloud.conf:2: ",
	} {
		if _, err := Read("cloud.conf", []byte(text), &content{}, "Name = a", sections...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("[Global]\nName = \"a\\n\"\nItems = x\nItems\n[Class \"b\"]\nSize = 1 ; comment")
	f.Fuzz(func(t *testing.T, text string) {
		var c content
		if file, err := Read("f", []byte(text), &c, "Name = a", sections...); err == nil && file == nil {
			t.Fatal("neither a file nor an error")
		}
	})
}
