{{/* Name of everything that belongs to the operator. Its servers let in pods with this label, whatever the release is called. */}}
{{- define "brazier.name" -}}brazier-operator{{- end }}

{{/* Labels that select the operator's pods. */}}
{{- define "brazier.selector" -}}
app.kubernetes.io/name: {{ include "brazier.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Labels of every object. */}}
{{- define "brazier.labels" -}}
{{ include "brazier.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: brazier
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}
