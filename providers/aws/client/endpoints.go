// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/auth"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"sigs.k8s.io/cloud-providers/providers/aws/config"
)

// fixed resolves every request to one endpoint. P is the service's own type of parameters.
type fixed[P any] struct{ endpoint smithyendpoints.Endpoint }

// ResolveEndpoint returns the endpoint.
func (f fixed[P]) ResolveEndpoint(context.Context, P) (smithyendpoints.Endpoint, error) {
	return f.endpoint, nil
}

// endpoint is an override in the SDK's words.
func endpoint(o *config.Override) smithyendpoints.Endpoint {
	var signer smithy.Properties
	smithyhttp.SetSigV4SigningRegion(&signer, o.SigningRegion)
	if o.SigningName != "" {
		smithyhttp.SetSigV4SigningName(&signer, o.SigningName)
	}
	e := smithyendpoints.Endpoint{URI: *o.URL}
	auth.SetAuthOptions(&e.Properties, []*auth.Option{{SchemeID: auth.SchemeIDSigV4, SignerProperties: signer}})
	return e
}
