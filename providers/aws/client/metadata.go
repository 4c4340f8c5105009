// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/smithy-go/logging"

	"sigs.k8s.io/cloud-providers/common/cloudapi"
	"sigs.k8s.io/cloud-providers/providers/aws/config"
)

// The limits of the SDK's own metadata client: in a pod, with the instance's hop limit at 1, answers never
// arrive, and the start must not hang on it.
const (
	metadataDial    = 250 * time.Millisecond
	metadataHeader  = 500 * time.Millisecond
	metadataTimeout = 5 * time.Second
)

// metadataClient reads the instance metadata service (IMDSv2), without a proxy and unsigned.
func (c *Connection) metadataClient() *imds.Client {
	base := c.base.Clone()
	base.Proxy = nil // the address is link-local
	base.DialContext = (&net.Dialer{Timeout: metadataDial}).DialContext
	base.ResponseHeaderTimeout = metadataHeader
	sdk := c.sdk.Copy()
	sdk.Logger, sdk.ClientLogMode = logging.Nop{}, 0
	return imds.NewFromConfig(sdk, func(o *imds.Options) {
		o.HTTPClient = &http.Client{CheckRedirect: noRedirect, Transport: c.setup.Transport(base, cloudapi.Options{
			Provider:  ProviderName,
			Operation: metadataOperation,
			Mutates:   func(*http.Request) bool { return false }, // a token changes nothing
			Deadline:  metadataTimeout,
		})}
		o.Retryer = newRetryer(sdk.RetryMode)
		if e := c.config.Endpoint(config.IMDS, ""); e != nil {
			o.Endpoint = strings.TrimSuffix(e.URL.String(), "/")
		}
	})
}

func metadataOperation(r *http.Request) string {
	switch {
	case r.Method == http.MethodPut:
		return "imds.Token"
	case strings.Contains(r.URL.Path, "instance-identity"):
		return "imds.IdentityDocument"
	}
	return "imds.Metadata"
}

// Machine is what the metadata service says of the instance on which this process runs.
type Machine struct {
	InstanceID, Region, Zone, Type, Architecture, PrivateIP, AccountID, ImageID string
}

// Machine asks for the identity document.
func (c *Connection) Machine(ctx context.Context) (Machine, error) {
	ctx, cancel := context.WithTimeout(ctx, metadataTimeout)
	defer cancel()
	d, err := c.imds.GetInstanceIdentityDocument(ctx, &imds.GetInstanceIdentityDocumentInput{})
	if err != nil {
		return Machine{}, fmt.Errorf("the instance metadata service, which says on which instance the manager runs: %w", err)
	}
	return Machine{
		InstanceID: d.InstanceID, Region: d.Region, Zone: d.AvailabilityZone, Type: d.InstanceType,
		Architecture: d.Architecture, PrivateIP: d.PrivateIP, AccountID: d.AccountID, ImageID: d.ImageID,
	}, nil
}

// MetadataDisabled reports whether AWS_EC2_METADATA_DISABLED forbids to ask.
func MetadataDisabled() bool {
	return strings.EqualFold(os.Getenv("AWS_EC2_METADATA_DISABLED"), "true")
}
