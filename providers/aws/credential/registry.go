// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package credential

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// registry is where an image is.
type registry struct {
	host string
	// public is Amazon's public registry.
	public bool
	// region is empty where the host does not say it.
	region string
}

// publicRegion is the only region that gives out tokens for the public registry.
const publicRegion = "us-east-1"

// privateHost matches the hosts of private registries in all partitions.
var privateHost = regexp.MustCompile(`^[0-9]{12}\.dkr[.-]ecr(?:-fips)?\.([a-zA-Z0-9][a-zA-Z0-9_-]*)\.` +
	`(?:amazonaws\.com|amazonaws\.com\.cn|amazonaws\.eu|on\.aws|on\.amazonwebservices\.com\.cn|` +
	`sc2s\.sgov\.gov|c2s\.ic\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)$`)

// registryOf finds the registry in an image's name.
func registryOf(image string) (registry, error) {
	if image == "" {
		return registry{}, errors.New("the request names no image")
	}
	reference := image
	if !strings.Contains(reference, "://") {
		reference = "https://" + reference
	}
	// Parsed without path: there "@" and ":" have other meanings.
	scheme, rest, _ := strings.Cut(reference, "://")
	host, _, _ := strings.Cut(rest, "/")
	parsed, err := url.Parse(scheme + "://" + host)
	if err != nil || parsed.Hostname() == "" {
		return registry{}, fmt.Errorf("the image %q does not begin with the host of a registry", image)
	}
	r := registry{host: parsed.Hostname()}
	switch r.host {
	case "public.ecr.aws", "ecr-public.aws.com":
		r.public, r.region = true, publicRegion
	default:
		if m := privateHost.FindStringSubmatch(r.host); m != nil {
			r.region = m[1]
		}
	}
	return r, nil
}
