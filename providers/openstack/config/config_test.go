// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/cloud-providers/common/cloudconfig/ini"
)

var update = flag.Bool("update", false, "write docs/config.md anew")

// least is the beginning of files whose [Global] does not matter. The next line is the fifth.
const least = "[Global]\nauth-url=https://k/v3\nuser-id=u\npassword=p\n"

func read(t *testing.T, file string) (*Config, error) {
	t.Helper()
	for _, name := range []string{"OS_CCM_REGIONAL", "OCCM_WAIT_LB_ACTIVE_STEPS", "OS_CLOUD", "OS_CLIENT_CONFIG_FILE"} {
		t.Setenv(name, "")
	}
	return Read("f", strings.NewReader(file))
}

func TestWithoutAFileThereIsNoConfiguration(t *testing.T) {
	if _, err := Read("", nil); err != ErrNone { //nolint:errorlint // it is this very value
		t.Errorf("error %v", err)
	}
}

func TestDefaults(t *testing.T) {
	got, err := read(t, least)
	want := &Config{
		Auth: Auth{AuthURL: "https://k/v3", UserID: "u", Password: "p", Endpoint: "public"},
		LoadBalancer: LoadBalancer{
			Enabled: true, Provider: "amphora", Method: "ROUND_ROBIN", Monitor: Monitor{Delay: 5, Timeout: 3, MaxRetries: 1, MaxRetriesDown: 3},
			CascadeDelete: true, IngressHostnameSuffix: "nip.io", MaxShared: 2, ContainerStore: "barbican",
			NodeSelector: map[string]string{}, Classes: map[string]Class{},
		},
		Regions: []string{""}, RequestTimeout: time.Minute,
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
}

func TestValues(t *testing.T) {
	tests := []struct {
		name, file string
		got        func(*Config) any
		want       any
	}{
		{"case of names does not matter", "[ROUTE]\nRouter-ID=r", func(c *Config) any { return c.RouterID }, "r"},
		{"a bare key is true", "[LoadBalancer]\ninternal-lb", func(c *Config) any { return c.LoadBalancer.Internal }, true},
		{"no and off", "[LoadBalancer]\nenabled=no\ncascade-delete=OFF", func(c *Config) any { return c.LoadBalancer.Enabled || c.LoadBalancer.CascadeDelete }, false},
		{"the last of two counts", "[Route]\nrouter-id=a\nrouter-id=b", func(c *Config) any { return c.RouterID }, "b"},
		{"hexadecimal", "[LoadBalancer]\nmax-shared-lb=0x10", func(c *Config) any { return c.LoadBalancer.MaxShared }, 16},
		{"a leading zero is not octal", "[LoadBalancer]\nmax-shared-lb=010", func(c *Config) any { return c.LoadBalancer.MaxShared }, 10},
		{"quoted parts", "[Route]\nrouter-id=a\"b; c\"d ; e", func(c *Config) any { return c.RouterID }, "ab; cd"},
		{"an escaped backslash", "[Global]\npassword=\"a\\\\b\"", func(c *Config) any { return c.Auth.Password }, `a\b`},
		{"CRLF", "[Route]\r\nrouter-id=a\r\n", func(c *Config) any { return c.RouterID }, "a"},
		{"lists repeat the key", "[Networking]\npublic-network-name=a b\npublic-network-name=c", func(c *Config) any { return c.Networking.PublicNames }, []string{"a b", "c"}},
		{"a bare list key empties the list", "[Networking]\ninternal-network-name=a\ninternal-network-name", func(c *Config) any { return len(c.Networking.InternalNames) }, 0},
		{"URL forms of the endpoint", "[Global]\nos-endpoint-type=internalURL", func(c *Config) any { return c.Auth.Endpoint }, "internal"},
		{"only true is insecure", "[Global]\ntls-insecure=true", func(c *Config) any { return c.Auth.Insecure }, true},
		{"yes is not", "[Global]\ntls-insecure=yes", func(c *Config) any { return c.Auth.Insecure }, false},
		{"regions, the default one first", "[Global]\nregion=b\nregions=a\nregions=b\nregions=c", func(c *Config) any { return c.Regions }, []string{"b", "a", "c"}},
		{"no time is the default", "[Metadata]\nrequest-timeout=0s", func(c *Config) any { return c.RequestTimeout }, time.Minute},
		{"a time", "[Metadata]\nrequest-timeout=1m30s\nsearch-order=metadataService , configDrive", func(c *Config) any { return c.RequestTimeout }, 90 * time.Second},
		{"ovn's algorithm", "[LoadBalancer]\nlb-provider=ovn", func(c *Config) any { return c.LoadBalancer.Method }, "SOURCE_IP_PORT"},
		{"unless one is chosen", "[LoadBalancer]\nlb-provider=ovn\nlb-method=SOURCE_IP", func(c *Config) any { return c.LoadBalancer.Method }, "SOURCE_IP"},
		{"an empty provider", "[LoadBalancer]\nlb-provider=", func(c *Config) any { return c.LoadBalancer.Provider }, "amphora"},
		{"monitors in whole seconds", "[LoadBalancer]\nmonitor-delay=1m\nmonitor-timeout=2900ms\nmonitor-max-retries=10\ncreate-monitor", func(c *Config) any { return c.LoadBalancer.Monitor }, Monitor{true, 60, 2, 10, 3}},
		{"a selector", "[LoadBalancer]\nnode-selector=\"a=b, c ,d=\"", func(c *Config) any { return c.LoadBalancer.NodeSelector }, map[string]string{"a": "b", "c": "", "d": ""}},
		{"networks, at commas and blanks", "[Networking]\naddress-sort-order=\"10.1.2.3/8, fd00::/8 192.0.2.0/24\"", func(c *Config) any { return c.Networking.SortOrder },
			[]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8"), netip.MustParsePrefix("192.0.2.0/24")}},
		{"classes, their case kept", "[LoadBalancerClass \"Two\"]\nfloating-subnet-tags=t\nmember-subnet-id=m\n[loadbalancerclass \"one\"]", func(c *Config) any { return c.LoadBalancer.Classes },
			map[string]Class{"Two": {Floating: Floating{SubnetTags: "t"}, Placement: Placement{MemberSubnetID: "m"}}, "one": {}}},
		{"what belongs to others", "[BlockStorage]\nbs-version=v3\n[Metadata]", func(c *Config) any { return len(c.Warnings) }, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, err := read(t, least+test.file)
			if err != nil {
				t.Fatal(err)
			}
			if got := test.got(c); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestMistakesNameTheirLine(t *testing.T) {
	for file, want := range map[string]string{
		"[LoadBalancer]\nlb-version=v1":                  `f:6: lb-version: "v1" is not v2`,
		"[LoadBalancer]\nlb-method=RANDOM":               `f:6: lb-method: "RANDOM" is none of ROUND_ROBIN`,
		"[Metadata]\nsearch-order=disk":                  `f:6: search-order: "disk" is not a list`,
		"[Metadata]\nsearch-order=":                      `f:6: search-order: "" is not a list`,
		"[Metadata]\nrequest-timeout=-1s":                "f:6: request-timeout: -1s is negative",
		"[Global]\nos-endpoint-type=world":               `f:6: os-endpoint-type: "world" is none of public`,
		"[Global]\nregions=a":                            "f:6: regions: needs region",
		"[LoadBalancer]\nmonitor-delay=5":                `"5" is not a time with a unit`,
		"[LoadBalancer]\ncreate-monitor=maybe":           "maybe",
		"[LoadBalancer]\nmax-shared-lb=many":             "many",
		"[Global]\ntenant_id=x":                          "f:6: ",
		"[Route]\nrouter-id=a\\b":                        "f:6: ",
		"auth-url: https://k/v3\n":                       "f:5: ",
		"[LoadBalancer]\nmax-shared-lb":                  "f: ",
		"[Global]\nusername=x\n[Global]\nauth-url=ftp:x": "f:8: auth-url: is not a URL",
	} {
		if _, err := read(t, least+file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want it to contain %q", file, err, want)
		}
	}
	_, err := read(t, "[Global]\nos-endpoint-type=x\n[LoadBalancer]\nlb-version=v1\nlb-method=x")
	if err == nil || strings.Count(err.Error(), "\n") != 4 {
		t.Errorf("five mistakes, reported: %v", err)
	}
}

func TestWhatIsIgnoredOrDoubtfulIsReported(t *testing.T) {
	for file, want := range map[string]string{
		"[Globl]\nregion=r":                           "f:5: the section [Globl] has no meaning here and is ignored; did you mean [Global]?",
		"[LoadBalancer]\nsubnetid=r":                  `f:6: the key "subnetid" of section [LoadBalancer] is unknown and ignored; did you mean subnet-id?`,
		"[default-LoadBalancerClass]\nsubnet-id=r":    "f:5: the section [default-LoadBalancerClass] has no meaning",
		"[LoadBalancerClass]\nsubnet-id=r":            "f:5: a class without a name is ignored",
		"[Global]\nsecret-name=r":                     "f:6: secret-name: has no effect",
		"[Global]\nkubeconfig-path":                   "f:6: kubeconfig-path: has no effect",
		"[LoadBalancer]\nuse-octavia":                 "f:6: use-octavia: has no effect",
		"[Global]\ncloud=c":                           "f:6: cloud: has no effect without use-clouds",
		"[Global]\nclouds-file=c":                     "f:6: clouds-file: has no effect without use-clouds",
		"[Global]\ntls-insecure=TRUE":                 `f:6: tls-insecure: "TRUE" has no effect`,
		"[Global]\ncert-file=c":                       "f:6: cert-file: and key-file count only together",
		"[Global]\nca-file=c\ncafilecontents=d":       "f:7: cafilecontents: has no effect beside ca-file",
		"[Global]\ntoken=t":                           "f:4: password: has no effect beside token",
		"[LoadBalancer]\nlb-provider=magic":           `f:6: lb-provider: "magic" is not known here`,
		"[LoadBalancer]\ncontainer-store=safe":        `f:6: container-store: "safe" is neither`,
		"[LoadBalancer]\nmax-shared-lb=0":             "f:6: max-shared-lb: 0 is less than 1",
		"[LoadBalancer]\nmonitor-delay=500ms":         "f:6: monitor-delay: 500ms is less than a second; 5s is used instead",
		"[LoadBalancer]\nmonitor-max-retries-down=11": "f:6: monitor-max-retries-down: 11 is not from 1 to 10; 3 is used instead",
		"[Networking]\naddress-sort-order=10.0.0.0":   `f:6: address-sort-order: "10.0.0.0" is not a network`,
	} {
		c, err := read(t, least+file)
		if err != nil || len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], want) {
			t.Errorf("%q: %v, %+v, want %q", file, err, c, want)
		}
	}
}

func TestEnvironment(t *testing.T) {
	for value, want := range map[string]struct {
		regional bool
		warning  string
	}{
		"": {}, "true": {regional: true}, "false": {}, "True": {warning: `OS_CCM_REGIONAL is "True" and has no effect`},
	} {
		t.Setenv("OS_CCM_REGIONAL", value)
		c, err := Read("f", strings.NewReader(least))
		if err != nil || c.Regional != want.regional || !strings.Contains(strings.Join(c.Warnings, ""), want.warning) || (len(c.Warnings) > 0) != (want.warning != "") {
			t.Errorf("%q: %t, %q, %v", value, c.Regional, c.Warnings, err)
		}
	}
	t.Setenv("OCCM_WAIT_LB_ACTIVE_STEPS", "0")
	c, err := Read("f", strings.NewReader(least))
	if err != nil || !slices.ContainsFunc(c.Warnings, func(w string) bool { return strings.Contains(w, "OCCM_WAIT_LB_ACTIVE_STEPS has no effect") }) {
		t.Errorf("%q, %v", c.Warnings, err)
	}
}

// TestReferencePage: each key that is read is described, and the page is what the descriptions make.
func TestReferencePage(t *testing.T) {
	var c content
	sectionTypes := map[string]reflect.Type{"LoadBalancerClass": reflect.TypeFor[class]()}
	for f := range reflect.TypeFor[content]().Fields() {
		if f.Type.Kind() == reflect.Struct {
			sectionTypes[f.Name] = f.Type
		}
	}
	for _, s := range sections {
		if s.Foreign {
			continue
		}
		for f := range sectionTypes[s.Name].Fields() {
			name := f.Tag.Get("gcfg")
			if name == "" {
				name = strings.ToLower(f.Name)
			}
			if !slices.ContainsFunc(s.Keys, func(k ini.Key) bool { return k.Name == name }) {
				t.Errorf("the key %s of %T is not described in [%s]", name, c, s.Name)
			}
		}
	}
	const path = "../docs/config.md"
	if *update {
		if err := os.WriteFile(path, []byte(Markdown()), 0o644); err != nil { //nolint:gosec // people read it
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(path); err != nil || string(have) != Markdown() {
		t.Errorf("%s is not what the keys say (%v); run make generate", path, err)
	}
}

// FuzzRead: whatever is in the file, there is a configuration that can be worked with, or an error that names
// the file.
func FuzzRead(f *testing.F) {
	f.Add(least)
	f.Add(least + "[LoadBalancerClass \"a\"]\nsubnet-id = \"a\\\\b\" ; c\n[LoadBalancerClass]\nnetwork-id\n")
	f.Add("[Global]\nregions\nregion = a\\\n b\ntrust-id=t\ntrustee-id=u\nuser-domain-name=d")
	f.Add("[Networking]\naddress-sort-order=\",, 1/2 ::/0\"\n[LoadBalancer]\nnode-selector=\"=,a=\"\nmonitor-delay=-1h")
	f.Add("[Global]\nauth-url=%\ndomain-id=a\ndomain-name=b\nusername=u\npassword=p\ntenant-name=t")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(strings.ToLower(text), "use-clouds") {
			t.Skip("reads other files")
		}
		c, err := Read("path", strings.NewReader(text))
		if err != nil {
			if !strings.Contains(err.Error(), "path") {
				t.Errorf("the error does not say where: %v", err)
			}
			return
		}
		lb := c.LoadBalancer
		if c.Auth.Method() == "" || c.Auth.AuthURL == "" || c.Auth.Endpoint == "" || c.RequestTimeout <= 0 || len(c.Regions) == 0 || lb.Method == "" || lb.Monitor.Delay < 1 || lb.MaxShared < 1 {
			t.Errorf("incomplete: %s", fmt.Sprintf("%+v", c))
		}
	})
}
