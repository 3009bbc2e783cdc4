{{/* What all containers of ours have in common. */}}
{{- define "eastwest.image" -}}
{{ .root.Values.image.registry }}/eastwest-{{ .program }}:{{ .root.Values.image.tag }}
{{- end }}

{{/* Where pods have IPv6 addresses: what it answers at, as the end of a list of arguments. */}}
{{- define "eastwest.alsoIpv6" -}}
{{- if .root.Values.ipv6 }}
{{- range concat (list "--ready-address=[::]:15021" "--metrics-address=[::]:15020") (default list .more) }}, {{ . | quote }}{{ end }}
{{- end }}
{{- end }}

{{- define "eastwest.confined" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: ["ALL"]
readOnlyRootFilesystem: true
runAsGroup: 1337
runAsNonRoot: true
runAsUser: 1337
{{- end }}

{{- define "eastwest.seccomp" -}}
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "eastwest.liveness" -}}
livenessProbe:
  httpGet:
    path: /livez
    port: 15021
{{- end }}

{{/* Beside a database: a late answer on a busy node is no reason to cut a replica's connections. */}}
{{- define "eastwest.patience" -}}
timeoutSeconds: 5
failureThreshold: 6
{{- end }}

{{- define "eastwest.readiness" -}}
readinessProbe:
  httpGet:
    path: /healthz/ready
    port: 15021
  periodSeconds: 5
{{- end }}

{{- define "eastwest.statusPorts" -}}
- name: metrics
  containerPort: 15020
- name: status-port
  containerPort: 15021
{{- end }}

{{- define "eastwest.shimMounts" -}}
volumeMounts:
- name: identity
  mountPath: /identity
  readOnly: true
- name: manifests
  mountPath: /manifests
  readOnly: true
{{- end }}

{{- define "eastwest.resources" -}}
resources:
  requests:
    cpu: {{ .cpu }}
    memory: {{ .memory }}
  limits:
    memory: {{ .limit }}
{{- end }}

{{/* A shim beside a database: no readiness probe, which would take it out of service. */}}
{{- define "eastwest.databaseShim" -}}
name: shim
image: {{ include "eastwest.image" (dict "root" .root "program" "shim") }}
{{- $listens := list }}
{{- if .port }}{{ $listens = list "--inbound-listen=[::]:15444" }}{{ end }}
args: ["-f", "/manifests", "--identity", "/identity"{{ range .args }}, {{ . | quote }}{{ end }}{{ include "eastwest.alsoIpv6" (dict "root" .root "more" $listens) }}]
securityContext:
  {{- include "eastwest.confined" . | nindent 2 }}
  {{- include "eastwest.seccomp" . | nindent 2 }}
ports:
{{- with .port }}
- name: mtls-in
  containerPort: {{ . }}
{{- end }}
{{ include "eastwest.statusPorts" . }}
{{ include "eastwest.liveness" . }}
  {{- include "eastwest.patience" . | nindent 2 }}
{{ include "eastwest.shimMounts" . }}
{{ include "eastwest.resources" (dict "cpu" "50m" "memory" "32Mi" "limit" "256Mi") }}
{{- end }}

{{- define "eastwest.spread" -}}
- maxSkew: 1
  topologyKey: {{ .key }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      app.kubernetes.io/name: {{ .name }}
{{- end }}

{{/* What a capture mode alone has. */}}
{{- define "eastwest.ofMode" -}}
{{- with .mode }}
labels:
  eastwest.dev/mode: {{ . }}
{{- end }}
{{- end }}

{{- define "eastwest.budget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ .name }}
  namespace: {{ .namespace }}
  {{- include "eastwest.ofMode" . | nindent 2 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      app.kubernetes.io/name: {{ .name }}
{{- end }}

{{- define "eastwest.account" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ .name }}
  namespace: {{ .namespace }}
  {{- include "eastwest.ofMode" . | nindent 2 }}
automountServiceAccountToken: false
{{- end }}

{{- define "eastwest.toDns" -}}
- to:
  - namespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: kube-system
  ports:
  - protocol: UDP
    port: 53
  - protocol: TCP
    port: 53
{{- end }}

{{- define "eastwest.toGateway" -}}
{{- $address := .Values.replica.gateway -}}
- to:
  {{- range default (list (printf "%s/%s" $address (ternary "128" "32" (contains ":" $address)))) .Values.replica.gatewayCidrs }}
  - ipBlock:
      cidr: {{ . | quote }}
  {{- end }}
  ports:
  - protocol: TCP
    port: 15443
{{- end }}
