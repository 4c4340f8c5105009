{{/* One value as the file has it: quoted, and escaped as its syntax wants. */}}
{{- define "occm.ini.value" -}}
{{- if kindIs "string" . -}}
"{{ . | replace "\\" "\\\\" | replace "\"" "\\\"" | replace "\n" "\\n" | replace "\t" "\\t" }}"
{{- else -}}
"{{ toJson . }}"
{{- end -}}
{{- end -}}

{{/* The keys of a section. A list repeats its key. */}}
{{- define "occm.ini.keys" -}}
{{- range $key, $value := . }}
{{- if kindIs "slice" $value }}
{{- range $value }}
{{ $key }} = {{ include "occm.ini.value" . }}
{{- end }}
{{- else if not (kindIs "invalid" $value) }}
{{ $key }} = {{ include "occm.ini.value" $value }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "occm.withClouds" -}}
{{- $c := .Values.clouds | default dict -}}
{{- if and $c.content $c.secret -}}
{{- fail "clouds.content and clouds.secret are both given; remove one" -}}
{{- end -}}
{{- if or $c.content $c.secret -}}true{{- end -}}
{{- end -}}

{{- define "occm.cloudsSecret" -}}
{{ .Values.clouds.secret | default (printf "%s-clouds" (include "occm.name" .)) }}
{{- end -}}

{{- define "occm.cloudConfig" -}}
{{- if .Values.cloudConfigContents -}}
{{ .Values.cloudConfigContents }}
{{- else -}}
{{- $c := .Values.cloudConfig | default dict -}}
{{- $global := $c.global | default dict -}}
{{- if include "occm.withClouds" . -}}
{{- $global = deepCopy $global -}}
{{- range $key, $value := dict "use-clouds" true "clouds-file" "/etc/openstack/clouds.yaml" -}}
{{- if not (hasKey $global $key) -}}{{- $_ := set $global $key $value -}}{{- end -}}
{{- end -}}
{{- end -}}
[Global]
{{- include "occm.ini.keys" $global }}

[Networking]
{{- include "occm.ini.keys" $c.networking }}

[LoadBalancer]
{{- include "occm.ini.keys" $c.loadBalancer }}
{{- range $name, $keys := $c.loadBalancerClass }}

[LoadBalancerClass {{ include "occm.ini.value" $name }}]
{{- include "occm.ini.keys" $keys }}
{{- end }}

[BlockStorage]
{{- include "occm.ini.keys" $c.blockStorage }}

[Metadata]
{{- include "occm.ini.keys" $c.metadata }}

[Route]
{{- include "occm.ini.keys" $c.route }}
{{ end -}}
{{- end -}}
