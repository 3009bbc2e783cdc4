{{/* What a schema cannot say of the values: two that do not go together. */}}
{{- define "eastwest.refused" -}}
{{- $replica := .Values.replica -}}
{{- if and .Values.source.enabled $replica.enabled -}}
{{- fail "source.enabled and replica.enabled: both make the databases of the namespace pxc; they are for two clusters" -}}
{{- end -}}
{{- if gt (int .Values.gateway.minReplicas) (int .Values.gateway.maxReplicas) -}}
{{- fail "gateway.minReplicas is more than gateway.maxReplicas" -}}
{{- end -}}
{{- if $replica.enabled -}}
{{- $_ := required "replica.gateway has to be the address of cluster A's gateway, or its name: `kubectl -n eastwest get service eastwest-gateway` in cluster A says it" $replica.gateway -}}
{{- if and (not $replica.gatewayCidrs) (not (include "eastwest.isAddress" $replica.gateway)) -}}
{{- fail (printf "replica.gateway is the name %s, and NetworkPolicies take none: say in replica.gatewayCidrs which networks it is in" $replica.gateway) -}}
{{- end -}}
{{- $pods := list -}}
{{- $ports := list -}}
{{- range $replica.aliases -}}
{{- $pods = append $pods .pod -}}
{{- $ports = append $ports (int .servicePort) -}}
{{- end -}}
{{- if ne (len $pods) (len (uniq $pods)) -}}
{{- fail "replica.aliases: one pod twice" -}}
{{- end -}}
{{- if ne (len $ports) (len (uniq $ports)) -}}
{{- fail "replica.aliases: one servicePort twice" -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* An address of IPv4 or IPv6, and no name. The schema lets nothing else be either. */}}
{{- define "eastwest.isAddress" -}}
{{- if or (contains ":" .) (regexMatch "^[0-9.]+$" .) }}yes{{ end -}}
{{- end }}
