// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"fmt"
	"maps"
	"slices"

	"k8s.io/cloud-provider/names"
	cmconfig "k8s.io/controller-manager/config"
	migrationconfig "k8s.io/controller-manager/pkg/leadermigration/config"
)

// placement says under which lease a controller runs.
type placement int

const (
	placedMain      placement = iota // under the main lease
	placedMigration                  // under the migration lease
	placedElsewhere                  // in another component
)

func (p placement) String() string {
	return [...]string{"main lease", "migration lease", "another component"}[p]
}

// place reads a leader migration configuration (KEP-2436) for this component: where each controller
// runs, by canonical name. Entries may use canonical names, aliases, and the historical names, which are
// the names of the controllers' clients: "service-controller", "route-controller", "node-controller".
func place(config cmconfig.LeaderMigrationConfiguration, component string, controllers []Controller) (map[string]placement, error) {
	placed := map[string]placement{}
	for _, c := range controllers {
		placed[c.Name] = placedMain
	}
	said := map[string]cmconfig.ControllerLeaderConfiguration{}
	for i, leader := range config.ControllerLeaders {
		found := named(controllers, leader.Name)
		if len(found) == 0 && !elsewhere()[leader.Name] {
			return nil, fmt.Errorf("leader migration: controllerLeaders[%d].name: %q is not a controller; known are %v, their aliases and historical names", i, leader.Name, controllerNames(controllers))
		}
		for _, name := range found {
			if before, twice := said[name]; twice && before.Component != leader.Component {
				return nil, fmt.Errorf("leader migration: controllerLeaders[%d]: %q gives %s to %q, and %q gives it to %q", i, leader.Name, name, leader.Component, before.Name, before.Component)
			}
			said[name] = leader
			placed[name] = placedElsewhere
			if leader.Component == component || leader.Component == "*" {
				placed[name] = placedMigration
			}
		}
	}
	return placed, nil
}

// named returns the canonical names that a name stands for.
func named(controllers []Controller, name string) []string {
	if c := find(controllers, name); c != nil {
		return []string{c.Name}
	}
	var found []string
	for _, c := range controllers {
		if c.ClientName == name {
			found = append(found, c.Name)
		}
	}
	return found
}

// elsewhere is the names that a migration file may contain although this program has no such
// controller, because kube-controller-manager or another cloud's manager has.
func elsewhere() map[string]bool {
	known := map[string]bool{
		"route-controller": true, "service-controller": true, "node-controller": true,
		"node-ipam-controller": true, "nodeipam": true,
	}
	for alias, name := range names.CCMControllerAliases() {
		known[alias], known[name] = true, true
	}
	return known
}

// readMigration reads and checks the file of --leader-migration-config; without one the default holds.
func readMigration(path string) (*cmconfig.LeaderMigrationConfiguration, error) {
	if path == "" {
		return migrationconfig.DefaultLeaderMigrationConfiguration(), nil
	}
	config, err := migrationconfig.ReadLeaderMigrationConfiguration(path)
	if err != nil {
		return nil, fmt.Errorf("--leader-migration-config %s: %w", path, err)
	}
	if errs := migrationconfig.ValidateLeaderMigrationConfiguration(config); len(errs) > 0 {
		return nil, fmt.Errorf("--leader-migration-config %s: %w", path, errs.ToAggregate())
	}
	if config.ResourceLock != migrationconfig.ResourceLockLeases {
		return nil, fmt.Errorf("--leader-migration-config %s: resourceLock: %q is not supported any more, use %q", path, config.ResourceLock, migrationconfig.ResourceLockLeases)
	}
	return config, nil
}

// inPlace returns the controllers that run in a place, in their order.
func inPlace(controllers []Controller, placed map[string]placement, where placement) []Controller {
	return slices.DeleteFunc(slices.Clone(controllers), func(c Controller) bool { return placed[c.Name] != where })
}

// sortedKeys returns a map's keys in order, for output that does not change from run to run.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
