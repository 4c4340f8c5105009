// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// answer is what a service says in the body of an error.
type answer struct {
	message string
	kind    string // Neutron's type of error, such as OverQuota
	own     bool   // it is the service's own, rather than that of a proxy before it
}

// said is an object of a body that has a message.
type said struct {
	Message string `json:"message"`
	Type    string `json:"type"`
}

// mostOfMessage is how much of a message reaches events; those of Kubernetes hold 1024 bytes.
const mostOfMessage = 600

// answerIn reads a body in the shape of any of the services:
//
//	Octavia   {"faultcode": "Client", "faultstring": "..."}
//	Neutron   {"NeutronError": {"type": "...", "message": "...", "detail": ""}}, or a text in its place
//	Nova      {"itemNotFound": {"code": 404, "message": "..."}}
//	Keystone  {"error": {"code": 401, "title": "...", "message": "..."}}
//	Barbican  {"code": 404, "title": "...", "description": "..."}
//
// What is not JSON is a proxy's: of its page nothing is taken but a single line. Gateways have JSON too, with an
// error or a message that looks like Keystone's, which has no objects that are asked for here.
func answerIn(body []byte) answer {
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil {
		return answer{message: plain(string(body))}
	}
	for _, key := range []string{"faultstring", "description", "message", "title"} {
		if text, ok := textIn(fields[key]); ok && text != "" {
			return answer{message: tidy(text), own: key == "faultstring" || key == "description"}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if text, ok := textIn(fields[key]); ok && key == "NeutronError" {
			return answer{message: tidy(text), own: true}
		}
		var s said
		if json.Unmarshal(fields[key], &s) == nil && s.Message != "" {
			return answer{message: tidy(s.Message), kind: s.Type, own: key != "error"}
		}
	}
	return answer{}
}

func textIn(raw json.RawMessage) (string, bool) {
	var text string
	ok := len(raw) > 0 && json.Unmarshal(raw, &text) == nil
	return text, ok
}

// plain is a body that is not JSON, if it is short and no page.
func plain(body string) string {
	body = strings.TrimSpace(body)
	if strings.HasPrefix(body, "<") {
		return ""
	}
	return tidy(body)
}

// tidy puts a message into one line of bounded length.
func tidy(text string) string {
	text = withoutIDs(strings.Join(strings.Fields(text), " "))
	if len(text) > mostOfMessage {
		text = strings.ToValidUTF8(text[:mostOfMessage], "") + "..."
	}
	return text
}

var (
	// requestID is an ID of a request, with the words around it that mean nothing without it.
	requestID = regexp.MustCompile(`(?i)\s*[\[(]?((request[ _-]?ids?|HTTP request id)['"]?:?\s*)?\[?['"]?req-[0-9a-zA-Z-]+['"]?\]?[\])]?`)
	// localPort is our end of a connection, which differs each time.
	localPort = regexp.MustCompile(`\b((?:read|write) \w+ )\S+->`)
)

func withoutIDs(text string) string {
	return strings.TrimSpace(localPort.ReplaceAllString(requestID.ReplaceAllString(text, ""), "$1"))
}
