// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"sigs.k8s.io/cloud-providers/providers/local/api"
)

func lbCommand(c *clientFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "lb", Short: "Show load balancers"}
	cmd.AddCommand(&cobra.Command{
		Use: "list", Short: "List load balancers", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := c.client()
			if err != nil {
				return err
			}
			state, err := client.Admin().State(cmd.Context())
			if err != nil {
				return err
			}
			rows := [][]string{{"SERVICE", "NAME", "CLUSTER", "ADDRESSES", "PORTS", "HEALTHY", "PROBLEM"}}
			for _, lb := range state.LoadBalancers {
				rows = append(rows, lbRow(lb))
			}
			return table(cmd.OutOrStdout(), rows)
		},
	})
	return cmd
}

func lbRow(lb api.LoadBalancer) []string {
	var ports []string
	for _, l := range lb.Spec.Listeners {
		ports = append(ports, fmt.Sprintf("%d/%s", l.Port, l.Protocol))
	}
	healthy, problem := 0, ""
	for _, m := range lb.Status.Members {
		if m.Health == "healthy" || m.Health == "unchecked" {
			healthy++
		} else if problem == "" && m.Reason != "" {
			problem = m.Name + ": " + m.Reason
		}
	}
	for _, l := range lb.Status.Listeners {
		if l.Error != "" {
			problem = l.Error
		}
	}
	return []string{lb.Owner.Namespace + "/" + lb.Owner.Service, lb.Name, lb.Owner.Cluster,
		strings.Join(lb.Addresses, ","), orNone(strings.Join(ports, ",")),
		fmt.Sprintf("%d/%d", healthy, len(lb.Status.Members)), orNone(problem)}
}

func callsCommand(c *clientFlags) *cobra.Command {
	var reset, log bool
	cmd := &cobra.Command{
		Use: "calls", Short: "Show how often each operation was called", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := c.client()
			if err != nil {
				return err
			}
			calls, err := client.Admin().Calls(cmd.Context())
			if err != nil {
				return err
			}
			rows := [][]string{{"OPERATION", "CALLS"}}
			for _, op := range slices.Sorted(maps.Keys(calls.Counts)) {
				rows = append(rows, []string{op, strconv.Itoa(calls.Counts[op])})
			}
			rows = append(rows, []string{"total", fmt.Sprintf("%d, of which %d change something", calls.Total, calls.Mutating)})
			if log {
				rows = callRows(calls.Calls)
			}
			if err := table(cmd.OutOrStdout(), rows); err != nil || !reset {
				return err
			}
			return client.Admin().ResetCalls(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&log, "log", false, "Show each call.")
	cmd.Flags().BoolVar(&reset, "reset", false, "Count from 0 again afterwards.")
	return cmd
}

func callRows(calls []api.Call) [][]string {
	rows := [][]string{{"BEGAN", "OPERATION", "PATH", "STATUS", "CODE", "TOOK", "FAULT", "USER AGENT"}}
	for _, call := range calls {
		rows = append(rows, []string{call.Began.Format("15:04:05.000"), call.Operation, call.Path, strconv.Itoa(call.Status),
			orNone(call.Code), call.Took.String(), orNone(string(call.Fault)), orNone(call.UserAgent)})
	}
	return rows
}

func faultsCommand(c *clientFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "faults",
		Short: "Show the faults that are injected, and set them",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := c.client()
			if err != nil {
				return err
			}
			return printFaults(cmd, client)
		},
	}
	cmd.AddCommand(
		&cobra.Command{
			Use: "set FILE", Short: "Replace the faults by those of a JSON file {\"faults\": […]}", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error { return setFaults(cmd, c, args[0]) },
		},
		&cobra.Command{
			Use: "clear", Short: "Inject no faults any more, and release what is held", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				client, err := c.client()
				if err != nil {
					return err
				}
				return client.Admin().SetFaults(cmd.Context())
			},
		},
	)
	return cmd
}

func setFaults(cmd *cobra.Command, c *clientFlags, file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var list api.FaultList
	if err := json.Unmarshal(data, &list); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	if err := client.Admin().SetFaults(cmd.Context(), list.Faults...); err != nil {
		return err
	}
	return printFaults(cmd, client)
}

func printFaults(cmd *cobra.Command, client *api.Client) error {
	faults, err := client.Admin().Faults(cmd.Context())
	if err != nil {
		return err
	}
	rows := [][]string{{"OPERATION", "ACTION", "SKIP", "LEFT", "DETAILS"}}
	for _, f := range faults {
		operation, left := f.Operation, strconv.Itoa(f.Count)
		if operation == "" {
			operation = "all"
		}
		if f.Count == 0 {
			left = "∞"
		}
		details, err := json.Marshal(f)
		if err != nil {
			return err
		}
		rows = append(rows, []string{operation, string(f.Action), strconv.Itoa(f.Skip), left, string(details)})
	}
	return table(cmd.OutOrStdout(), rows)
}
