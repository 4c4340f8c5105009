// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package keystone

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
)

// request is the body of POST /v3/auth/tokens.
type request struct {
	Identity struct {
		Methods  []string `json:"methods"`
		Password *struct {
			User userRef `json:"user"`
		} `json:"password"`
		Token *struct {
			ID string `json:"id"`
		} `json:"token"`
		ApplicationCredential *struct {
			ID     string   `json:"id"`
			Name   string   `json:"name"`
			Secret string   `json:"secret"`
			User   *userRef `json:"user"`
		} `json:"application_credential"`
	} `json:"identity"`
	Scope *scope `json:"scope"`
}

type userRef struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Password string `json:"password"`
	Domain   *ref   `json:"domain"`
}

type ref struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Domain *ref   `json:"domain"`
}

type scope struct {
	Project *ref `json:"project"`
	Domain  *ref `json:"domain"`
	Trust   *ref `json:"OS-TRUST:trust"`
}

func unauthorized() error {
	return rest.Errorf(http.StatusUnauthorized, "Unauthorized", "The request you have made requires authentication.")
}

func (d *ref) isDefault() bool {
	return d != nil && (d.ID == DefaultDomain || d.Name == "Default")
}

// Check returns a good token, or nil.
func (s *Service) Check(id string) *Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.check(id)
}

func (s *Service) check(id string) *Token {
	t := s.tokens[id]
	if t == nil || !s.opts.Clock.Now().Before(t.Expires) {
		return nil
	}
	return t
}

// Allows says whether the token's access rules, if it has any, allow a request to a service.
func (t *Token) Allows(service, method, path string) bool {
	if len(t.Rules) == 0 {
		return true
	}
	for _, rule := range t.Rules {
		if rule.Service == service && rule.Method == method && pathFits(rule.Path, path) {
			return true
		}
	}
	return false
}

func pathFits(pattern, path string) bool {
	want, have := strings.Split(strings.Trim(pattern, "/"), "/"), strings.Split(strings.Trim(path, "/"), "/")
	for i, w := range want {
		switch {
		case w == "**":
			return true
		case i >= len(have) || w != "*" && w != have[i]:
			return false
		}
	}
	return len(want) == len(have)
}

// issue makes the token that a request asks for.
func (s *Service) issue(in request) (*Token, error) {
	now := s.opts.Clock.Now().UTC()
	t := &Token{ID: "gAAAAA" + s.opts.IDs.NewHex(), Methods: in.Identity.Methods, Issued: now, Expires: now.Add(s.lifetime)}
	user, err := s.authenticate(in, t)
	if err != nil {
		return nil, err
	}
	t.UserID, t.Admin = user.ID, user.Admin
	if err := s.setScope(t, user, in.Scope); err != nil {
		return nil, err
	}
	s.tokens[t.ID] = t
	return t, nil
}

// authenticate finds who asks, by one method.
func (s *Service) authenticate(in request, t *Token) (*User, error) {
	if len(in.Identity.Methods) != 1 {
		return nil, rest.Errorf(http.StatusBadRequest, "Bad Request", "exactly one authentication method is supported here")
	}
	switch id := in.Identity; {
	case id.Methods[0] == "password" && id.Password != nil:
		if u := s.user(id.Password.User); u != nil && u.Password == id.Password.User.Password {
			return u, nil
		}
	case id.Methods[0] == "token" && id.Token != nil:
		old := s.check(id.Token.ID)
		if old == nil {
			return nil, rest.Errorf(http.StatusNotFound, "Not Found", "Could not recognize Fernet token")
		}
		t.Expires, t.Rules = old.Expires, old.Rules // a token does not live longer by being exchanged
		if u := s.users.Get(old.UserID); u != nil {
			return u, nil
		}
	case id.Methods[0] == "application_credential" && id.ApplicationCredential != nil && in.Scope != nil:
		return nil, rest.Errorf(http.StatusUnauthorized, "Unauthorized", "Error authenticating with application credential: Application credentials cannot request a scope.")
	case id.Methods[0] == "application_credential" && id.ApplicationCredential != nil:
		return s.byCredential(in, t)
	}
	return nil, unauthorized()
}

func (s *Service) user(want userRef) *User {
	for _, u := range s.users.All() {
		if want.ID != "" && u.ID == want.ID || want.ID == "" && u.Name == want.Name && want.Domain.isDefault() {
			return u
		}
	}
	return nil
}

func (s *Service) byCredential(in request, t *Token) (*User, error) {
	want, known := in.Identity.ApplicationCredential, false
	for _, c := range s.creds.All() {
		named := want.ID == "" && c.Name == want.Name && want.User != nil && s.user(*want.User) == s.users.Get(c.UserID)
		known = known || c.ID == want.ID || named
		if c.ID != want.ID && !named || c.Secret != want.Secret {
			continue
		}
		if !c.ExpiresAt.IsZero() && !t.Issued.Before(c.ExpiresAt) {
			continue
		}
		if u := s.users.Get(c.UserID); u != nil {
			t.ProjectID, t.Rules, t.Credential = c.ProjectID, c.AccessRules, c.ID
			if !c.ExpiresAt.IsZero() && c.ExpiresAt.Before(t.Expires) {
				t.Expires = c.ExpiresAt
			}
			return u, nil
		}
	}
	if !known && want.ID != "" {
		return nil, rest.Errorf(http.StatusNotFound, "Not Found", "Could not find Application Credential: %s.", want.ID)
	}
	return nil, unauthorized()
}

// setScope gives the token what the request says, or the user's own project.
func (s *Service) setScope(t *Token, user *User, want *scope) error {
	switch {
	case t.ProjectID != "":
		return nil
	case want == nil:
		t.ProjectID = user.DefaultProjectID
		return nil
	case want.Project != nil:
		p := s.project(want.Project)
		if p == nil || !user.Admin && !slices.Contains(user.Projects, p.ID) {
			return unauthorized()
		}
		t.ProjectID = p.ID
	case want.Domain != nil:
		if !want.Domain.isDefault() {
			return unauthorized()
		}
		t.DomainID = DefaultDomain
	case want.Trust != nil:
		trust := s.trusts.Get(want.Trust.ID)
		if trust == nil || trust.TrusteeUserID != user.ID {
			return rest.Errorf(http.StatusForbidden, "Forbidden", "You are not authorized to perform the requested action.")
		}
		t.UserID, t.ProjectID = trust.TrustorUserID, trust.ProjectID
	}
	return nil
}

func (s *Service) project(want *ref) *Project {
	for _, p := range s.projects.All() {
		if want.ID != "" && p.ID == want.ID || want.ID == "" && p.Name == want.Name && want.Domain.isDefault() {
			return p
		}
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }
