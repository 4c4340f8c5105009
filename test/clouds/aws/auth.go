// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"slices"
	"strings"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

// parseScope reads the credential of a signature (version 4), if there is one:
//
//	AWS4-HMAC-SHA256 Credential=AKIA…/20260102/us-west-2/ec2/aws4_request, SignedHeaders=…, Signature=…
func parseScope(r *wire.Request) {
	credential := authorization(r)["Credential"]
	if parts := strings.Split(credential, "/"); len(parts) == 5 && parts[4] == "aws4_request" {
		r.AccessKey, r.Region, r.Service = parts[0], parts[2], parts[3]
	}
}

func authorization(r *wire.Request) map[string]string {
	fields, ok := strings.CutPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
	if !ok {
		return nil
	}
	out := map[string]string{}
	for field := range strings.SplitSeq(fields, ",") {
		if name, value, ok := strings.Cut(strings.TrimSpace(field), "="); ok {
			out[name] = value
		}
	}
	return out
}

// authenticate checks what a simulation can check without the secrets: that the call is signed, for this
// service and region, with a key that is known, and that has not expired.
func (s *Server) authenticate(r *wire.Request) error {
	if r.Protocol.Name == "sts" && r.Action == "AssumeRoleWithWebIdentity" {
		return nil // the web identity's token is the proof
	}
	fields := authorization(r)
	switch {
	case r.Header.Get("Authorization") == "":
		return wire.Errorf("MissingAuthenticationToken", "Request is missing Authentication Token")
	case r.AccessKey == "" || fields["SignedHeaders"] == "" || fields["Signature"] == "":
		return wire.Errorf("IncompleteSignature", "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter.")
	case r.Service != r.Protocol.Service:
		return signatureError(r, "Credential should be scoped to correct service: '"+r.Protocol.Service+"'.")
	case r.Region != s.opts.Region:
		return signatureError(r, "Credential should be scoped to a valid region.")
	}
	return s.checkKey(r)
}

func signatureError(r *wire.Request, message string) error {
	if r.Protocol.EC2 {
		return wire.Errorf("AuthFailure", "%s", message)
	}
	return wire.Errorf("SignatureDoesNotMatch", "%s", message)
}

func (s *Server) checkKey(r *wire.Request) error {
	session, known := s.sts.session(r.AccessKey)
	switch {
	case known && r.Header.Get("X-Amz-Security-Token") != session.token:
		return unknownKey(r)
	case known && !s.Clock.Now().Before(session.expires):
		if r.Protocol.EC2 {
			return wire.Errorf("RequestExpired", "Request has expired.")
		}
		return wire.Errorf("ExpiredToken", "The security token included in the request is expired")
	case known, len(s.opts.AccessKeys) == 0, slices.Contains(s.opts.AccessKeys, r.AccessKey):
		return nil
	}
	return unknownKey(r)
}

func unknownKey(r *wire.Request) error {
	if r.Protocol.EC2 {
		return wire.Errorf("AuthFailure", "AWS was not able to validate the provided access credentials")
	}
	return wire.Errorf("InvalidClientTokenId", "The security token included in the request is invalid.")
}
