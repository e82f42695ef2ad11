{{/* Names are those that the processes know one another by; one release per cluster, whatever its name. */}}

{{/* Labels of an object. Arguments: root, and name where the object belongs to one process. */}}
{{- define "fairlead.labels" -}}
app.kubernetes.io/part-of: fairlead
{{- with .name }}
app.kubernetes.io/name: {{ . }}
{{- end }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{/* Labels of a pod: only what does not change from version to version. Arguments: name, more. */}}
{{- define "fairlead.podLabels" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/part-of: fairlead
{{- with .more }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Reference of an image. Arguments: root, image. */}}
{{- define "fairlead.image" -}}
{{- if .image.digest -}}
{{ .image.repository }}@{{ .image.digest }}
{{- else -}}
{{ .image.repository }}:{{ .image.tag | default .root.Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* Where users reach the gateway, where the values say so. */}}
{{- define "fairlead.publicUrl" -}}
{{- $route := .Values.gateway.httpRoute -}}
{{- $ingress := .Values.gateway.ingress -}}
{{- if and $ingress.enabled $ingress.hosts -}}
{{ ternary "https" "http" (not (empty $ingress.tls)) }}://{{ first $ingress.hosts }}
{{- else if and $route.enabled $route.hostnames -}}
https://{{ first $route.hostnames }}
{{- else if .Values.gateway.http.enabled -}}
http://fairlead-gateway.{{ .Release.Namespace }}.svc{{ if ne (int .Values.gateway.service.port) 80 }}:{{ .Values.gateway.service.port }}{{ end }}
{{- else -}}
https://fairlead-gateway.{{ .Release.Namespace }}.svc{{ if ne (int .Values.gateway.service.tlsPort) 443 }}:{{ .Values.gateway.service.tlsPort }}{{ end }}
{{- end -}}
{{- end }}

{{/* The Secret with the certificate that users are shown. */}}
{{- define "fairlead.frontSecret" -}}
{{- with .Values.gateway.tls -}}
{{- if .secretName }}{{ .secretName }}{{ else if .certManager.enabled }}fairlead-gateway-front-tls{{ else }}fairlead-gateway-tls{{ end -}}
{{- end -}}
{{- end }}

{{/* The operator's configuration: what the chart knows, with the user's settings over it. */}}
{{- define "fairlead.operatorConfig" -}}
{{- $known := dict
  "systemNamespace" .Release.Namespace
  "sidecarImage" (include "fairlead.image" (dict "root" . "image" .Values.image))
  "imagePullPolicy" .Values.image.pullPolicy
  "publicUrl" (include "fairlead.publicUrl" .) -}}
{{- if .Values.certificates.certManager.enabled }}{{ $_ := set $known "certificates" (dict "authoritySecret" "fairlead-authority") }}{{ end -}}
{{ toYaml (mergeOverwrite $known (deepCopy .Values.operator.config)) }}
{{- end }}

{{/* The gateway's configuration; trust domain and default namespace have to be those of the operator. */}}
{{- define "fairlead.gatewayConfig" -}}
{{- $operator := .Values.operator.config -}}
{{- $known := dict
  "systemNamespace" .Release.Namespace
  "http" .Values.gateway.http.enabled
  "tls" .Values.gateway.tls.enabled
  "direct" true
  "apiUrl" (printf "https://fairlead-api.%s.svc:8443" .Release.Namespace)
  "demandUrl" (printf "https://fairlead-operator.%s.svc:8444/v1/demand" .Release.Namespace) -}}
{{- with $operator.trustDomain }}{{ $_ := set $known "trustDomain" . }}{{ end -}}
{{- with $operator.defaultNamespace }}{{ $_ := set $known "namespace" . }}{{ end -}}
{{- with .Values.identity.issuers }}{{ $_ := set $known "issuers" . }}{{ end -}}
{{ toYaml (mergeOverwrite $known (deepCopy .Values.gateway.config)) }}
{{- end }}

{{/* The api's configuration. */}}
{{- define "fairlead.apiConfig" -}}
{{- $known := dict
  "systemNamespace" .Release.Namespace
  "publicUrl" (include "fairlead.publicUrl" .) -}}
{{- with .Values.operator.config.trustDomain }}{{ $_ := set $known "trustDomain" . }}{{ end -}}
{{- with .Values.operator.config.publicUrl }}{{ $_ := set $known "publicUrl" . }}{{ end -}}
{{- with .Values.identity.issuers }}{{ $_ := set $known "issuers" . }}{{ end -}}
{{ toYaml (mergeOverwrite $known (deepCopy .Values.api.config)) }}
{{- end }}

{{/* Where the authorities of issuers' servers are. */}}
{{- define "fairlead.issuerMount" -}}
{{- if .Values.identity.issuerAuthorities -}}
- name: issuers
  mountPath: /etc/fairlead/issuers
  readOnly: true
{{- end -}}
{{- end }}

{{- define "fairlead.issuerVolume" -}}
{{- with .Values.identity.issuerAuthorities -}}
- name: issuers
  configMap:
    name: {{ . }}
{{- end -}}
{{- end }}

{{/* Seconds that a gateway's pod gets: to drain, to finish the requests under way, and a rest. */}}
{{- define "fairlead.gatewayGraceSeconds" -}}
{{- $config := .Values.gateway.config -}}
{{- $drain := dig "drainMs" 5000 $config | int -}}
{{- $finish := dig "shutdownGraceMs" 300000 $config | int -}}
{{ add 25 (div (add $drain $finish) 1000) }}
{{- end }}

{{/* What the pods of operator, gateway and api have in common. Arguments: root, name, values. */}}
{{- define "fairlead.podSpec" -}}
serviceAccountName: {{ .name }}
automountServiceAccountToken: true
enableServiceLinks: false
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.priorityClass.name }}
priorityClassName: {{ . }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  # So that the process may read what is mounted.
  fsGroup: 1000
  seccompProfile:
    type: RuntimeDefault
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - topologyKey: {{ . }}
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        app.kubernetes.io/name: {{ $.name }}
    matchLabelKeys: [pod-template-hash]
  {{- end }}
{{- end }}

{{/* How a container is confined; with the pod's own settings it passes Pod Security "restricted". */}}
{{- define "fairlead.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/*
How many replicas stay in a drain; refused where that is all of them, because then no drain ever ends. Kubernetes rounds
percents up. Arguments: name ("gateway"), values.
*/}}
{{- define "fairlead.minAvailable" -}}
{{- $wanted := .values.podDisruptionBudget.minAvailable -}}
{{- $replicas := int .values.replicas -}}
{{- $stay := int $wanted -}}
{{- if kindIs "string" $wanted -}}
{{- $stay = div (add (mul $replicas (trimSuffix "%" $wanted | int)) 99) 100 | int -}}
{{- end -}}
{{- if ge $stay $replicas -}}
{{- fail (printf "%s.podDisruptionBudget.minAvailable is %v, which is all of the %d replicas of %s.replicas: no node with one of them could ever be drained; lower it, raise %s.replicas, or set %s.podDisruptionBudget.enabled=false" .name $wanted $replicas .name .name .name) -}}
{{- end -}}
{{ $wanted }}
{{- end }}

{{/* Probes of a process, on its admin port. */}}
{{- define "fairlead.probes" -}}
readinessProbe:
  httpGet:
    path: /readyz
    port: admin
  periodSeconds: 2
livenessProbe:
  httpGet:
    path: /healthz
    port: admin
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
{{- end }}

{{/*
"true" where an object of the cluster keeps the API external.metrics.k8s.io for another adapter. Without a cluster (helm
template) there is none to ask, and the value decides alone.
*/}}
{{- define "fairlead.metricsApiTaken" -}}
{{- $found := lookup "apiregistration.k8s.io/v1" "APIService" "" "v1beta1.external.metrics.k8s.io" -}}
{{- if $found -}}
{{- $service := dig "spec" "service" (dict) $found -}}
{{- $isOurs := and (eq (dig "name" "" $service) "fairlead-operator") (eq (dig "namespace" "" $service) .Release.Namespace) -}}
{{- if not $isOurs }}true{{ end -}}
{{- end -}}
{{- end }}
