{{/* Written by `make generate` from the rules of the controllers; change those instead. */}}
{{- define "cloud-controller-manager.rules.node-controller" -}}
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
{{- define "cloud-controller-manager.rules.route-controller" -}}
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
{{- define "cloud-controller-manager.rules.service-controller" -}}
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
{{- define "cloud-controller-manager.rules.tagging-controller" -}}
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
  - get
  - list
  - patch
  - watch
{{- end -}}
{{- define "cloud-controller-manager.rules.credentials" -}}
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
  - tagging-controller
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
  - tagging-controller
  resources:
  - serviceaccounts/token
  verbs:
  - create
{{- end -}}
{{- define "cloud-controller-manager.rules.process" -}}
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
{{- define "cloud-controller-manager.rules.all" -}}
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
{{- define "cloud-controller-manager.clients" -}}
["node-controller","route-controller","service-controller","tagging-controller"]
{{- end -}}
