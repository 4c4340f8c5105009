{{- define "cloud-controller-manager.name" -}}
{{ .Values.nameOverride }}
{{- end -}}

{{- define "cloud-controller-manager.chart" -}}
{{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{/* Labels of everything but the DaemonSet's pods. */}}
{{- define "cloud-controller-manager.labels" -}}
helm.sh/chart: {{ include "cloud-controller-manager.chart" . | quote }}
app.kubernetes.io/name: {{ include "cloud-controller-manager.name" . | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "cloud-controller-manager.tag" -}}
{{ .Values.image.tag | default .Chart.AppVersion | toString }}
{{- end -}}

{{- define "cloud-controller-manager.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ include "cloud-controller-manager.tag" . }}
{{- end -}}
{{- end -}}

{{/* "true" if the image is one of upstream's: its versions end where this project's begin. */}}
{{- define "cloud-controller-manager.upstreamImage" -}}
{{- $tag := include "cloud-controller-manager.tag" . -}}
{{- if and (not .Values.image.digest) (regexMatch "^v?[0-9]+\\.[0-9]+\\.[0-9]+" $tag) -}}
{{- if semverCompare "<1.37.0-0" $tag -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{/* The program's arguments, as a JSON list. */}}
{{- define "cloud-controller-manager.args" -}}
{{- $args := list -}}
{{- range concat (.Values.args | default list) (.Values.extraArgs | default list) -}}
{{- $args = append $args (toString .) -}}
{{- end -}}
{{- if .Values.cloudConfig -}}
{{- if include "cloud-controller-manager.flag" (dict "args" $args "name" "cloud-config") -}}
{{- fail "cloudConfig and the flag --cloud-config in args are both given; remove one" -}}
{{- end -}}
{{- $args = append $args "--cloud-config=/etc/aws-cloud-controller-manager/cloud.conf" -}}
{{- end -}}
{{- toJson $args -}}
{{- end -}}

{{/* Value of the flag .name in .args, in both forms; the last one counts. .switch: the flag may be alone. */}}
{{- define "cloud-controller-manager.flag" -}}
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

{{/* "true" if each controller uses a service account of its own. */}}
{{- define "cloud-controller-manager.ownAccounts" -}}
{{- $args := include "cloud-controller-manager.args" . | fromJsonArray -}}
{{- $v := include "cloud-controller-manager.flag" (dict "args" $args "name" "use-service-account-credentials" "switch" true) -}}
{{- if not (has $v (list "" "0" "f" "F" "false" "False" "FALSE")) -}}true{{- end -}}
{{- end -}}

{{/* User of the container where none is given: upstream's image runs as root, so that files of the host may be readable for root alone. */}}
{{- define "cloud-controller-manager.root" -}}
{{- $given := or (hasKey (.Values.securityContext | default dict) "runAsUser") (hasKey (.Values.podSecurityContext | default dict) "runAsUser") -}}
{{- $nonRoot := or (get (.Values.securityContext | default dict) "runAsNonRoot") (get (.Values.podSecurityContext | default dict) "runAsNonRoot") -}}
{{- if not (or $given $nonRoot) -}}
{{- range .Values.extraVolumes -}}
{{- if hasKey . "hostPath" -}}true{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
