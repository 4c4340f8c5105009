// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"context"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
)

type listener struct {
	Port     int32    `query:"Port"`
	Policies []string `query:"PolicyNames"`
}

type common struct {
	MaxResults *int `query:"MaxResults"`
}

type input struct {
	Name      string     `query:"Name,required"`
	IDs       []string   `query:"Id"`
	Listeners []listener `query:"Listeners"`
	Check     *struct {
		Value bool `query:"Value"`
	} `query:"Check"`
	At    *time.Time `query:"At"`
	Other string
	common
}

func TestDecode(t *testing.T) {
	ten := 10
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	cases := []struct {
		name, form string
		want       input
	}{
		{"lists of EC2 are numbered", "Name=n&Id.1=a&Id.2=b", input{Name: "n", IDs: []string{"a", "b"}}},
		{"in the order of their numbers, gaps or not", "Name=n&Id.10=c&Id.2=b&Id.1=a", input{Name: "n", IDs: []string{"a", "b", "c"}}},
		{"lists of the query protocol have members", "Name=n&Listeners.member.1.Port=80&Listeners.member.1.PolicyNames.member.1=p",
			input{Name: "n", Listeners: []listener{{80, []string{"p"}}}}},
		{"a list sent as nothing is empty", "Name=n&Id=", input{Name: "n", IDs: []string{}}},
		{"so is one within a member", "Name=n&Listeners.member.1.PolicyNames=", input{Name: "n", Listeners: []listener{{0, []string{}}}}},
		{"a name sent as nothing was sent", "Name=", input{}},
		{"structs, times and embedded structs", "Name=n&Check.Value=true&At=2026-01-02T03:04:05Z&MaxResults=10",
			input{Name: "n", Check: &struct {
				Value bool `query:"Value"`
			}{true}, At: &at, common: common{&ten}}},
		{"what is not known is ignored", "Name=n&Foo.1.Bar=x&Other=y", input{Name: "n"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			form, err := url.ParseQuery(c.form)
			if err != nil {
				t.Fatal(err)
			}
			var got input
			if err := Decode(form, &got); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestDecodeErrorsAreTheProtocols(t *testing.T) {
	cases := []struct {
		p          Protocol
		form, want string
	}{
		{EC2, "", "MissingParameter: The request must contain the parameter Name"},
		{ELB, "", "ValidationError: 1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null"},
		{EC2, "Name=n&MaxResults=ten", "InvalidParameterValue: Invalid value 'ten' for MaxResults"},
		{ELBv2, "Name=n&Listeners.member.1.Port=99999999999", "MalformedInput: Value '99999999999' at 'listeners.1.port' is not of type Integer"},
	}
	for _, c := range cases {
		form, err := url.ParseQuery(c.form)
		if err != nil {
			t.Fatal(err)
		}
		r := &Request{Form: form, Protocol: c.p}
		if err := r.Decode(new(input)); err == nil || err.Error() != c.want {
			t.Errorf("%s %q: got %v, want %s", c.p.Name, c.form, err, c.want)
		}
	}
}

type output struct {
	Names Members[string] `xml:"Names"`
	Empty Members[string] `xml:"Empty"`
	None  Members[string] `xml:"None,omitempty"`
}

type ec2Output struct {
	Set Items[struct {
		Key string `xml:"key"`
	}] `xml:"tagSet"`
}

func TestAnswers(t *testing.T) {
	cases := []struct {
		name   string
		p      Protocol
		answer any
		want   string
	}{
		{"lists of the query protocol are written also if empty", ELB, output{Names: Members[string]{"a", "<b>"}},
			`<DoResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2012-06-01/"><DoResult><Names><member>a</member><member>&lt;b&gt;</member></Names><Empty></Empty></DoResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></DoResponse>`},
		{"no answer is an empty result", ELBv2, nil,
			`<DoResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"><DoResult></DoResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></DoResponse>`},
		{"EC2 has no result, and the ID first", EC2, ec2Output{},
			"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + `<DoResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>id</requestId><tagSet></tagSet></DoResponse>`},
	}
	for _, c := range cases {
		got, err := EncodeAnswer(c.p, "Do", "id", c.answer)
		if err != nil || string(got) != c.want {
			t.Errorf("%s:\ngot  %s (%v)\nwant %s", c.name, got, err, c.want)
		}
	}
}

func TestErrors(t *testing.T) {
	ops := map[string]Operation{"Fail": func(context.Context, *Request) (any, error) { return nil, Errorf("AccessDenied", "not <you>") }}
	cases := []struct {
		p            Protocol
		action, want string
		status       int
	}{
		{ELB, "Fail", `<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not &lt;you&gt;</Message></Error>`, 403},
		{EC2, "Fail", `<Response><Errors><Error><Code>AccessDenied</Code><Message>not &lt;you&gt;</Message></Error></Errors><RequestID>`, 403},
		{EC2, "Fly", `<Code>InvalidAction</Code><Message>The action Fly is not valid for this web service.</Message>`, 400},
		{ELB, "Fly", `<Code>InvalidAction</Code><Message>Could not find operation Fly for version 2012-06-01</Message>`, 400},
	}
	for _, c := range cases {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("POST", "/", strings.NewReader("Action="+c.action+"&Version="+c.p.Version))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		Handler(c.p, ops).ServeHTTP(w, r)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s %s: %d %s, want %d %s", c.p.Name, c.action, w.Code, w.Body, c.status, c.want)
		}
	}
}
