// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sigs.k8s.io/cloud-providers/providers/local/api"
)

func machineCommand(c *clientFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "machine", Short: "Show and change the inventory of machines"}
	cmd.AddCommand(
		&cobra.Command{
			Use: "list", Short: "List machines", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return listMachines(cmd, c) },
		},
		addMachineCommand(c),
		stateCommand(c, "start", api.MachineRunning),
		stateCommand(c, "stop", api.MachineStopped),
		&cobra.Command{
			Use: "delete NAME…", Short: "Remove machines", Args: cobra.MinimumNArgs(1),
			RunE: func(cmd *cobra.Command, names []string) error {
				return eachMachine(cmd, c, names, func(client *api.Client, m api.Machine) error {
					return client.Admin().DeleteMachine(cmd.Context(), m.ID)
				})
			},
		},
	)
	return cmd
}

func listMachines(cmd *cobra.Command, c *clientFlags) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	state, err := client.Admin().State(cmd.Context())
	if err != nil {
		return err
	}
	rows := [][]string{{"NAME", "ID", "STATE", "REGION", "ZONE", "TYPE", "ADDRESSES", "AGE"}}
	for _, m := range state.Machines {
		var addresses []string
		for _, a := range m.Addresses {
			addresses = append(addresses, a.Address)
		}
		rows = append(rows, []string{m.Name, m.ID, string(m.State), orNone(m.Region), orNone(m.Zone), orNone(m.Type),
			orNone(strings.Join(addresses, ",")), time.Since(m.CreatedAt).Round(time.Second).String()})
	}
	return table(cmd.OutOrStdout(), rows)
}

func addMachineCommand(c *clientFlags) *cobra.Command {
	var m api.Machine
	var internal, external []string
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Add a machine", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := c.client()
			if err != nil {
				return err
			}
			m.Name = args[0]
			if m.Addresses, err = addresses(internal, external); err != nil {
				return err
			}
			created, err := client.Admin().CreateMachines(cmd.Context(), m)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "machine %s added with ID %s\n", created[0].Name, created[0].ID)
			return nil
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&m.ID, "id", "", "ID; without it the cloud chooses one.")
	fs.StringVar(&m.Region, "region", "local", "Region.")
	fs.StringVar(&m.Zone, "zone", "", "Zone.")
	fs.StringVar(&m.Type, "type", "", "Machine type.")
	fs.StringToStringVar(&m.Labels, "labels", nil, "Additional Node labels, key=value.")
	fs.StringSliceVar(&internal, "internal-ip", nil, "Addresses by which Nodes reach the machine.")
	fs.StringSliceVar(&external, "external-ip", nil, "Addresses by which others reach it.")
	return cmd
}

func addresses(internal, external []string) ([]api.MachineAddress, error) {
	var all []api.MachineAddress
	for i, list := range [][]string{internal, external} {
		for _, a := range list {
			if _, err := netip.ParseAddr(a); err != nil {
				return nil, fmt.Errorf("%q is not an IP address", a)
			}
			all = append(all, api.MachineAddress{Type: []api.AddressType{api.InternalIP, api.ExternalIP}[i], Address: a})
		}
	}
	return all, nil
}

func stateCommand(c *clientFlags, verb string, state api.MachineState) *cobra.Command {
	return &cobra.Command{
		Use: verb + " NAME…", Short: fmt.Sprintf("Make machines %s", state), Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, names []string) error {
			return eachMachine(cmd, c, names, func(client *api.Client, m api.Machine) error {
				m.State = state
				_, err := client.Admin().UpdateMachine(cmd.Context(), m)
				return err
			})
		},
	}
}

// eachMachine does something with the machines of some names or IDs.
func eachMachine(cmd *cobra.Command, c *clientFlags, names []string, do func(*api.Client, api.Machine) error) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	state, err := client.Admin().State(cmd.Context())
	if err != nil {
		return err
	}
	known := map[string]api.Machine{}
	for _, m := range state.Machines {
		known[m.ID] = m
	}
	for _, m := range state.Machines {
		known[m.Name] = m
	}
	for _, name := range names {
		m, ok := known[name]
		if !ok {
			return fmt.Errorf("there is no machine %q; local-cloud machine list shows all", name)
		}
		if err := do(client, m); err != nil {
			return err
		}
	}
	return nil
}
