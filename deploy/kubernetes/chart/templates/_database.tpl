{{/* Of all that a database needs to live and to be shut: neither an uninstall nor a part that is switched off
takes it away. */}}
{{- define "eastwest.kept" -}}
annotations:
  helm.sh/resource-policy: keep
{{- end }}

{{/* What source and replica have in common; `root`, `sidecars`, `volumes`, `channel` and `configuration` are texts. */}}
{{- define "eastwest.database" -}}
{{- $pxc := .root.Values.pxc -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: db-pxc
  namespace: pxc
  {{- include "eastwest.kept" . | nindent 2 }}
---
apiVersion: pxc.percona.com/v1
kind: PerconaXtraDBCluster
metadata:
  name: db
  namespace: pxc
  {{- include "eastwest.kept" . | nindent 2 }}
  {{- if .sidecars }}
  labels:
    eastwest.dev/identity: volume
  {{- end }}
spec:
  crVersion: {{ $pxc.crVersion | quote }}
  updateStrategy: SmartUpdate
  upgradeOptions:
    apply: disabled
  secretsName: {{ $pxc.secretsName | quote }}
  pxc:
    size: {{ $pxc.size }}
    image: {{ $pxc.image | quote }}
    serviceAccountName: db-pxc
    volumeSpec:
      persistentVolumeClaim:
        resources:
          requests:
            storage: {{ $pxc.storage | quote }}
    replicationChannels:
    - name: {{ $pxc.channel | quote }}
      {{- .channel | nindent 6 }}
    {{- with .configuration }}
    configuration: |
      {{- . | nindent 6 }}
    {{- end }}
    {{- with .sidecars }}
    sidecars:
    {{- . | nindent 4 }}
    {{- end }}
    {{- with .volumes }}
    sidecarVolumes:
    {{- . | nindent 4 }}
    {{- end }}
  haproxy:
    enabled: true
    size: 2
    image: {{ $pxc.haproxyImage | quote }}
{{- end }}

{{/* HAProxy leads to the databases' own port, past the shims. */}}
{{- define "eastwest.proxyPolicy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: db-haproxy
  namespace: pxc
  {{- include "eastwest.kept" . | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/component: haproxy
      app.kubernetes.io/instance: db
  policyTypes: ["Ingress"]
  ingress:
  - from:
    - podSelector: {}
  {{- range .Values.pxc.clients }}
  - from:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {{ . | quote }}
    ports:
    - protocol: TCP
      port: 3306
    - protocol: TCP
      port: 3307
  {{- end }}
  {{- include "eastwest.fromOperator" . | nindent 2 }}
{{- end }}

{{/* The operator, where it is of another namespace. */}}
{{- define "eastwest.fromOperator" -}}
{{- with .Values.pxc.operatorNamespace -}}
- from:
  - namespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: {{ . | quote }}
  ports:
  - protocol: TCP
    port: 3306
  - protocol: TCP
    port: 33062
{{- end }}
{{- end }}

{{- define "eastwest.databaseNamespace" -}}
{{- if .root.Values.createNamespaces -}}
apiVersion: v1
kind: Namespace
metadata:
  name: pxc
  {{- include "eastwest.kept" . | nindent 2 }}
  labels:
    pod-security.kubernetes.io/enforce: {{ .level }}
---
{{- end }}
{{- end }}

{{- define "eastwest.databaseVolumes" -}}
{{ include "eastwest.identityVolume" . }}
- name: manifests
  configMap:
    name: {{ .manifests }}
{{ include "eastwest.identityVolumes" .root }}
{{- end }}

{{/* Who asks cert-manager for a certificate in the name of its own account. */}}
{{- define "eastwest.mayAsk" -}}
{{- if eq .Values.identity.kind "csi-driver-spiffe" -}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: eastwest-certificates
  namespace: pxc
  {{- include "eastwest.kept" . | nindent 2 }}
rules:
- apiGroups: ["cert-manager.io"]
  resources: ["certificaterequests"]
  verbs: ["create"]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: eastwest-certificates
  namespace: pxc
  {{- include "eastwest.kept" . | nindent 2 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: eastwest-certificates
subjects:
{{- range list "db-pxc" "eastwest-egress" }}
- kind: ServiceAccount
  name: {{ . }}
  namespace: pxc
{{- end }}
{{- end }}
{{- end }}
