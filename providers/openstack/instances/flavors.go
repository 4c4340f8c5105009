// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/utils/clock"

	"sigs.k8s.io/cloud-providers/providers/openstack/client"
)

// flavorMemory is how long it is remembered that there is no such flavor. Names of those that are there are
// kept: Nova does not let them change.
const flavorMemory = 10 * time.Minute

// flavors remembers what instance types there are.
type flavors struct {
	clock clock.PassiveClock

	mu     sync.Mutex
	labels map[flavor]string    // the instance type of a flavor
	absent map[flavor]time.Time // since when
}

// typeOf is the instance type of servers of a flavor: its name where that is a label's value, else its ID. A
// flavor that has been deleted goes by what the server says of it.
func (r *region) typeOf(ctx context.Context, f flavor) (string, error) {
	if f.Name != "" && isLabel(f.Name) {
		return f.Name, nil
	}
	if f == (flavor{}) {
		return "", nil
	}
	c := &r.flavors
	c.mu.Lock()
	defer c.mu.Unlock()
	if label, ok := c.labels[f]; ok {
		return label, nil
	}
	if at, ok := c.absent[f]; ok && c.clock.Since(at) < flavorMemory {
		return f.fallback(), nil
	}
	label, err := r.readFlavor(ctx, f)
	if err != nil {
		return "", err
	}
	if c.labels == nil {
		c.labels, c.absent = map[flavor]string{}, map[flavor]time.Time{}
	}
	if label == "" {
		c.absent[f] = c.clock.Now()
		return f.fallback(), nil
	}
	c.labels[f] = label
	return label, nil
}

func isLabel(text string) bool { return len(validation.IsValidLabelValue(text)) == 0 }

// fallback is what is left of a flavor that Nova does not know any more.
func (f flavor) fallback() string {
	if f.ID != "" {
		return labelOf(f.ID)
	}
	return labelOf(f.Name)
}

// readFlavor asks Nova: by ID, or for the ID of a name that is no label's value. It returns "" for none.
func (r *region) readFlavor(ctx context.Context, f flavor) (string, error) {
	type named struct{ ID, Name string }
	if f.ID != "" {
		var answer struct{ Flavor named }
		err := r.get(ctx, "flavors/"+url.PathEscape(f.ID), &answer)
		switch {
		case client.NotFound(err):
			return "", nil
		case err != nil:
			return "", client.Explain("get flavor "+f.ID, err)
		case answer.Flavor.Name != "" && isLabel(answer.Flavor.Name):
			return answer.Flavor.Name, nil
		}
		return labelOf(f.ID), nil
	}
	query := url.Values{"limit": {strconv.Itoa(pageSize)}}
	for {
		var page struct {
			Flavors []named         `json:"flavors"`
			Links   json.RawMessage `json:"flavors_links"`
		}
		if err := r.get(ctx, "flavors?"+query.Encode(), &page); err != nil {
			return "", client.Explain(fmt.Sprintf("list flavors, for the ID of %q", f.Name), err)
		}
		for _, n := range page.Flavors {
			if n.Name == f.Name {
				return labelOf(n.ID), nil
			}
		}
		if len(page.Links) == 0 || len(page.Flavors) == 0 {
			return "", nil
		}
		query.Set("marker", page.Flavors[len(page.Flavors)-1].ID)
	}
}
