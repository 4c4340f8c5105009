// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// entry is one cloud in clouds.yaml and in the files beside it.
type entry struct {
	Profile      string            `yaml:"profile"`
	Cloud        string            `yaml:"cloud"`
	Auth         map[string]string `yaml:"auth"`
	Region       string            `yaml:"region_name"`
	Regions      []entryRegion     `yaml:"regions"`
	Interface    string            `yaml:"interface"`
	EndpointType string            `yaml:"endpoint_type"`
	Verify       *bool             `yaml:"verify"`
	CACert       string            `yaml:"cacert"`
	Cert         string            `yaml:"cert"`
	Key          string            `yaml:"key"`
}

// entryRegion is a region with what differs there, or only its name.
type entryRegion struct {
	Name   string `yaml:"name"`
	Values entry  `yaml:"values"`
}

// UnmarshalYAML takes either form.
func (r *entryRegion) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return n.Decode(&r.Name)
	}
	type plain entryRegion
	return n.Decode((*plain)(r))
}

type entries struct {
	Clouds map[string]entry `yaml:"clouds"`
	Public map[string]entry `yaml:"public-clouds"`
}

// over is an entry in which what is empty comes from another.
func (e entry) over(other entry) entry {
	auth := maps.Clone(other.Auth)
	if auth == nil {
		auth = map[string]string{}
	}
	for k, v := range e.Auth {
		if v != "" {
			auth[k] = v
		}
	}
	regions := e.Regions
	if len(regions) == 0 {
		regions = other.Regions
	}
	return entry{
		Profile: cmp.Or(e.Profile, other.Profile), Cloud: cmp.Or(e.Cloud, other.Cloud), Auth: auth,
		Region: cmp.Or(e.Region, other.Region), Regions: regions,
		Interface: cmp.Or(e.EndpointType, e.Interface, other.EndpointType, other.Interface), Verify: cmp.Or(e.Verify, other.Verify),
		CACert: cmp.Or(e.CACert, other.CACert), Cert: cmp.Or(e.Cert, other.Cert), Key: cmp.Or(e.Key, other.Key),
	}
}

// withClouds adds to a what clouds.yaml and the files beside it have. The name of the file is for messages.
func (a *Auth) withClouds() (path string, err error) {
	path, clouds, err := findClouds(cmp.Or(a.CloudsFile, os.Getenv("OS_CLIENT_CONFIG_FILE")))
	if err != nil {
		return path, err
	}
	name := cmp.Or(a.Cloud, os.Getenv("OS_CLOUD"), only(clouds.Clouds))
	e, err := pick(clouds.Clouds, name)
	if err != nil {
		return path, err
	}
	if profile := cmp.Or(e.Profile, e.Cloud); profile != "" {
		_, public, err := readFirst(places("clouds-public.yaml"))
		if err != nil {
			return path, err
		}
		e = e.over(public.Public[profile])
	}
	_, secure, err := readFirst(places("secure.yaml"))
	if err != nil {
		return path, err
	}
	e = secure.Clouds[name].over(e)
	region := cmp.Or(a.Region, e.Region)
	for _, r := range e.Regions {
		if r.Name == region && region != "" {
			e = r.Values.over(e)
		}
	}
	a.take(e)
	return path, nil
}

// findClouds reads clouds.yaml at its place, if there is a file, or where it is usual.
func findClouds(place string) (string, entries, error) {
	candidates := append(places("clouds.yaml"), places("clouds.yml")...)
	if place != "" {
		candidates = append([]string{place}, candidates...)
	}
	path, found, err := readFirst(candidates)
	if err == nil && path == "" {
		err = fmt.Errorf("there is no clouds.yaml; looked for %s", strings.Join(candidates, ", "))
	}
	return path, found, err
}

// places are where a file may be, in this order.
func places(name string) []string {
	all := []string{name}
	if home, err := os.UserHomeDir(); err == nil {
		all = append(all, filepath.Join(home, ".config", "openstack", name))
	}
	return append(all, filepath.Join("/etc/openstack", name))
}

// readFirst reads the first file that there is. That there is none is no error.
func readFirst(candidates []string) (string, entries, error) {
	for _, path := range candidates {
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return path, entries{}, err
		}
		var all entries
		if err := yaml.NewDecoder(bytes.NewReader(data)).Decode(&all); err != nil && !errors.Is(err, io.EOF) {
			return path, entries{}, fmt.Errorf("%s: not valid: %w", path, err)
		}
		return path, all, nil
	}
	return "", entries{}, nil
}

// only is the name of the only entry, or empty.
func only(all map[string]entry) string {
	for name := range all {
		if len(all) == 1 {
			return name
		}
	}
	return ""
}

// pick is the entry of that name.
func pick(all map[string]entry, name string) (entry, error) {
	e, ok := all[name]
	names := strings.Join(slices.Sorted(maps.Keys(all)), ", ")
	switch {
	case ok:
		return e, nil
	case name == "":
		return entry{}, fmt.Errorf("it has %d clouds (%s), and neither the key cloud nor OS_CLOUD says which", len(all), names)
	}
	return entry{}, fmt.Errorf("it has no cloud %q, but %s", name, cmp.Or(names, "none at all"))
}

// take fills what is empty. Of what excludes each other nothing is taken if one is there.
func (a *Auth) take(e entry) {
	type field struct {
		into *string
		from string
	}
	auth := func(into *string, key string) field { return field{into, e.Auth[key]} }
	groups := [][]field{
		{auth(&a.AuthURL, "auth_url")},
		{auth(&a.TenantID, "project_id"), auth(&a.TenantName, "project_name")},
		{auth(&a.TenantDomainID, "project_domain_id"), auth(&a.TenantDomainName, "project_domain_name")},
		{auth(&a.DomainID, "domain_id"), auth(&a.DomainName, "domain_name")},
		{{&a.Region, e.Region}}, {{&a.Endpoint, cmp.Or(e.EndpointType, e.Interface)}}, {{&a.CAFile, e.CACert}}, {{&a.CertFile, e.Cert}, {&a.KeyFile, e.Key}},
	}
	if own := a.Method(); own == "" {
		groups = append(groups, []field{auth(&a.Token, "token")}, []field{auth(&a.Password, "password")})
	} else if own == Trust || own == Password {
		groups = append(groups, []field{auth(&a.Password, "password")})
	}
	if own := a.Method(); own == "" || own == ApplicationCredential {
		groups = append(groups, []field{auth(&a.ApplicationCredentialID, "application_credential_id"), auth(&a.ApplicationCredentialName, "application_credential_name")},
			[]field{auth(&a.ApplicationCredentialSecret, "application_credential_secret")})
	}
	if a.UserID == "" && a.Username == "" { // the domain belongs to its user
		groups = append(groups, []field{auth(&a.UserDomainID, "user_domain_id"), auth(&a.UserDomainName, "user_domain_name")})
	}
	groups = append(groups, []field{auth(&a.UserID, "user_id"), auth(&a.Username, "username")})
	for _, group := range groups {
		if slices.ContainsFunc(group, func(f field) bool { return *f.into != "" }) {
			continue
		}
		for _, f := range group {
			*f.into = f.from
		}
	}
	if e.Verify != nil && !a.insecureGiven {
		a.Insecure = !*e.Verify
	}
	for _, path := range []*string{&a.CAFile, &a.CertFile, &a.KeyFile} {
		if rest, ok := strings.CutPrefix(*path, "~/"); ok {
			if home, err := os.UserHomeDir(); err == nil {
				*path = filepath.Join(home, rest)
			}
		}
	}
}
