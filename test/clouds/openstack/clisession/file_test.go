// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package clisession

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// entry is a command, a request or a directive of a session.
type entry struct {
	line int
	kind byte // '$', '>' or '@'
	text string
	// status that is wanted.
	status int
	keep   map[string]string // variable to field
	ignore []string
	header map[string]string
}

var headerLine = regexp.MustCompile(`^([A-Z][A-Za-z-]+): (.*)$`)

func parse(file string) ([]*entry, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var all []*entry
	for i, line := range strings.Split(string(raw), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		if err := parseLine(&all, i+1, line); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, i+1, err)
		}
	}
	return all, nil
}

func parseLine(all *[]*entry, number int, line string) error {
	rest := strings.TrimSpace(line[1:])
	if strings.IndexByte("$>@", line[0]) >= 0 {
		e := &entry{line: number, kind: line[0], text: rest, keep: map[string]string{}, header: map[string]string{}}
		if e.kind == '>' {
			e.status = 200
		}
		*all = append(*all, e)
		return nil
	}
	if len(*all) == 0 {
		return fmt.Errorf("%q is no entry", line)
	}
	e := (*all)[len(*all)-1]
	switch line[0] {
	case '!':
		status, err := strconv.Atoi(rest)
		e.status = status
		return err
	case '=':
		name, field, ok := strings.Cut(rest, " ")
		if !ok {
			return fmt.Errorf("%q names no field", line)
		}
		e.keep[name] = field
		return nil
	case '~':
		field, _, ok := strings.Cut(rest, ": ")
		if !ok {
			return fmt.Errorf("%q gives no reason", line)
		}
		e.ignore = append(e.ignore, field)
		return nil
	}
	m := headerLine.FindStringSubmatch(line)
	if m == nil {
		return fmt.Errorf("%q is nothing that a session has", line)
	}
	e.header[m[1]] = m[2]
	return nil
}

// words splits a command as a shell would that knows only single and double quotes.
func words(text string) []string {
	var all []string
	var word strings.Builder
	quote, inside := rune(0), false
	for _, r := range text {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, inside = r, true
		case quote == 0 && r == ' ':
			if inside {
				all = append(all, word.String())
			}
			word.Reset()
			inside = false
		default:
			word.WriteRune(r)
			inside = true
		}
	}
	if inside {
		all = append(all, word.String())
	}
	return all
}
