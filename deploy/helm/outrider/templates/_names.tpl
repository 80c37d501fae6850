{{/* What things are called. */}}

{{- define "outrider.name" -}}
{{- $long := printf "%s-outrider" .Release.Name -}}
{{- contains "outrider" .Release.Name | ternary .Release.Name $long | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "outrider.injector" -}}
{{ include "outrider.name" . }}-injector
{{- end }}

{{- define "outrider.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{/* The Secret with the webhook's certificate. */}}
{{- define "outrider.injector.secret" -}}
{{- if eq .Values.injector.tls.source "provided" -}}
{{ .Values.injector.tls.secretName }}
{{- else -}}
{{ include "outrider.injector" . }}-tls
{{- end }}
{{- end }}

{{- define "outrider.labels" -}}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: outrider
app.kubernetes.io/name: outrider
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Call with (dict "root" $ "component" "injector"). What a Deployment selects by never changes. */}}
{{- define "outrider.selector" -}}
app.kubernetes.io/name: outrider
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* `config.file` cannot be read as a sidecar's: better said now than by probes that fail. */}}
{{- define "outrider.config.check" -}}
{{- $config := fromYaml .Values.config.file -}}
{{- with $config.Error }}{{ fail (printf "config.file is not YAML: %s" .) }}{{ end -}}
{{- $admin := $config.admin | default "" -}}
{{- if kindIs "map" $admin }}{{ $admin = $admin.address | default "" }}{{ end -}}
{{- if not (hasSuffix ":7879" $admin) -}}
{{- fail "config.file: `admin` has to be on port 7879, such as 0.0.0.0:7879" -}}
{{- end -}}
{{- if or (hasPrefix "127." $admin) (hasPrefix "localhost" $admin) (hasPrefix "[::1]" $admin) -}}
{{- fail "config.file: `admin` is on loopback, where neither probes nor Prometheus come; 0.0.0.0:7879 would do" -}}
{{- end -}}
{{- /* Without them the sidecar keeps them there by itself. */}}
{{- $intercept := $config.intercept | default dict -}}
{{- $files := kindIs "map" $intercept | ternary $intercept dict | dig "ca" dict -}}
{{- $cert := dir ($files.cert | default "") -}}
{{- $key := dir ($files.key | default "") -}}
{{- if and $files (or (ne $cert "/var/run/outrider/trust") (ne $key "/var/run/outrider/key")) -}}
{{- fail "config.file: `intercept.ca` wants `cert` in /var/run/outrider/trust and `key` in /var/run/outrider/key" -}}
{{- end -}}
{{- if or (eq .Values.injector.mode "redirect") (and .Values.demo.enabled (eq .Values.demo.mode "redirect")) -}}
{{- $found := dict -}}
{{- range kindIs "slice" $config.listen | ternary $config.listen list -}}
{{- if and (kindIs "map" .) (get . "transparent") (hasSuffix ":15443" (get . "address")) -}}
{{- $_ := set $found "it" true -}}
{{- end -}}
{{- end -}}
{{- if not $found -}}
{{- fail "config.file: redirect wants {address: 127.0.0.1:15443, transparent: true} among `listen`" -}}
{{- end -}}
{{- end -}}
{{- end }}
