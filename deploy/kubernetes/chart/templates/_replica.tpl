{{- define "eastwest.channel" -}}
{{- $port := .port -}}
isSource: false
configuration:
  sourceRetryCount: 3
  sourceConnectRetry: 10
  ssl: false
sourcesList:
{{- range .aliases }}
- host: src-{{ .pod }}.pxc.svc.cluster.local
  port: {{ $port }}
  weight: {{ .weight }}
{{- end }}
{{- end }}

{{/* Lays the rules of mode redirect, and lays again what is lost. */}}
{{- define "eastwest.capture" -}}
{{- if eq .Values.replica.mode "redirect" -}}
- name: capture
  image: {{ include "eastwest.image" (dict "root" . "program" "shim") }}
  args: ["capture", "keep", "--every", "2s", "--dns", "--dns-port", "15053"{{ if .Values.ipv6 }}, "--ready-address=[::]:15031", "--route"{{ end }}]
  securityContext:
    allowPrivilegeEscalation: false
    capabilities:
      drop: ["ALL"]
      add: ["NET_ADMIN"]
    readOnlyRootFilesystem: true
    runAsNonRoot: false
    runAsUser: 0
    {{- include "eastwest.seccomp" . | nindent 4 }}
  ports:
  - name: status-capture
    containerPort: 15031
  livenessProbe:
    httpGet:
      path: /livez
      port: 15031
    {{- include "eastwest.patience" . | nindent 4 }}
  {{- include "eastwest.resources" (dict "cpu" "10m" "memory" "16Mi" "limit" "64Mi") | nindent 2 }}
{{ end }}
{{- end }}
