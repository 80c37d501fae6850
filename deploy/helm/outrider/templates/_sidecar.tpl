{{/* The sidecar, its volumes and what the application is told: what `outrider inject` makes of a pod. */}}

{{/* 14661 is nobody else's: the rules of `redirect` let this user's connections through. */}}
{{- define "outrider.security" -}}
runAsUser: 14661
runAsGroup: 14661
runAsNonRoot: true
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{/* Installs the redirection, then ends. That takes NET_ADMIN, which only root has without file capabilities. */}}
{{- define "outrider.init" -}}
name: outrider-init
image: {{ include "outrider.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args: [init, --uid, "14661", --port, "15443"]
securityContext:
  runAsUser: 0
  runAsGroup: 0
  runAsNonRoot: false
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL], add: [NET_ADMIN]}
  seccompProfile: {type: RuntimeDefault}
resources:
  requests: {cpu: 10m, memory: 16Mi}
  limits: {memory: 64Mi}
{{- end }}

{{- define "outrider.sidecar" -}}
name: outrider
image: {{ include "outrider.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
# A native sidecar: starts before the application, ends after it. No preStop: it would run while the application still
# works.
restartPolicy: Always
args: [run, -c, /etc/outrider/outrider.yaml]
env:
  - {name: OUTRIDER_CA_CERT, value: /var/run/outrider/trust/ca.pem}
  - {name: OUTRIDER_CA_KEY, value: /var/run/outrider/key/ca.key}
  - {name: STATE_DIRECTORY, value: /var/lib/outrider}
{{- with .Values.sidecar.secretNames }}
envFrom:
  {{- range . }}
  - secretRef: {name: {{ . }}}
  {{- end }}
{{- end }}
ports:
  - {name: outrider-admin, containerPort: 7879}
# The application's containers start when this has succeeded: the listeners are bound, the trust bundle is written.
startupProbe:
  httpGet: {path: /readyz, port: outrider-admin}
  periodSeconds: 1
  failureThreshold: 60
readinessProbe:
  httpGet: {path: /readyz, port: outrider-admin}
  periodSeconds: 5
securityContext:
  {{- include "outrider.security" . | nindent 2 }}
resources:
  {{- toYaml .Values.sidecar.resources | nindent 2 }}
volumeMounts:
  - {name: outrider-config, mountPath: /etc/outrider, readOnly: true}
  - {name: outrider-key, mountPath: /var/run/outrider/key}
  - {name: outrider-trust, mountPath: /var/run/outrider/trust}
  - {name: outrider-tmp, mountPath: /tmp}
  - {name: outrider-ledger, mountPath: /var/lib/outrider}
{{- end }}

{{/* The whole folder is mounted: a file by `subPath` would never change. */}}
{{- define "outrider.volumes" -}}
- name: outrider-config
  configMap: {name: {{ .Values.config.name }}}
# The authority's key, in memory, for the sidecar alone; it outlives a restart of the container.
- name: outrider-key
  emptyDir: {medium: Memory, sizeLimit: 1Mi}
- name: outrider-trust
  emptyDir: {medium: Memory, sizeLimit: 4Mi}
- name: outrider-tmp
  emptyDir: {sizeLimit: 16Mi}
# What was spent of budgets: it outlives a restart of the container.
- name: outrider-ledger
  {{- if .Values.demo.ledgerClaim }}
  persistentVolumeClaim: {claimName: {{ .Values.demo.ledgerClaim }}}
  {{- else }}
  emptyDir: {sizeLimit: 128Mi}
  {{- end }}
{{- end }}

{{- define "outrider.app.mounts" -}}
- {name: outrider-trust, mountPath: /var/run/outrider/trust, readOnly: true}
{{- end }}

{{/* Call with (dict "mode" "proxy"). A bundle replaces a runtime's own roots, so it holds those too; Node adds. */}}
{{- define "outrider.app.env" -}}
{{- if eq .mode "proxy" }}
- {name: HTTPS_PROXY, value: "http://127.0.0.1:7878"}
# Node does not look at HTTPS_PROXY without it.
- {name: NODE_USE_ENV_PROXY, value: "1"}
# Programs differ in which of the two they read.
- {name: NO_PROXY, value: {{ include "outrider.app.near" "," }}}
- {name: no_proxy, value: {{ include "outrider.app.near" "," }}}
{{- end }}
- {name: SSL_CERT_FILE, value: /var/run/outrider/trust/bundle.pem}
- {name: REQUESTS_CA_BUNDLE, value: /var/run/outrider/trust/bundle.pem}
- {name: CURL_CA_BUNDLE, value: /var/run/outrider/trust/bundle.pem}
- {name: AWS_CA_BUNDLE, value: /var/run/outrider/trust/bundle.pem}
- {name: PIP_CERT, value: /var/run/outrider/trust/bundle.pem}
- {name: GIT_SSL_CAINFO, value: /var/run/outrider/trust/bundle.pem}
- {name: GRPC_DEFAULT_SSL_ROOTS_FILE_PATH, value: /var/run/outrider/trust/bundle.pem}
- {name: NODE_EXTRA_CA_CERTS, value: /var/run/outrider/trust/ca.pem}
- {name: DENO_CERT, value: /var/run/outrider/trust/ca.pem}
- name: JAVA_TOOL_OPTIONS
  value: >-
    -Djavax.net.ssl.trustStore=/var/run/outrider/trust/truststore.jks
    {{- if eq .mode "proxy" }}
    -Dhttps.proxyHost=127.0.0.1
    -Dhttps.proxyPort=7878
    -Dhttp.nonProxyHosts=localhost|127.*|[::1]|*.svc|*.cluster.local|$(KUBERNETES_SERVICE_HOST)
    {{- end }}
{{- end }}

{{/* What is not asked for through Outrider: this pod and its cluster. */}}
{{- define "outrider.app.near" -}}
{{ list "localhost" "127.0.0.1" "::1" ".svc" ".cluster.local" "$(KUBERNETES_SERVICE_HOST)" | join . | quote }}
{{- end }}
