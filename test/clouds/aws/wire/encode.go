// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"
)

// Items is a list in EC2's dialect: <name><item>…</item></name>. It is written also if it is empty, which
// is what EC2 does with most; give the field ",omitempty" for the others.
type Items[T any] []T

// MarshalXML implements xml.Marshaler.
func (l Items[T]) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	return encodeList(e, start, "item", l)
}

// Members is a list in the query protocol: <name><member>…</member></name>. It is written also if empty;
// give the field ",omitempty" if it should not be.
type Members[T any] []T

// MarshalXML implements xml.Marshaler.
func (l Members[T]) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	return encodeList(e, start, "member", l)
}

func encodeList[T any](e *xml.Encoder, start xml.StartElement, name string, list []T) error {
	if err := e.EncodeToken(start); err != nil {
		return err
	}
	element := xml.StartElement{Name: xml.Name{Local: name}}
	for _, v := range list {
		if err := e.EncodeElement(v, element); err != nil {
			return err
		}
	}
	return e.EncodeToken(start.End())
}

// EncodeAnswer returns the body of a successful answer.
func EncodeAnswer(p Protocol, action, requestID string, answer any) ([]byte, error) {
	if answer == nil {
		answer = struct{}{}
	}
	outer := action + "Response"
	if p.EC2 {
		body, err := encodeElement(outer, p.Namespace, answer)
		if err != nil {
			return nil, err
		}
		// The ID goes where EC2 has it, before the answer's own elements; the first bracket ends the root's
		// start tag.
		i := bytes.IndexByte(body, '>') + 1
		return fmt.Appendf([]byte(xml.Header), "%s<requestId>%s</requestId>%s", body[:i], requestID, body[i:]), nil
	}
	body, err := encodeElement(action+"Result", "", answer)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, `<%s xmlns="%s">%s<ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata></%s>`,
		outer, p.Namespace, body, requestID, outer), nil
}

func encodeElement(name, namespace string, v any) ([]byte, error) {
	var b bytes.Buffer
	e := xml.NewEncoder(&b)
	start := xml.StartElement{Name: xml.Name{Local: name}}
	if namespace != "" {
		start.Attr = []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: namespace}}
	}
	if err := e.EncodeElement(v, start); err != nil {
		return nil, fmt.Errorf("encoding %s: %w", name, err)
	}
	if err := e.Close(); err != nil {
		return nil, fmt.Errorf("encoding %s: %w", name, err)
	}
	return b.Bytes(), nil
}

// EncodeError returns the body of an error.
func EncodeError(p Protocol, requestID string, e *Error) []byte {
	code, message := escape(e.Code), escape(e.Message)
	if p.EC2 {
		return fmt.Appendf([]byte(xml.Header), `<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>%s</RequestID></Response>`,
			code, message, requestID)
	}
	kind := "Sender"
	if e.HTTPStatus() >= 500 {
		kind = "Receiver"
	}
	return fmt.Appendf(nil, `<ErrorResponse xmlns="%s"><Error><Type>%s</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>%s</RequestId></ErrorResponse>`,
		p.Namespace, kind, code, message, requestID)
}

func escape(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a buffer takes everything
	return b.String()
}

// Send writes the answer of a call, or its error.
func Send(w http.ResponseWriter, r *Request, answer any, err error) {
	status := http.StatusOK
	var body []byte
	if err == nil {
		body, err = EncodeAnswer(r.Protocol, r.Action, r.RequestID, answer)
	}
	if err != nil {
		e := AsError(r.Protocol, err)
		status = e.HTTPStatus()
		body = EncodeError(r.Protocol, r.RequestID, e)
	}
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	w.Header().Set("x-amzn-RequestId", r.RequestID)
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has gone misses nothing
}

// maxBody is what a request's body may have. A thousand targets with their parameters are under 100 KiB.
const maxBody = 8 << 20

// Parse reads a call. Its Protocol is left to the caller, who knows which services there are.
func Parse(w http.ResponseWriter, r *http.Request) (*Request, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		return nil, Errorf("MalformedQueryString", "The query string contains a syntax error: %v", err)
	}
	return &Request{
		Action: r.Form.Get("Action"), Version: r.Form.Get("Version"), Form: r.Form,
		Header: r.Header, RequestID: NewRequestID(),
	}, nil
}

// Handler serves one service without signatures, faults or a log: for the tests of a service alone.
func Handler(p Protocol, operations map[string]Operation) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		r, err := Parse(w, hr)
		if err != nil {
			r = &Request{RequestID: NewRequestID(), Protocol: p}
			Send(w, r, nil, err)
			return
		}
		r.Protocol = p
		answer, err := Call(hr.Context(), operations, r)
		Send(w, r, answer, err)
	})
}
