// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package clisession

import (
	"fmt"
	"regexp"
	"strings"
)

// kind of an entry in a session file.
type kind int

const (
	comment   kind = iota // in output: lines that begin with #, and empty ones
	command               // after $
	directive             // after @
)

type entry struct {
	kind    kind
	line    int
	raw     string // as it is in the file, without what it printed
	command string
	output  string
}

func parse(text string) ([]entry, error) {
	var entries []entry
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		e := entry{line: i + 1, raw: lines[i]}
		switch line := lines[i]; {
		case line == "" || strings.HasPrefix(line, "#"):
			e.kind = comment
		case strings.HasPrefix(line, "@ "):
			e.kind, e.command = directive, line[2:]
		case strings.HasPrefix(line, "$ "):
			e.kind, e.command = command, line[2:]
			for strings.HasSuffix(lines[i], `\`) && i+1 < len(lines) {
				i++
				e.raw += "\n" + lines[i]
				e.command += "\n" + lines[i]
			}
			var output []string
			for i+1 < len(lines) && continues(lines[i+1]) {
				i++
				output = append(output, lines[i])
			}
			e.output = strings.Join(output, "\n")
		default:
			return nil, fmt.Errorf("line %d: %q is neither a command nor a comment", i+1, line)
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// continues says whether a line is what the command before it printed.
func continues(line string) bool {
	return line != "" && !strings.HasPrefix(line, "$ ") && !strings.HasPrefix(line, "# ") && !strings.HasPrefix(line, "@ ")
}

func format(entries []entry) string {
	var b strings.Builder
	for _, e := range entries {
		b.WriteString(e.raw + "\n")
		if e.kind == command && e.output != "" {
			b.WriteString(e.output + "\n")
		}
	}
	return b.String()
}

var assigns = regexp.MustCompile(`(?s)^([A-Z_0-9]+)=\$\((.*)\)$`)

// assignment takes NAME=$(command) apart.
func assignment(command string) (name, inner string, ok bool) {
	m := assigns.FindStringSubmatch(command)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// normalizer replaces what is arbitrary, so that a session says what matters.
type normalizer struct {
	names  map[string]string
	counts map[string]int
}

func newNormalizer() *normalizer {
	return &normalizer{names: map[string]string{}, counts: map[string]int{}}
}

var (
	// resourceID is i-0123456789abcdef0 and the like.
	resourceID = regexp.MustCompile(`\b([a-z]+(?:-[a-z]+)*)-[0-9a-f]{17}\b`)
	// hexID is the end of ARNs and names of load balancers, digits that of names of classic ones.
	hexID  = regexp.MustCompile(`\b()[0-9a-f]{16}\b`)
	digits = regexp.MustCompile(`(-)\d{8,10}(\.[a-z0-9-]+\.elb\.)`)
	// uuid is what the command line makes up as a client token.
	uuid = regexp.MustCompile(`\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`)
	mac  = regexp.MustCompile(`\b02(:[0-9a-f]{2}){5}\b`)
	// accessKey, sessionToken and secretKey are what STS gives out.
	accessKey    = regexp.MustCompile(`\b(ASIA)[A-Z2-7]{16}\b`)
	sessionToken = regexp.MustCompile(`\bFwoGZXIvYXdzE[A-Z2-7]+\b`)
	secretKey    = regexp.MustCompile(`\b[A-Z2-7]{40}\b`)
)

func (n *normalizer) normalize(s string) string {
	for _, pattern := range []*regexp.Regexp{resourceID, hexID, accessKey} {
		s = pattern.ReplaceAllStringFunc(s, func(id string) string { return n.number(pattern.FindStringSubmatch(id)[1], id) })
	}
	s = digits.ReplaceAllString(s, "${1}digits$2")
	s = uuid.ReplaceAllString(s, "uuid")
	s = mac.ReplaceAllString(s, "02:mac")
	s = sessionToken.ReplaceAllString(s, "token")
	return secretKey.ReplaceAllString(s, "secret")
}

// number names an ID by its prefix and a number.
func (n *normalizer) number(prefix, id string) string {
	name, ok := n.names[id]
	if !ok {
		if prefix == "" {
			prefix = "hex"
		}
		n.counts[prefix]++
		name = fmt.Sprintf("%s-%d", prefix, n.counts[prefix])
		n.names[id] = name
	}
	return name
}
