// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package annotations

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// String declares an annotation with free text. check returns a clause that says what is allowed when the
// text is not, for example "a name of at most 63 characters"; it may be nil.
func String(s *Set, name, fallback, doc, allowed string, check func(string) bool) *Annotation[string] {
	return declare(s, name, "text", allowed, fallback, fallback, doc, func(text string) (string, error) {
		if check != nil && !check(text) {
			return "", wrong(text, allowed)
		}
		return text, nil
	})
}

// Custom declares an annotation whose text is read by parse, for syntaxes that only one provider has. The
// error of parse is shown as it is; kind, allowed and defaultText are for the reference page.
func Custom[T any](s *Set, name, kind, allowed string, fallback T, defaultText, doc string, parse func(string) (T, error)) *Annotation[T] {
	return declare(s, name, kind, allowed, fallback, defaultText, doc, parse)
}

// Wrong is the error of a parse function for text that is not allowed.
func Wrong(text, allowed string) error { return wrong(text, allowed) }

// Bool declares an annotation that is "true" or "false".
func Bool(s *Set, name string, fallback bool, doc string) *Annotation[bool] {
	const allowed = `"true" or "false"`
	return declare(s, name, "boolean", allowed, fallback, strconv.FormatBool(fallback), doc, func(text string) (bool, error) {
		switch strings.ToLower(text) {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
		return false, wrong(text, allowed)
	})
}

// Int declares an annotation with a whole number between two bounds, which are allowed too. A fallback
// outside of them says that the default comes from elsewhere; Lookup then tells whether there is a value.
func Int(s *Set, name string, fallback, lowest, highest int, doc string) *Annotation[int] {
	allowed := fmt.Sprintf("a whole number from %d to %d", lowest, highest)
	defaultText := ""
	if fallback >= lowest && fallback <= highest {
		defaultText = strconv.Itoa(fallback)
	}
	return declare(s, name, "number", allowed, fallback, defaultText, doc, func(text string) (int, error) {
		n, err := strconv.Atoi(text)
		if err != nil || n < lowest || n > highest {
			return 0, wrong(text, allowed)
		}
		return n, nil
	})
}

// Duration declares an annotation with a time between two bounds, which are allowed too. The fallback is
// as for Int.
func Duration(s *Set, name string, fallback, shortest, longest time.Duration, doc string) *Annotation[time.Duration] {
	allowed := fmt.Sprintf("a time from %s to %s, such as %q", shortest, longest, max(shortest, 10*time.Second).String())
	defaultText := ""
	if fallback >= shortest && fallback <= longest {
		defaultText = fallback.String()
	}
	return declare(s, name, "duration", allowed, fallback, defaultText, doc, func(text string) (time.Duration, error) {
		d, err := time.ParseDuration(text)
		if err != nil || d < shortest || d > longest {
			return 0, wrong(text, allowed)
		}
		return d, nil
	})
}

// Enum declares an annotation with one of some values.
func Enum(s *Set, name, fallback, doc string, values ...string) *Annotation[string] {
	allowed := `"` + strings.Join(values, `" or "`) + `"`
	return declare(s, name, "choice", allowed, fallback, fallback, doc, func(text string) (string, error) {
		if !slices.Contains(values, text) {
			return "", wrong(text, allowed)
		}
		return text, nil
	})
}

// CIDRs declares an annotation with networks, separated by commas.
func CIDRs(s *Set, name, doc string) *Annotation[[]netip.Prefix] {
	const allowed = "networks separated by commas, such as \"10.0.0.0/24,2001:db8::/64\""
	return declare(s, name, "networks", allowed, nil, "", doc, func(text string) ([]netip.Prefix, error) {
		return list(text, allowed, netip.ParsePrefix)
	})
}

// Networks reads source ranges: bits of hosts are cleared, what is there twice is merged, and the order is
// that of texts.
func Networks(items []string) ([]string, error) {
	var all []string
	for _, item := range items {
		p, err := netip.ParsePrefix(strings.TrimSpace(item))
		if err != nil {
			return nil, wrong(item, `networks with their length, such as "10.0.0.0/8"`)
		}
		if text := p.Masked().String(); !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	slices.Sort(all)
	return all, nil
}

// IPs declares an annotation with IP addresses, separated by commas.
func IPs(s *Set, name, doc string) *Annotation[[]netip.Addr] {
	const allowed = "IP addresses separated by commas, such as \"10.0.0.1,2001:db8::1\""
	return declare(s, name, "addresses", allowed, nil, "", doc, func(text string) ([]netip.Addr, error) {
		return list(text, allowed, netip.ParseAddr)
	})
}

// Map declares an annotation with pairs "key=value", separated by commas, whose values are read by parse.
// allowed says what a value may be.
func Map[T any](s *Set, name, doc, allowed string, parse func(string) (T, error)) *Annotation[map[string]T] {
	allowed = "key=value pairs separated by commas, where the value is " + allowed
	return declare(s, name, "map", allowed, nil, "", doc, func(text string) (map[string]T, error) {
		pairs := map[string]T{}
		for _, pair := range split(text) {
			key, value, ok := strings.Cut(pair, "=")
			parsed, err := parse(strings.TrimSpace(value))
			if key = strings.TrimSpace(key); !ok || key == "" || err != nil {
				return nil, wrong(pair, allowed)
			}
			if _, twice := pairs[key]; twice {
				return nil, fmt.Errorf("%q is there twice; name each key once", key)
			}
			pairs[key] = parsed
		}
		return pairs, nil
	})
}

func list[T any](text, allowed string, parse func(string) (T, error)) ([]T, error) {
	var all []T
	for _, item := range split(text) {
		v, err := parse(item)
		if err != nil {
			return nil, wrong(item, allowed)
		}
		all = append(all, v)
	}
	return all, nil
}

// split cuts at commas. Text that is empty has no items; an empty item among others stays, to be refused.
func split(text string) []string {
	if text == "" {
		return nil
	}
	items := strings.Split(text, ",")
	for i := range items {
		items[i] = strings.TrimSpace(items[i])
	}
	return items
}
