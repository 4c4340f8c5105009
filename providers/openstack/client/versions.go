// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions"
)

// Extensions are the aliases of Neutron's extensions.
type Extensions map[string]bool

// Version is one of Octavia's, such as 2.26.
type Version struct{ Major, Minor int }

// Has reports whether the version is 2.minor or newer.
func (v Version) Has(minor int) bool { return v.Major > 2 || v.Major == 2 && v.Minor >= minor }

func (v Version) String() string { return fmt.Sprintf("v%d.%d", v.Major, v.Minor) }

func (v Version) less(o Version) bool {
	return v.Major < o.Major || v.Major == o.Major && v.Minor < o.Minor
}

const (
	// newestNova is the newest microversion of Nova that is understood here: from 2.90 on users see the
	// host name of a server.
	newestNova = 90
	// oldestNova is where newer answers begin to be of use: from 2.47 on servers name their flavor.
	oldestNova = 47
)

// chooseNova sets the microversion, and the version in addresses where the catalogue has that of Nova's list of
// versions. That Nova does not say which ones it has is not that it is old.
func chooseNova(ctx context.Context, s *gophercloud.ServiceClient) error {
	url := throughVersion(s.Endpoint)
	all, list, err := versions(doing(ctx, nova, "compute_version_get"), s, url)
	switch {
	case err != nil:
		return asConnect(Explain("read the version of Nova", err))
	case len(all) == 0:
		return asConnect(errors.New("read the version of Nova: an answer without versions"))
	case list && withoutVersion(url) == url:
		s.ResourceBase = url + "v2.1/"
	}
	best := Version{}
	for _, d := range all {
		if v, ok := parseVersion(d.newest()); ok && v.Major == 2 && best.less(v) {
			best = v
		}
	}
	s.Microversion = "2.1" // which those before microversions have, too
	if best.Minor >= oldestNova {
		s.Microversion = fmt.Sprintf("2.%d", min(best.Minor, newestNova))
	}
	return nil
}

// Extensions asks Neutron once.
func (r *Region) Extensions(ctx context.Context) (Extensions, error) {
	v, err := r.now(ctx)
	if err != nil {
		return nil, err
	}
	return v.extensions.get(ctx, func(ctx context.Context) (Extensions, error) {
		s, err := v.service(ctx, typeNetwork)
		if err != nil {
			return nil, err
		}
		pages, err := extensions.List(s).AllPages(ctx)
		if err != nil {
			return nil, asConnect(Explain("list the extensions of Neutron", err))
		}
		all, err := extensions.ExtractExtensions(pages)
		if err != nil {
			return nil, fmt.Errorf("list the extensions of Neutron: %w", err)
		}
		found := Extensions{}
		for _, e := range all {
			found[e.Alias] = true
		}
		return found, nil
	})
}

// OctaviaVersion asks Octavia once for the newest version that it has. Unknown is not absent: an error is
// not an old version.
func (r *Region) OctaviaVersion(ctx context.Context) (Version, error) {
	v, err := r.now(ctx)
	if err != nil {
		return Version{}, err
	}
	return v.octavia.get(ctx, func(ctx context.Context) (Version, error) {
		s, err := v.service(ctx, typeLoadBalancer)
		if err != nil {
			return Version{}, err
		}
		all, _, err := versions(doing(ctx, octavia, "version_list"), s, withoutVersion(s.Endpoint))
		if err != nil {
			return Version{}, asConnect(Explain("list the versions of Octavia", err))
		}
		var newest Version
		for _, d := range all {
			if v, ok := parseVersion(d.ID); ok && newest.less(v) {
				newest = v
			}
		}
		if newest.Major < 2 {
			return Version{}, fmt.Errorf("list the versions of Octavia: none of %d that it names is 2.0 or newer", len(all))
		}
		return newest, nil
	})
}

// document is a version of a service, as services describe it.
type document struct {
	ID         string `json:"id"` // v2.1
	Version    string `json:"version"`
	MaxVersion string `json:"max_version"`
}

// newest is the newest microversion, if there are any.
func (d document) newest() string {
	if d.Version != "" {
		return d.Version
	}
	return d.MaxVersion
}

// versions reads a document of versions, in any of the shapes that services give it. It tells a list from the
// description of one version.
func versions(ctx context.Context, s *gophercloud.ServiceClient, url string) (all []document, list bool, err error) {
	var answer struct {
		Version  *document       `json:"version"`
		Versions json.RawMessage `json:"versions"`
	}
	_, err = s.Get(ctx, url, &answer, &gophercloud.RequestOpts{OkCodes: []int{http.StatusOK, http.StatusMultipleChoices}}) //nolint:bodyclose // gophercloud closes what it has decoded
	if err != nil {
		return nil, false, err
	}
	if answer.Version != nil {
		return []document{*answer.Version}, false, nil
	}
	if json.Unmarshal(answer.Versions, &all) == nil {
		return all, true, nil
	}
	var values struct {
		Values []document `json:"values"`
	}
	if err := json.Unmarshal(answer.Versions, &values); err != nil {
		return nil, false, fmt.Errorf("%s has no list of versions", url)
	}
	return values.Values, true, nil
}

// parseVersion reads "v2.26" or "2.93".
func parseVersion(text string) (Version, bool) {
	major, minor, _ := strings.Cut(strings.TrimPrefix(text, "v"), ".")
	var v Version
	var err error
	if v.Major, err = strconv.Atoi(major); err != nil {
		return Version{}, false
	}
	if minor == "" {
		return v, true
	}
	v.Minor, err = strconv.Atoi(minor)
	return v, err == nil
}

// toVersion is an address up to its last version; a project may follow.
var toVersion = regexp.MustCompile(`^(.*/v[0-9]+(?:\.[0-9]+)?/)(?:[^/]+/)?$`)

// throughVersion drops what follows the version in an address.
func throughVersion(endpoint string) string {
	if m := toVersion.FindStringSubmatch(endpoint); m != nil {
		return m[1]
	}
	return endpoint
}
