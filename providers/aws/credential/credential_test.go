// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package credential

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	credentialprovider "k8s.io/kubelet/pkg/apis/credentialprovider/v1"
)

func TestRegistries(t *testing.T) {
	for image, want := range map[string]registry{
		"123456789012.dkr.ecr.us-west-2.amazonaws.com/a/b:1":         {host: "123456789012.dkr.ecr.us-west-2.amazonaws.com", region: "us-west-2"},
		"123456789012.dkr-ecr-fips.us-gov-east-1.on.aws/a@sha256:0":  {host: "123456789012.dkr-ecr-fips.us-gov-east-1.on.aws", region: "us-gov-east-1"},
		"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/a":         {host: "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", region: "cn-north-1"},
		"123456789012.dkr.ecr-fips.us-east-1.amazonaws.com/a":        {host: "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com", region: "us-east-1"},
		"123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu/a":         {host: "123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu", region: "eusc-de-east-1"},
		"123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov/a":            {host: "123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov", region: "us-iso-east-1"},
		"https://123456789012.dkr.ecr.us-west-2.amazonaws.com:443/a": {host: "123456789012.dkr.ecr.us-west-2.amazonaws.com", region: "us-west-2"},
		"public.ecr.aws/a/b":   {host: "public.ecr.aws", public: true, region: "us-east-1"},
		"ecr-public.aws.com/a": {host: "ecr-public.aws.com", public: true, region: "us-east-1"},
		"123456789012.dkr.ecr.eu-west-1.amazonaws.com/public.ecr.aws/a": {host: "123456789012.dkr.ecr.eu-west-1.amazonaws.com", region: "eu-west-1"},
		"registry.example.com/a":                                          {host: "registry.example.com"},
		"1234.dkr.ecr.us-west-2.amazonaws.com/a":                          {host: "1234.dkr.ecr.us-west-2.amazonaws.com"},
		"123456789012.dkr.ecr.us-west-2.amazonaws.com.evil.example/a":     {host: "123456789012.dkr.ecr.us-west-2.amazonaws.com.evil.example"},
		"user:pw@123456789012.dkr.ecr.us-west-2.amazonaws.com/a":          {host: "123456789012.dkr.ecr.us-west-2.amazonaws.com", region: "us-west-2"},
		"123456789012.dkr.ecr.us-west-2.on.amazonwebservices.com.cn/repo": {host: "123456789012.dkr.ecr.us-west-2.on.amazonwebservices.com.cn", region: "us-west-2"},
	} {
		if got, err := registryOf(image); err != nil || got != want {
			t.Errorf("%s: %+v, %v", image, got, err)
		}
	}
	for _, image := range []string{"", "/a", "a b/c", "https:///a"} {
		if got, err := registryOf(image); err == nil {
			t.Errorf("%q: %+v, want an error", image, got)
		}
	}
}

