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
{{- if include "eastwest.leadsNowhere" $replica.gateway -}}
{{- fail (printf "replica.gateway is %s, an address of documentation or of one link alone, which leads nowhere" $replica.gateway) -}}
{{- end -}}
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

{{/* RFC 5737, RFC 3849 and RFC 9637; and what is for one link, RFC 3927 and RFC 4291. */}}
{{- define "eastwest.leadsNowhere" -}}
{{- if regexMatch "^(192\\.0\\.2\\.|198\\.51\\.100\\.|203\\.0\\.113\\.|169\\.254\\.|2001:0?db8:|3fff:0?[0-9a-f]{0,3}:|fe[89ab][0-9a-f]:)" . }}yes{{ end -}}
{{- end }}

{{/* An address of IPv4 or IPv6, and no name. The schema lets nothing else be either. */}}
{{- define "eastwest.isAddress" -}}
{{- if or (contains ":" .) (regexMatch "^[0-9.]+$" .) }}yes{{ end -}}
{{- end }}
