// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package annotations_test

import (
	"errors"
	"flag"
	"maps"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/cloud-providers/common/annotations"
	"sigs.k8s.io/cloud-providers/common/provider"
)

var update = flag.Bool("update", false, "write testdata anew")

var (
	set     = annotations.NewSet("example.com/")
	pool    = annotations.String(set, "pool", "default", "Where addresses come from.", "a name in lower case", func(s string) bool { return s != "" && s == strings.ToLower(s) })
	public  = annotations.Bool(set, "public", true, "Whether the world may come.")
	retries = annotations.Int(set, "retries", 3, 0, 10, "How often to try again.")
	idle    = annotations.Duration(set, "idle-timeout", time.Minute, time.Second, time.Hour, "When to give up.")
	mode    = annotations.Enum(set, "mode", "fast", "How packets travel.", "fast", "safe")
	ranges  = annotations.CIDRs(set, "other.example.org/ranges", "Who may come. `a|b`")
	ips     = annotations.IPs(set, "ips", "Which addresses.")
	weights = annotations.Map(set, "weights", "Shares.", "a whole number", strconv.Atoi)
)

func TestReadRightValues(t *testing.T) {
	v, err := set.Read(map[string]string{
		"example.com/pool":         "blue",
		"example.com/public":       " False ",
		"example.com/retries":      "0",
		"example.com/idle-timeout": "90s",
		"example.com/mode":         "safe",
		"other.example.org/ranges": "10.0.0.0/8, 2001:db8::/32",
		"example.com/ips":          "10.0.0.1",
		"example.com/weights":      "a=1, b = 2",
		"unrelated.example/mode":   "whatever",
	})
	if err != nil || len(v.Warnings) > 0 {
		t.Fatalf("%v, %v", err, v.Warnings)
	}
	if pool.Get(v) != "blue" || public.Get(v) || retries.Get(v) != 0 || idle.Get(v) != 90*time.Second || mode.Get(v) != "safe" {
		t.Errorf("values = %+v", v)
	}
	if got := ranges.Get(v); !slices.Equal(got, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}) {
		t.Errorf("ranges = %v", got)
	}
	if got := weights.Get(v); !maps.Equal(got, map[string]int{"a": 1, "b": 2}) {
		t.Errorf("weights = %v", got)
	}
	if got, set := ips.Lookup(v); !set || len(got) != 1 {
		t.Errorf("ips = %v, %v", got, set)
	}
}

func TestDefaults(t *testing.T) {
	v, err := set.Read(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, set := mode.Lookup(v); set || mode.Get(v) != "fast" || !public.Get(v) || retries.Get(v) != 3 || idle.Get(v) != time.Minute || ranges.Get(v) != nil {
		t.Errorf("values = %+v", v)
	}
}

func TestAllMistakesAreReportedAtOnce(t *testing.T) {
	v, err := set.Read(map[string]string{
		"example.com/pool":         "BLUE",
		"example.com/public":       "yes",
		"example.com/retries":      "11",
		"example.com/idle-timeout": "2h",
		"example.com/mode":         "slow",
		"other.example.org/ranges": "10.0.0.0/8,,",
		"example.com/ips":          "here",
		"example.com/weights":      "a=1,a=2",
	})
	var user *provider.UserError
	if !errors.As(err, &user) {
		t.Fatalf("err = %v", err)
	}
	want := []string{
		`annotation example.com/pool: "BLUE" is not allowed; use a name in lower case`,
		`annotation example.com/public: "yes" is not allowed; use "true" or "false"`,
		`annotation example.com/retries: "11" is not allowed; use a whole number from 0 to 10`,
		`annotation example.com/idle-timeout: "2h" is not allowed; use a time from 1s to 1h0m0s, such as "10s"`,
		`annotation example.com/mode: "slow" is not allowed; use "fast" or "safe"`,
		`annotation other.example.org/ranges: "" is not allowed; use networks separated by commas, such as "10.0.0.0/24,2001:db8::/64"`,
		`annotation example.com/ips: "here" is not allowed; use IP addresses separated by commas, such as "10.0.0.1,2001:db8::1"`,
		`annotation example.com/weights: "a" is there twice; name each key once`,
	}
	if !reflect.DeepEqual(user.Problems, want) {
		t.Errorf("problems:\n%s\nwant:\n%s", strings.Join(user.Problems, "\n"), strings.Join(want, "\n"))
	}
	if mode.Get(v) != "fast" {
		t.Errorf("a wrong value counts as not set, and mode is %q", mode.Get(v))
	}
}

func TestUnknownAnnotationsAreWarnings(t *testing.T) {
	v, err := set.Read(map[string]string{"example.com/idel-timeout": "1s", "example.com/colour": "blue", "other.example.org/x": "y"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"annotation example.com/colour does not exist and has no effect",
		"annotation example.com/idel-timeout does not exist and has no effect; did you mean example.com/idle-timeout?",
	}
	if !reflect.DeepEqual(v.Warnings, want) {
		t.Errorf("warnings = %q", v.Warnings)
	}
}

func TestMarkdown(t *testing.T) {
	got := set.Markdown("Annotations", "What can be said.")
	const golden = "testdata/annotations.md"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the page differs from %s; if that is meant, run go test -update:\n%s", golden, got)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("true", "3", "1s", "10.0.0.0/8", "a=1,b=2")
	f.Add("", ",", "-1s", "::/0,", "=,=")
	f.Fuzz(func(t *testing.T, b, n, d, cidrs, pairs string) {
		v, err := set.Read(map[string]string{
			"example.com/public": b, "example.com/retries": n, "example.com/idle-timeout": d,
			"other.example.org/ranges": cidrs, "example.com/weights": pairs,
		})
		if err != nil && !provider.IsUserError(err) {
			t.Errorf("err = %#v", err)
		}
		if got := retries.Get(v); got < 0 || got > 10 {
			t.Errorf("retries = %d", got)
		}
		if got := idle.Get(v); got < time.Second || got > time.Hour {
			t.Errorf("idle = %v", got)
		}
	})
}

func TestOtherProgramsAnnotationsAreNamedAsSuch(t *testing.T) {
	s := annotations.NewSet("example.net/")
	size := annotations.Custom(s, "size", "number", "a digit", 3, "3", "How much.", func(text string) (int, error) {
		if len(text) != 1 {
			return 0, annotations.Wrong(text, "one digit")
		}
		return int(text[0] - '0'), nil
	})
	s.Elsewhere("is for the other program", "colour")
	v, err := s.Read(map[string]string{"example.net/colour": "blue", "example.net/size": " 7 "})
	if err != nil || size.Get(v) != 7 {
		t.Errorf("%d, %v", size.Get(v), err)
	}
	if want := []string{"annotation example.net/colour is for the other program"}; !reflect.DeepEqual(v.Warnings, want) {
		t.Errorf("warnings = %q", v.Warnings)
	}
	if _, err := s.Read(map[string]string{"example.net/size": "10"}); err == nil || !strings.Contains(err.Error(), `"10" is not allowed; use one digit`) {
		t.Errorf("%v", err)
	}
}