func TestResponse(t *testing.T) {
	now := time.Unix(1000, 0)
	at := func(d time.Duration) *time.Time { t := now.Add(d); return &t }
	good := base64.StdEncoding.EncodeToString([]byte("AWS:pass:word"))
	for _, test := range []struct {
		name    string
		expires *time.Time
		want    string
	}{
		{"half of the life", at(12 * time.Hour), "6h0m0s"},
		{"in whole seconds", at(3 * time.Second), "1s"},
		{"no expiry", nil, "0s"},
		{"expired", at(-time.Second), ""},
	} {
		r, err := respond("h", token{good, test.expires}, now)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if r.CacheDuration != nil {
			got = r.CacheDuration.Duration.String()
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
		if a := r.Auth["h"]; a.Username != "AWS" || a.Password != "pass:word" || r.CacheKeyType != "Registry" || r.Kind != "CredentialProviderResponse" {
			t.Errorf("%s: %+v", test.name, r)
		}
	}
	for _, bad := range []string{"%", base64.StdEncoding.EncodeToString([]byte("nocolon"))} {
		if _, err := respond("h", token{data: bad}, now); err == nil || strings.Contains(err.Error(), "nocolon") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// world is ECR, the public ECR and STS.
type world struct {
	log    []string
	answer string // ECR's, with %s for a token
	refuse bool   // STS refuses
}

func (w *world) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	region := strings.Split(r.Header.Get("Authorization")+"////", "/")[2]
	key := strings.TrimPrefix(strings.Split(r.Header.Get("Authorization")+"=/", "=")[1], "")
	key, _, _ = strings.Cut(key, "/")
	body, _ := io.ReadAll(r.Body)
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		w.log = append(w.log, strings.Split(target, ".")[0]+" "+region+" "+key)
		data := fmt.Sprintf(w.answer, base64.StdEncoding.EncodeToString([]byte("AWS:secret")))
		if strings.HasPrefix(target, "AmazonEC2") {
			data = "[" + data + "]"
		}
		out.Header().Set("Content-Type", "application/x-amz-json-1.1")
		fmt.Fprintf(out, `{"authorizationData":%s}`, data)
		return
	}
	form, _ := url.ParseQuery(string(body))
	w.log = append(w.log, fmt.Sprintf("%s %s %s %s", form.Get("Action"), form.Get("RoleArn"), form.Get("RoleSessionName"), form.Get("WebIdentityToken")))
	if w.refuse {
		out.WriteHeader(http.StatusForbidden)
		fmt.Fprint(out, `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>Not authorized to perform sts:AssumeRoleWithWebIdentity</Message></Error></ErrorResponse>`)
		return
	}
	fmt.Fprint(out, `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`)
}

func TestAgainstAWS(t *testing.T) {
	const (
		image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/a"
		v1    = `"apiVersion":"credentialprovider.kubelet.k8s.io/v1","kind":"CredentialProviderRequest"`
		role  = "arn:aws:iam::1:role/r"
	)
	answer := `{"authorizationToken":"%s","expiresAt":4102444800}`
	tests := []struct {
		name, request, answer, variable string
		refuse                          bool
		calls, host, err                string
	}{
		{"private", `{` + v1 + `,"image":"` + image + `"}`, answer, "", false, "AmazonEC2ContainerRegistry_V20150921 eu-west-1 AKIANODE", "123456789012.dkr.ecr.eu-west-1.amazonaws.com", ""},
		{"public is in one region", `{` + v1 + `,"image":"public.ecr.aws/a"}`, answer, "", false, "SpencerFrontendService us-east-1 AKIANODE", "public.ecr.aws", ""},
		{"a host without region", `{` + v1 + `,"image":"mirror.example/a"}`, answer, "", false, "AmazonEC2ContainerRegistry_V20150921 ap-south-1 AKIANODE", "mirror.example", ""},
		{"a service account with a role", `{` + v1 + `,"image":"` + image + `","serviceAccountToken":"jwt","serviceAccountAnnotations":{"eks.amazonaws.com/ecr-role-arn":"` + role + `"}}`, answer, "arn:other", false,
			"AssumeRoleWithWebIdentity " + role + " ecr-credential-provider jwt, AmazonEC2ContainerRegistry_V20150921 eu-west-1 ASIAROLE", "123456789012.dkr.ecr.eu-west-1.amazonaws.com", ""},
		{"the role of the environment", `{` + v1 + `,"image":"public.ecr.aws/a","serviceAccountToken":"jwt"}`, answer, role, false,
			"AssumeRoleWithWebIdentity " + role + " ecr-credential-provider jwt, SpencerFrontendService us-east-1 ASIAROLE", "public.ecr.aws", ""},
		{"an empty annotation means no role", `{` + v1 + `,"image":"public.ecr.aws/a","serviceAccountToken":"jwt","serviceAccountAnnotations":{"eks.amazonaws.com/ecr-role-arn":""}}`, answer, role, false, "SpencerFrontendService us-east-1 AKIANODE", "public.ecr.aws", ""},
		{"a role that may not be assumed", `{` + v1 + `,"image":"` + image + `","serviceAccountToken":"jwt"}`, answer, role, true, "AssumeRoleWithWebIdentity " + role + " ecr-credential-provider jwt", "", "assume role " + role},
		{"no token in the answer", `{` + v1 + `,"image":"` + image + `"}`, `{"x":"%s"}`, "", false, "AmazonEC2ContainerRegistry_V20150921 eu-west-1 AKIANODE", "", "without a token"},
		{"an old version", `{"apiVersion":"credentialprovider.kubelet.k8s.io/v1beta1","kind":"CredentialProviderRequest","image":"x/y"}`, answer, "", false, "", "", "v1beta1"},
		{"no JSON", `secret-token`, answer, "", false, "", "", "not JSON"},
		{"no image", `{` + v1 + `}`, answer, "", false, "", "", "no image"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := &world{answer: test.answer, refuse: test.refuse}
			server := httptest.NewServer(w)
			defer server.Close()
			for k, v := range map[string]string{
				"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "ap-south-1", "AWS_ACCESS_KEY_ID": "AKIANODE", "AWS_SECRET_ACCESS_KEY": "s",
				"AWS_SESSION_TOKEN": "", "AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere", "AWS_PROFILE": "", "AWS_ECR_ROLE_ARN": test.variable,
			} {
				t.Setenv(k, v)
			}
			var out bytes.Buffer
			err := Run(t.Context(), strings.NewReader(test.request), &out)
			if calls := strings.Join(w.log, ", "); calls != test.calls {
				t.Errorf("calls %s\nwant  %s", calls, test.calls)
			}
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) || strings.Contains(err.Error(), "jwt") || strings.Contains(err.Error(), "secret") {
					t.Errorf("error %v, want %q and no secrets", err, test.err)
				}
				return
			}
			var response credentialprovider.CredentialProviderResponse
			if err != nil || json.Unmarshal(out.Bytes(), &response) != nil {
				t.Fatalf("%v, %s", err, out.String())
			}
			if a := response.Auth[test.host]; len(response.Auth) != 1 || a.Username != "AWS" || a.Password != "secret" || response.CacheDuration.Duration < time.Hour {
				t.Errorf("response %+v", response)
			}
		})
	}
}
