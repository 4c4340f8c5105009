{{/* Written by `make generate` from the rules of the controllers; change those instead. */}}
{{- define "occm.rules.node-controller" -}}
- apiGroups:
  - ""
  resources:
  - events
  verbs:
  - create
  - patch
- apiGroups:
  - ""
  resources:
  - nodes
  verbs:
  - delete
  - get
  - list
  - patch
  - watch
- apiGroups:
  - ""
  resources:
  - nodes/status
  verbs:
  - patch
{{- end -}}
{{- define "occm.rules.route-controller" -}}
- apiGroups:
  - ""
  resources:
  - events
  verbs:
  - create
  - patch
- apiGroups:
  - ""
  resources:
  - nodes
  verbs:
  - list
  - watch
- apiGroups:
  - ""
  resources:
  - nodes/status
  verbs:
  - patch
{{- end -}}
{{- define "occm.rules.service-controller" -}}
- apiGroups:
  - ""
  resources:
  - events
  verbs:
  - create
  - patch
- apiGroups:
  - ""
  resources:
  - nodes
  verbs:
  - list
  - watch
- apiGroups:
  - ""
  resources:
  - services
  verbs:
  - get
  - list
  - watch
- apiGroups:
  - ""
  resources:
  - services/status
  verbs:
  - patch
{{- end -}}
{{- define "occm.rules.credentials" -}}
- apiGroups:
  - ""
  resources:
  - serviceaccounts
  verbs:
  - create
- apiGroups:
  - ""
  resourceNames:
  - node-controller
  - route-controller
  - service-controller
  resources:
  - serviceaccounts
  verbs:
  - get
- apiGroups:
  - ""
  resourceNames:
  - node-controller
  - route-controller
  - service-controller
  resources:
  - serviceaccounts/token
  verbs:
  - create
{{- end -}}
{{- define "occm.rules.process" -}}
- apiGroups:
  - ""
  resources:
  - events
  verbs:
  - create
  - patch
- apiGroups:
  - ""
  resources:
  - nodes
  verbs:
  - list
  - watch
- apiGroups:
  - ""
  resources:
  - services
  verbs:
  - list
  - watch
{{- end -}}
{{- define "occm.rules.all" -}}
- apiGroups:
  - ""
  resources:
  - events
  verbs:
  - create
  - patch
- apiGroups:
  - ""
  resources:
  - nodes
  verbs:
  - delete
  - get
  - list
  - patch
  - watch
- apiGroups:
  - ""
  resources:
  - nodes/status
  verbs:
  - patch
- apiGroups:
  - ""
  resources:
  - services
  verbs:
  - get
  - list
  - watch
- apiGroups:
  - ""
  resources:
  - services/status
  verbs:
  - patch
{{- end -}}
{{- define "occm.clients" -}}
["node-controller","route-controller","service-controller"]
{{- end -}}
