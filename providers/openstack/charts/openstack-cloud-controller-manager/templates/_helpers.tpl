{{- define "occm.name" -}}
{{ .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "occm.chart" -}}
{{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{/* Labels of objects. */}}
{{- define "occm.labels" -}}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
app.kubernetes.io/name: {{ include "occm.name" . | quote }}
helm.sh/chart: {{ include "occm.chart" . | quote }}
{{- end -}}

{{/* Labels by which pods are selected. They cannot be changed later: upstream's. */}}
{{- define "occm.selector" -}}
app: {{ include "occm.name" . | quote }}
component: controllermanager
release: {{ .Release.Name | quote }}
{{- end -}}

{{/* metadata of an object called .name, in .namespace unless that is empty. */}}
{{- define "occm.metadata" -}}
name: {{ .name | quote }}
{{- with .namespace }}
namespace: {{ . | quote }}
{{- end }}
labels:
  {{- include "occm.labels" .root | nindent 2 }}
{{- with .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "occm.tag" -}}
{{ .Values.image.tag | default .Chart.AppVersion | toString }}
{{- end -}}

{{- define "occm.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ include "occm.tag" . }}
{{- end -}}
{{- end -}}

{{/* "true" if the image is one of upstream's: its versions end where this project's begin. */}}
{{- define "occm.upstreamImage" -}}
{{- $tag := include "occm.tag" . -}}
{{- if and (not .Values.image.digest) (regexMatch "^v?[0-9]+\\.[0-9]+\\.[0-9]+" $tag) -}}
{{- if semverCompare "<1.37.0-0" $tag -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{/* controllerExtraArgs as a JSON list, whether they are text as with upstream or a list. */}}
{{- define "occm.extraArgs" -}}
{{- $given := .Values.controllerExtraArgs -}}
{{- if kindIs "string" $given -}}
{{- $given = tpl $given . | fromYamlArray -}}
{{- end -}}
{{- $args := list -}}
{{- range $given | default list -}}
{{- if or (kindIs "map" .) (kindIs "slice" .) (hasPrefix "error unmarshaling JSON" (toString .)) -}}
{{- fail (printf "controllerExtraArgs is not a list of flags: %s" (toJson .)) -}}
{{- end -}}
{{- $args = append $args (toString .) -}}
{{- end -}}
{{- toJson $args -}}
{{- end -}}

{{/* The program's arguments, as a JSON list. */}}
{{- define "occm.args" -}}
{{- $open := or (.Values.serviceMonitor | default dict).enabled (not .Values.hostNetwork) -}}
{{- $args := list
  (printf "--v=%v" .Values.logVerbosityLevel)
  "--cloud-config=$(CLOUD_CONFIG)"
  "--cluster-name=$(CLUSTER_NAME)"
  "--cloud-provider=openstack"
  "--use-service-account-credentials=false"
  (printf "--controllers=%s" (join "," (.Values.enabledControllers | default (list "*"))))
  (printf "--bind-address=%s" (ternary "0.0.0.0" "127.0.0.1" $open))
-}}
{{- if ne (toString .Values.port) "10258" -}}
{{- $args = append $args (printf "--secure-port=%v" .Values.port) -}}
{{- end -}}
{{- with .Values.leaderElection.name -}}
{{- $args = append $args (printf "--leader-elect-resource-name=%s" .) -}}
{{- end -}}
{{- toJson (concat $args (include "occm.extraArgs" . | fromJsonArray)) -}}
{{- end -}}

{{/* Value of the flag .name in .args, in both forms; the last one counts. .switch: the flag may be alone. */}}
{{- define "occm.flag" -}}
{{- $value := get . "default" -}}
{{- $next := false -}}
{{- $long := printf "--%s" .name -}}
{{- $switch := get . "switch" -}}
{{- range .args -}}
{{- if $next -}}
{{- $value = . -}}{{- $next = false -}}
{{- else if hasPrefix (printf "%s=" $long) . -}}
{{- $value = trimPrefix (printf "%s=" $long) . -}}
{{- else if eq . $long -}}
{{- if $switch -}}{{- $value = "true" -}}{{- else -}}{{- $next = true -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- $value -}}
{{- end -}}

{{- define "occm.ownAccounts" -}}
{{- $args := include "occm.args" . | fromJsonArray -}}
{{- $v := include "occm.flag" (dict "args" $args "name" "use-service-account-credentials" "switch" true) -}}
{{- if not (has $v (list "" "0" "f" "F" "false" "False" "FALSE")) -}}true{{- end -}}
{{- end -}}

{{/* A probe of /healthz, or nothing where it cannot be. */}}
{{- define "occm.probe" -}}
{{- $args := include "occm.args" . | fromJsonArray -}}
{{- $port := include "occm.flag" (dict "args" $args "name" "secure-port" "default" "10258") -}}
{{- $address := include "occm.flag" (dict "args" $args "name" "bind-address") -}}
{{- $everywhere := has $address (list "0.0.0.0" "::" "") -}}
{{- $paths := include "occm.flag" (dict "args" $args "name" "authorization-always-allow-paths" "default" "/healthz") -}}
{{- if and (.Values.probes | default dict).enabled (ne $port "0") (contains "/healthz" $paths) (or $everywhere .Values.hostNetwork) -}}
httpGet:
  {{- if not $everywhere }}
  host: {{ $address | quote }}
  {{- end }}
  path: /healthz
  port: {{ $port }}
  scheme: HTTPS
timeoutSeconds: 15
{{- end -}}
{{- end -}}
