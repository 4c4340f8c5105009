// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

// sts gives out sessions. Who may assume which role is not simulated: everybody may, each role.
type sts struct {
	clock     *Clock
	account   string
	partition string

	mu       sync.Mutex
	sessions map[string]session // by access key
}

// session is a set of credentials that expires.
type session struct {
	token, secret string
	expires       time.Time
	role          role
	name          string
}

// role is what an ARN says of one: arn:aws:iam::123456789012:role/path/name.
type role struct{ partition, account, name string }

// id is what AWS calls the unique ID of a role, as far as it can be known from the name.
func (r role) id() string { return "AROA" + code(r.account+r.name) }

func newSTS(clock *Clock, o Options) *sts {
	return &sts{clock: clock, account: o.Account, partition: partition(o.Region), sessions: map[string]session{}}
}

func (s *sts) operations() map[string]wire.Operation {
	return map[string]wire.Operation{
		"AssumeRole":                s.assumeRole,
		"AssumeRoleWithWebIdentity": s.assumeRoleWithWebIdentity,
		"GetCallerIdentity":         s.callerIdentity,
	}
}

func (s *sts) session(key string) (session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.sessions[key]
	return found, ok
}

// random returns n random letters and digits as access keys have them.
func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return letters(b)
}

func letters(b []byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	out := make([]byte, len(b))
	for i := range b {
		out[i] = alphabet[b[i]%32]
	}
	return string(out)
}

// code turns a name into 17 letters, always the same.
func code(name string) string {
	var h uint64 = 14695981039346656037
	out := make([]byte, 17)
	for i := range out {
		for _, b := range []byte(name) {
			h = (h ^ uint64(b)) * 1099511628211
		}
		out[i] = byte(h >> 40)
	}
	return letters(out)
}

// open starts a session.
func (s *sts) open(r role, name string, d time.Duration) (key string, opened session) {
	opened = session{
		token: "FwoGZXIvYXdzE" + random(120), secret: random(40), expires: s.clock.Now().Add(d).UTC(), role: r, name: name,
	}
	key = "ASIA" + random(16)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[key] = opened
	return key, opened
}

type assumeRoleInput struct {
	RoleARN     string `query:"RoleArn,required"`
	SessionName string `query:"RoleSessionName,required"`
	Duration    *int   `query:"DurationSeconds"`
	Token       string `query:"WebIdentityToken"`
}

type credentials struct {
	AccessKey  string `xml:"AccessKeyId"`
	Secret     string `xml:"SecretAccessKey"`
	Token      string `xml:"SessionToken"`
	Expiration string `xml:"Expiration"`
}

type assumedUser struct {
	ID  string `xml:"AssumedRoleId"`
	ARN string `xml:"Arn"`
}

type assumeRoleOutput struct {
	Credentials credentials `xml:"Credentials"`
	User        assumedUser `xml:"AssumedRoleUser"`
	PackedSize  int         `xml:"PackedPolicySize"`
	Subject     string      `xml:"SubjectFromWebIdentityToken,omitempty"`
	Provider    string      `xml:"Provider,omitempty"`
	Audience    string      `xml:"Audience,omitempty"`
}

var (
	roleARN     = regexp.MustCompile(`^arn:(aws[a-z-]*):iam::(\d{12}):role/(?:.*/)?([\w+=,.@-]+)$`)
	sessionName = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
)

func (in *assumeRoleInput) role() (role, error) {
	m := roleARN.FindStringSubmatch(in.RoleARN)
	seconds := in.Duration
	switch {
	case m == nil:
		return role{}, wire.Errorf("ValidationError", "Request ARN is invalid")
	case !sessionName.MatchString(in.SessionName):
		return role{}, wire.Errorf("ValidationError", "1 validation error detected: Value '%s' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*", in.SessionName)
	case seconds != nil && (*seconds < 900 || *seconds > 43200):
		return role{}, wire.Errorf("ValidationError", "1 validation error detected: Value '%d' at 'durationSeconds' failed to satisfy constraint: Member must have value between 900 and 43200", *seconds)
	}
	return role{m[1], m[2], m[3]}, nil
}

func (in *assumeRoleInput) duration() time.Duration {
	if in.Duration == nil {
		return time.Hour
	}
	return time.Duration(*in.Duration) * time.Second
}

func (s *sts) assume(in *assumeRoleInput) (*assumeRoleOutput, error) {
	r, err := in.role()
	if err != nil {
		return nil, err
	}
	key, opened := s.open(r, in.SessionName, in.duration())
	return &assumeRoleOutput{
		Credentials: credentials{key, opened.secret, opened.token, opened.expires.Format(time.RFC3339)},
		User:        assumedUser{opened.userID(), opened.arn()},
		PackedSize:  6,
	}, nil
}

func (s session) arn() string {
	return fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s/%s", s.role.partition, s.role.account, s.role.name, s.name)
}

func (s session) userID() string { return s.role.id() + ":" + s.name }

func (s *sts) assumeRole(_ context.Context, r *wire.Request) (any, error) {
	var in assumeRoleInput
	if err := r.Decode(&in); err != nil {
		return nil, err
	}
	out, err := s.assume(&in)
	if err != nil {
		return nil, err
	}
	out.PackedSize = 0
	return out, nil
}

// assumeRoleWithWebIdentity takes any token that has the form of one, and says what is in it.
func (s *sts) assumeRoleWithWebIdentity(_ context.Context, r *wire.Request) (any, error) {
	var in assumeRoleInput
	if err := r.Decode(&in); err != nil {
		return nil, err
	}
	if in.Token == "" {
		return nil, wire.Errorf("ValidationError", "1 validation error detected: Value null at 'webIdentityToken' failed to satisfy constraint: Member must not be null")
	}
	var claims struct {
		Subject  string `json:"sub"`
		Issuer   string `json:"iss"`
		Audience any    `json:"aud"`
	}
	parts := strings.Split(in.Token, ".")
	if len(parts) != 3 {
		return nil, wire.Errorf("InvalidIdentityToken", "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(body, &claims) != nil {
		return nil, wire.Errorf("InvalidIdentityToken", "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	}
	out, err := s.assume(&in)
	if err != nil {
		return nil, err
	}
	out.Subject, out.Provider = claims.Subject, claims.Issuer
	switch audience := claims.Audience.(type) {
	case string:
		out.Audience = audience
	case []any:
		if len(audience) > 0 {
			out.Audience = fmt.Sprint(audience[0])
		}
	}
	return out, nil
}

type callerIdentityOutput struct {
	ARN     string `xml:"Arn"`
	UserID  string `xml:"UserId"`
	Account string `xml:"Account"`
}

func (s *sts) callerIdentity(_ context.Context, r *wire.Request) (any, error) {
	if found, ok := s.session(r.AccessKey); ok {
		return callerIdentityOutput{found.arn(), found.userID(), found.role.account}, nil
	}
	return callerIdentityOutput{
		ARN:    fmt.Sprintf("arn:%s:iam::%s:user/simulated", s.partition, s.account),
		UserID: "AIDA" + code(s.account), Account: s.account,
	}, nil
}
