// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package config

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

// content is the file as gcfg fills it: the fields are the sections and keys, and keys.go describes each.
type content struct {
	Global          global
	ServiceOverride map[string]*override
}

type global struct {
	Zone, Region, VPC, SubnetID, RouteTableID       string
	RoleARN, SourceARN                              string
	KubernetesClusterTag, KubernetesClusterID       string
	DisableSecurityGroupIngress                     bool
	ElbSecurityGroup                                string
	NodeIPFamilies                                  []string
	ClusterServiceLoadBalancerHealthProbeMode       string
	ClusterServiceSharedLoadBalancerHealthProbePort int32
	ClusterServiceSharedLoadBalancerHealthProbePath string
	SupportedTopologyInstanceTypePattern            *string
	NLBSecurityGroupMode                            string
	// DisableStrictZoneCheck was the in-tree provider's.
	DisableStrictZoneCheck bool
}

type override struct {
	Service, Region, URL, SigningRegion, SigningMethod, SigningName string
}

// file is the content with where each part of it is.
type file struct {
	content
	path     string
	entries  []entry
	warnings []string
}

// entry is a section header, or a key in a section.
type entry struct {
	section, label, key string // key is empty for a header
	line                int
}

// parse reads the file in gcfg's dialect. What the file says beyond the known sections and keys is a
// warning: files of the in-tree provider, and of later versions, must load.
func parse(path string, data []byte) (*file, error) {
	f := &file{path: path}
	if err := gcfg.FatalOnly(gcfg.ReadStringInto(&f.content, string(data))); err != nil {
		return nil, syntaxError(path, err)
	}
	f.entries = scan(data)
	for _, e := range f.entries {
		f.warnUnknown(e)
	}
	return f, nil
}

// position is how gcfg begins messages about syntax: line and column.
var position = regexp.MustCompile(`^(\d+):\d+: (.*)$`)

// syntaxError gives gcfg's error the path, and the line if it names one.
func syntaxError(path string, err error) error {
	message, line := err.Error(), 0
	if m := position.FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = m[2] + "; the file is in the INI form of git's configuration, with sections such as [Global] and lines such as Region = eu-west-1"
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

// line is where the last occurrence of a key is: the one that counts. Without a key it is the section.
func (f *file) line(section, label, key string) int {
	line := 0
	for _, e := range f.entries {
		if strings.EqualFold(e.section, section) && e.label == label && strings.EqualFold(e.key, key) {
			line = e.line
		}
	}
	return line
}

// warnUnknown says what has no meaning, and what was probably meant.
func (f *file) warnUnknown(e entry) {
	known, isSection := keysOf(e)
	switch {
	case e.key == "" && !isSection:
		f.warn(e.line, "the section [%s] has no meaning here and is ignored%s", sectionName(e), meant("["+nearest.Name(e.section, sections)+"]"))
	case e.key != "" && isSection && !contains(known, e.key):
		f.warn(e.line, "the key %q of section [%s] is unknown and ignored%s", e.key, sectionName(e), meant(nearest.Name(e.key, known)))
	}
}

func sectionName(e entry) string {
	if e.label == "" {
		return e.section
	}
	return e.section + " " + strconv.Quote(e.label)
}

func meant(name string) string {
	if name == "" || name == "[]" {
		return ""
	}
	return "; did you mean " + name + "?"
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

func (f *file) warn(line int, format string, args ...any) {
	f.warnings = append(f.warnings, (&cloudconfig.Error{Path: f.path, Line: line, Message: fmt.Sprintf(format, args...)}).Error())
}
