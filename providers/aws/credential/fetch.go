// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package credential

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecrpublic"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
	"k8s.io/component-base/version"
	credentialprovider "k8s.io/kubelet/pkg/apis/credentialprovider/v1"
)

const (
	// roleAnnotation on a service account names the role for pulling its pods' images.
	roleAnnotation = "eks.amazonaws.com/ecr-role-arn"
	// roleVariable does so for service accounts without the annotation.
	roleVariable = "AWS_ECR_ROLE_ARN"

	programName = "ecr-credential-provider"
	timeout     = 30 * time.Second
)

// identity is who pulls: nobody in particular, or a service account with a role.
type identity struct {
	role  string
	token string
}

// GetIdentityToken implements stscreds.IdentityTokenRetriever.
func (i identity) GetIdentityToken() ([]byte, error) { return []byte(i.token), nil }

// identityOf finds the role of the service account whose token came with the request. Without a role the
// node's own credentials are used. An empty annotation is an answer: no role.
func identityOf(r *credentialprovider.CredentialProviderRequest) identity {
	if r.ServiceAccountToken == "" {
		return identity{}
	}
	role, annotated := r.ServiceAccountAnnotations[roleAnnotation]
	if !annotated {
		role = os.Getenv(roleVariable)
	}
	if role == "" {
		return identity{}
	}
	return identity{role: role, token: r.ServiceAccountToken}
}

// fetch asks the registry's region for a token.
func fetch(ctx context.Context, r registry, who identity) (token, error) {
	sdk, err := load(ctx, r)
	if err != nil {
		return token{}, err
	}
	if who.role != "" {
		if err := assume(ctx, &sdk, r, who); err != nil {
			return token{}, err
		}
	}
	if r.region != "" {
		sdk.Region = r.region
	}
	if r.public {
		return fetchPublic(ctx, sdk)
	}
	return fetchPrivate(ctx, sdk)
}

// load reads the SDK's environment and files. The instance's own region is the last resort for a host that
// does not say its region.
func load(ctx context.Context, r registry) (aws.Config, error) {
	options := []func(*awsconfig.LoadOptions) error{
		awsconfig.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(timeout)),
		awsconfig.WithAPIOptions([]func(*middleware.Stack) error{awsmiddleware.AddUserAgentKeyValue(programName, version.Get().String())}),
	}
	if r.region == "" {
		options = append(options, awsconfig.WithEC2IMDSRegion())
	}
	sdk, err := awsconfig.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return sdk, fmt.Errorf("the environment and configuration files of the AWS SDK: %w", err)
	}
	return sdk, nil
}

// assume replaces the credentials by those of the role. STS is asked in the image's region, for the public
// registry in the default one.
func assume(ctx context.Context, sdk *aws.Config, r registry, who identity) error {
	regional := sdk.Copy()
	if !r.public && r.region != "" {
		regional.Region = r.region
	}
	provider := stscreds.NewWebIdentityRoleProvider(sts.NewFromConfig(regional), who.role, who, func(o *stscreds.WebIdentityRoleOptions) {
		o.RoleSessionName = programName
	})
	credentials, err := provider.Retrieve(ctx)
	if err != nil {
		return fmt.Errorf("assume role %s with the service account's token: %w", who.role, err)
	}
	sdk.Credentials = aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return credentials, nil
	}))
	return nil
}

func fetchPrivate(ctx context.Context, sdk aws.Config) (token, error) {
	out, err := ecr.NewFromConfig(sdk).GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{})
	if err != nil {
		return token{}, fmt.Errorf("get a token of ECR in region %q: %w", sdk.Region, err)
	}
	if out == nil || len(out.AuthorizationData) == 0 || aws.ToString(out.AuthorizationData[0].AuthorizationToken) == "" {
		return token{}, errors.New("ECR answered without a token")
	}
	return token{*out.AuthorizationData[0].AuthorizationToken, out.AuthorizationData[0].ExpiresAt}, nil
}

func fetchPublic(ctx context.Context, sdk aws.Config) (token, error) {
	out, err := ecrpublic.NewFromConfig(sdk).GetAuthorizationToken(ctx, &ecrpublic.GetAuthorizationTokenInput{})
	if err != nil {
		return token{}, fmt.Errorf("get a token of the public ECR: %w", err)
	}
	if out == nil || out.AuthorizationData == nil || aws.ToString(out.AuthorizationData.AuthorizationToken) == "" {
		return token{}, errors.New("the public ECR answered without a token")
	}
	return token{*out.AuthorizationData.AuthorizationToken, out.AuthorizationData.ExpiresAt}, nil
}
