// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package keystone is the identity service of the simulated OpenStack, version 3: tokens for passwords,
// application credentials and tokens, scopes, and a catalogue with several regions.
package keystone

import (
	"slices"
	"sync"
	"time"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
	"sigs.k8s.io/cloud-providers/test/clouds/sim"
)

// DefaultDomain is the domain that everything is in; its name is Default.
const DefaultDomain = "default"

// User may authenticate. Passwords are kept as they are: nothing here is secret.
type User struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	DomainID string `json:"domain_id"`
	Password string `json:"password"`
	// DefaultProjectID is the scope of those who ask for none.
	DefaultProjectID string `json:"default_project_id,omitempty"`
	// Projects are those that the user has a role in.
	Projects []string `json:"projects"`
	// Admin has the role admin, everywhere.
	Admin bool `json:"admin,omitempty"`
}

// Project owns things.
type Project struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	DomainID string `json:"domain_id"`
}

// ApplicationCredential stands for a user in one project.
type ApplicationCredential struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Secret    string `json:"secret"`
	UserID    string `json:"user_id"`
	ProjectID string `json:"project_id"`
	// ExpiresAt is when it ends; zero is never.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	// AccessRules are the only requests that are allowed, if there are any.
	AccessRules []AccessRule `json:"access_rules,omitempty"`
}

// AccessRule allows requests.
type AccessRule struct {
	// Service is a type such as network. Path may have * for one part and ** for any rest.
	Service string `json:"service"`
	Method  string `json:"method"`
	Path    string `json:"path"`
}

// Trust lets its trustee act for its trustor in a project.
type Trust struct {
	ID            string `json:"id"`
	TrustorUserID string `json:"trustor_user_id"`
	TrusteeUserID string `json:"trustee_user_id"`
	ProjectID     string `json:"project_id"`
}

// Token is what a client has got.
type Token struct {
	ID        string
	UserID    string
	ProjectID string
	DomainID  string
	Methods   []string
	Issued    time.Time
	Expires   time.Time
	Rules     []AccessRule
	Admin     bool
	// Credential is the application credential that it was got with.
	Credential string
}

// Entry is a service of the catalogue.
type Entry struct {
	// Name is the project's (nova), Type the service's (compute), Path that of its address.
	Name, Type, Path string
}

// Options of the service.
type Options struct {
	Clock *sim.Clock
	IDs   *rest.IDs
	// Region is what the server is; OtherRegions are in the catalogue, too, but nothing answers there.
	Region       string
	OtherRegions []string
	// Lifetime of tokens; zero is one hour.
	Lifetime time.Duration
}

// Service is the identity service.
type Service struct {
	opts Options

	mu        sync.Mutex
	catalogue []Entry
	lifetime  time.Duration
	tokens    map[string]*Token
	users     *rest.Store[User]
	projects  *rest.Store[Project]
	creds     *rest.Store[ApplicationCredential]
	trusts    *rest.Store[Trust]
}

// New returns a service without users.
func New(o Options) *Service {
	if o.Lifetime <= 0 {
		o.Lifetime = time.Hour
	}
	return &Service{
		opts: o, lifetime: o.Lifetime, tokens: map[string]*Token{},
		users:    rest.NewStore(func(u *User) string { return u.ID }),
		projects: rest.NewStore(func(p *Project) string { return p.ID }),
		creds:    rest.NewStore(func(c *ApplicationCredential) string { return c.ID }),
		trusts:   rest.NewStore(func(t *Trust) string { return t.ID }),
	}
}

// SetCatalogue says which services there are.
func (s *Service) SetCatalogue(entries []Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catalogue = slices.Clone(entries)
}

// SetLifetime changes how long tokens are good, for those to come.
func (s *Service) SetLifetime(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lifetime = d
}

// AddProject adds a project in the default domain.
func (s *Service) AddProject(name string) Project {
	p := Project{ID: s.opts.IDs.NewHex(), Name: name, DomainID: DefaultDomain}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.projects.Add(&p)
	return p
}

// AddUser adds a user in the default domain; its ID may be left out.
func (s *Service) AddUser(u User) User {
	if u.ID == "" {
		u.ID = s.opts.IDs.NewHex()
	}
	u.DomainID = DefaultDomain
	s.mu.Lock()
	defer s.mu.Unlock()
	stored := u
	s.users.Add(&stored)
	return u
}

// AddApplicationCredential adds one; its ID may be left out.
func (s *Service) AddApplicationCredential(c ApplicationCredential) ApplicationCredential {
	if c.ID == "" {
		c.ID = s.opts.IDs.NewHex()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	stored := c
	s.creds.Add(&stored)
	return c
}

// RemoveApplicationCredential removes one, and the tokens that it got.
func (s *Service) RemoveApplicationCredential(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.creds.Get(id); c != nil {
		for token, t := range s.tokens {
			if t.UserID == c.UserID && slices.Contains(t.Methods, "application_credential") {
				delete(s.tokens, token)
			}
		}
	}
	s.creds.Remove(id)
}

// AddTrust adds a trust.
func (s *Service) AddTrust(t Trust) Trust {
	t.ID = s.opts.IDs.NewHex()
	s.mu.Lock()
	defer s.mu.Unlock()
	stored := t
	s.trusts.Add(&stored)
	return t
}

// RevokeTokens makes all tokens useless.
func (s *Service) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// State is everything but tokens, which do not outlive a restart.
type State struct {
	Users                  []User                  `json:"users,omitempty"`
	Projects               []Project               `json:"projects,omitempty"`
	ApplicationCredentials []ApplicationCredential `json:"applicationCredentials,omitempty"`
	Trusts                 []Trust                 `json:"trusts,omitempty"`
}

// State returns everything.
func (s *Service) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return State{s.users.Copies(), s.projects.Copies(), s.creds.Copies(), s.trusts.Copies()}
}

// Load replaces everything. Tokens stay good.
func (s *Service) Load(state State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users.Load(state.Users)
	s.projects.Load(state.Projects)
	s.creds.Load(state.ApplicationCredentials)
	s.trusts.Load(state.Trusts)
}
