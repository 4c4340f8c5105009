// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package ini reads cloud-config files in the INI dialect of git's configuration, which the providers that
// once lived in Kubernetes have always read. Syntax and types are strict; sections and keys that nobody
// knows are warnings with what was probably meant, since files of older and later versions must load.
package ini

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/gcfg.v1"
	"gopkg.in/gcfg.v1/scanner"
	"gopkg.in/gcfg.v1/token"

	"sigs.k8s.io/cloud-providers/common/cloudconfig"
	"sigs.k8s.io/cloud-providers/common/cloudconfig/nearest"
)

// Key describes a key of a section, for the reference page and for finding what a misspelt one meant.
type Key struct{ Name, Kind, Default, Doc string }

// Section describes a section. A labelled one has a name of its own in each header: [Section "name"].
type Section struct {
	Name     string
	Labelled bool
	Keys     []Key
	// Foreign sections belong to other programs that share the file; nothing is said about them.
	Foreign bool
}

// File says where each part of a file is.
type File struct {
	Path string
	// Warnings are sentences with path and line.
	Warnings []string

	sections []Section
	entries  []entry
}

// entry is a section header, or a key in a section.
type entry struct {
	section, label, key string // key is empty for a header
	line                int
}

// Read fills a struct whose fields are the sections, as gcfg does. example is a line that files may have, for
// the message about a file in another form.
func Read(path string, data []byte, into any, example string, sections ...Section) (*File, error) {
	if err := gcfg.FatalOnly(gcfg.ReadStringInto(into, string(data))); err != nil {
		return nil, syntaxError(path, err, sections[0].Name, example)
	}
	f := &File{Path: path, sections: sections, entries: scan(data)}
	for _, e := range f.entries {
		f.warnUnknown(e)
	}
	return f, nil
}

// position is how gcfg begins messages about syntax: line and column.
var position = regexp.MustCompile(`^(\d+):\d+: (.*)$`)

// syntaxError gives gcfg's error the path, and the line if it names one.
func syntaxError(path string, err error, section, example string) error {
	message, line := err.Error(), 0
	if m := position.FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = fmt.Sprintf("%s; the file is in the INI form of git's configuration, with sections such as [%s] and lines such as %s", m[2], section, example)
	}
	return &cloudconfig.Error{Path: path, Line: line, Message: message}
}

// scan lists sections and keys with their lines. The file is known to be well-formed.
func scan(data []byte) []entry {
	files := token.NewFileSet()
	f := files.AddFile("", files.Base(), len(data))
	var s scanner.Scanner
	s.Init(f, data, func(token.Position, string) {}, 0)
	var entries []entry
	section, label, inHeader := "", "", false
	for {
		pos, tok, literal := s.Scan()
		switch tok {
		case token.EOF:
			return entries
		case token.LBRACK:
			section, label, inHeader = "", "", true
		case token.RBRACK:
			inHeader = false
			entries = append(entries, entry{section: section, label: label, line: files.Position(pos).Line})
		case token.STRING:
			if inHeader {
				label = unquote(literal)
			}
		case token.IDENT:
			if inHeader {
				section = literal
				continue
			}
			entries = append(entries, entry{section: section, label: label, key: literal, line: files.Position(pos).Line})
		}
	}
}

// unquote undoes the quoting of a section's label.
func unquote(literal string) string {
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`, `"`, "").Replace(literal)
}

// Line is where the last occurrence of a key is: the one that counts. Without a key it is the section's.
func (f *File) Line(section, label, key string) int {
	line := 0
	for _, e := range f.entries {
		if strings.EqualFold(e.section, section) && e.label == label && strings.EqualFold(e.key, key) {
			line = e.line
		}
	}
	return line
}

// Wrong is a mistake in the value of a key.
func (f *File) Wrong(section, label, key, format string, args ...any) *cloudconfig.Error {
	return &cloudconfig.Error{Path: f.Path, Line: f.Line(section, label, key), Key: key, Message: fmt.Sprintf(format, args...)}
}

// warnUnknown says what has no meaning, and what was probably meant.
func (f *File) warnUnknown(e entry) {
	s := f.section(e)
	switch {
	case s == nil && e.key == "":
		f.warn(e.line, "the section [%s] has no meaning here and is ignored%s", sectionName(e), f.meantSection(e))
	case s != nil && !s.Foreign && e.key != "" && !s.has(e.key):
		f.warn(e.line, "the key %q of section [%s] is unknown and ignored%s", e.key, sectionName(e), Meant(nearest.Name(e.key, s.names())))
	}
}

// section finds the description of an entry's section.
func (f *File) section(e entry) *Section {
	for i, s := range f.sections {
		if strings.EqualFold(s.Name, e.section) && (s.Labelled || s.Foreign || e.label == "") {
			return &f.sections[i]
		}
	}
	return nil
}

func (s *Section) names() []string {
	names := make([]string, 0, len(s.Keys))
	for _, k := range s.Keys {
		names = append(names, k.Name)
	}
	return names
}

func (s *Section) has(key string) bool {
	for _, k := range s.Keys {
		if strings.EqualFold(k.Name, key) {
			return true
		}
	}
	return false
}

func sectionName(e entry) string {
	if e.label == "" {
		return e.section
	}
	return e.section + " " + strconv.Quote(e.label)
}

func (f *File) meantSection(e entry) string {
	var names []string
	for _, s := range f.sections {
		names = append(names, s.Name)
	}
	if near := nearest.Name(e.section, names); near != "" {
		return Meant("[" + near + "]")
	}
	return ""
}

// Meant is the end of a message about a name that nobody knows; empty without a name that is near.
func Meant(name string) string {
	if name == "" {
		return ""
	}
	return "; did you mean " + name + "?"
}

func (f *File) warn(line int, format string, args ...any) {
	f.Warnings = append(f.Warnings, (&cloudconfig.Error{Path: f.Path, Line: line, Message: fmt.Sprintf(format, args...)}).Error())
}

// Table writes a section's keys for a reference page.
func (s Section) Table(b *strings.Builder) {
	b.WriteString("\n| key | kind | default | meaning |\n|---|---|---|---|\n")
	for _, k := range s.Keys {
		fallback := "none"
		if k.Default != "" {
			fallback = "`" + strings.ReplaceAll(k.Default, "|", `\|`) + "`"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", k.Name, k.Kind, fallback, k.Doc)
	}
}
