// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

import (
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Value is one documented value of a chart.
type Value struct {
	Name, Default, Text string
}

// Values reads a values.yaml with a comment above each value. A map whose own key has no comment stands for
// the values in it.
func Values(content []byte) ([]Value, error) {
	var file yaml.Node
	if err := yaml.Unmarshal(content, &file); err != nil {
		return nil, err
	}
	return valuesOf("", file.Content[0], true)
}

func valuesOf(prefix string, node *yaml.Node, first bool) ([]Value, error) {
	var all []Value
	for i := 0; i < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		name := prefix + key.Value
		comment := key.HeadComment
		if first { // the file's own comment ends with an empty line
			paragraphs := strings.Split(comment, "\n\n")
			comment = paragraphs[len(paragraphs)-1]
			first = false
		}
		text := strings.Join(strings.Fields(strings.ReplaceAll("\n"+comment, "\n#", " ")), " ")
		if text == "" {
			if value.Kind != yaml.MappingNode {
				return nil, fmt.Errorf("%s has no comment", name)
			}
			below, err := valuesOf(name+".", value, false)
			if err != nil {
				return nil, err
			}
			all = append(all, below...)
			continue
		}
		var decoded any
		if err := value.Decode(&decoded); err != nil {
			return nil, err
		}
		written, err := json.Marshal(decoded)
		if err != nil {
			return nil, err
		}
		all = append(all, Value{name, string(written), text})
	}
	return all, nil
}

// Table is the values for people.
func Table(values []Value) string {
	var out strings.Builder
	out.WriteString("| value | default | meaning |\n| --- | --- | --- |\n")
	for _, v := range values {
		fmt.Fprintf(&out, "| `%s` | `%s` | %s |\n", v.Name, v.Default, strings.ReplaceAll(v.Text, "|", `\|`))
	}
	return out.String()
}
