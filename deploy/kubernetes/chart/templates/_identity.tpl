{{/* The volume with the certificate, what else its source needs in the pod, and what it may reach. */}}
{{- define "eastwest.identityVolume" -}}
{{- $identity := .root.Values.identity -}}
- name: identity
{{- if eq $identity.kind "secret" }}
  secret:
    secretName: {{ $identity.secretName | quote }}
    {{- if .group }}
    defaultMode: 0440
    {{- end }}
{{- else if eq $identity.kind "csi-driver-spiffe" }}
  csi:
    driver: spiffe.csi.cert-manager.io
    readOnly: true
    volumeAttributes:
      spiffe.csi.cert-manager.io/fs-group: "1337"
{{- else }}
  emptyDir:
    medium: Memory
{{- end }}
{{- end }}

{{- define "eastwest.identityVolumes" -}}
{{- if eq .Values.identity.kind "istiod" -}}
- name: istiod-root
  configMap:
    name: istio-ca-root-cert
- name: istiod-token
  projected:
    sources:
    - serviceAccountToken:
        path: istio-token
        expirationSeconds: 43200
        audience: istio-ca
- name: istio-pod
  downwardAPI:
    items:
    - path: labels
      fieldRef:
        fieldPath: metadata.labels
    - path: annotations
      fieldRef:
        fieldPath: metadata.annotations
- name: istio-proxy
  emptyDir:
    medium: Memory
- name: istio-socket
  emptyDir:
    medium: Memory
{{- end }}
{{- end }}

{{- define "eastwest.agent" -}}
{{- if eq .Values.identity.kind "istiod" -}}
- name: istio-agent
  image: docker.io/istio/proxyv2:1.30.3
  args: ["proxy", "sidecar", "--domain", "$(POD_NAMESPACE).svc.cluster.local"]
  env:
  - name: DISABLE_ENVOY
    value: "true"
  - name: OUTPUT_CERTS
    value: /identity
  - name: ISTIO_META_GENERATOR
    value: grpc
  - name: ISTIO_META_CLUSTER_ID
    value: {{ .Values.identity.clusterId | quote }}
  - name: PROXY_CONFIG
    value: '{"statusPort": 15022}'
  - name: JWT_POLICY
    value: third-party-jwt
  - name: PILOT_CERT_PROVIDER
    value: istiod
  - name: CA_ADDR
    value: istiod.istio-system.svc:15012
  - name: TRUST_DOMAIN
    value: cluster.local
  {{- range $name, $path := dict "POD_NAME" "metadata.name" "POD_NAMESPACE" "metadata.namespace" "INSTANCE_IP" "status.podIP" "SERVICE_ACCOUNT" "spec.serviceAccountName" "HOST_IP" "status.hostIP" }}
  - name: {{ $name }}
    valueFrom:
      fieldRef:
        fieldPath: {{ $path }}
  {{- end }}
  securityContext:
    {{- include "eastwest.confined" . | nindent 4 }}
    {{- include "eastwest.seccomp" . | nindent 4 }}
  volumeMounts:
  - name: identity
    mountPath: /identity
  - name: istiod-root
    mountPath: /var/run/secrets/istio
    readOnly: true
  - name: istiod-token
    mountPath: /var/run/secrets/tokens
    readOnly: true
  - name: istio-pod
    mountPath: /etc/istio/pod
    readOnly: true
  - name: istio-proxy
    mountPath: /etc/istio/proxy
  - name: istio-socket
    mountPath: /var/run/secrets/workload-spiffe-uds
  {{- include "eastwest.resources" (dict "cpu" "10m" "memory" "64Mi" "limit" "256Mi") | nindent 2 }}
{{- end }}
{{- end }}

{{- define "eastwest.toIstiod" -}}
{{- if eq .Values.identity.kind "istiod" -}}
- to:
  - namespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: istio-system
  ports:
  - protocol: TCP
    port: 15012
{{- end }}
{{- end }}
