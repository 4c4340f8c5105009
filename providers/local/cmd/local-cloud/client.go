// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"sigs.k8s.io/cloud-providers/providers/local/api"
)

// clientFlags say which cloud a subcommand talks to.
type clientFlags struct{ endpoint, tokenFile string }

func (c *clientFlags) add(cmd *cobra.Command) {
	endpoint := os.Getenv("LOCAL_CLOUD_ENDPOINT")
	if endpoint == "" {
		endpoint = "http://" + defaultListen
	}
	cmd.PersistentFlags().StringVar(&c.endpoint, "endpoint", endpoint, "URL of the cloud; also $LOCAL_CLOUD_ENDPOINT.")
	cmd.PersistentFlags().StringVar(&c.tokenFile, "token-file", "", "File with the bearer token.")
}

func (c *clientFlags) client() (*api.Client, error) {
	return api.NewClient(c.endpoint, api.ClientOptions{TokenFile: c.tokenFile, UserAgent: "local-cloud-cli"})
}

// table prints rows in columns. The first row is the heading.
func table(w io.Writer, rows [][]string) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	return t.Flush()
}

// orNone shows an empty value as something that can be seen.
func orNone(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
