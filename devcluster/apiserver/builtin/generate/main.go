// Writes two tables of the built-in kinds, read from Kubernetes' own Go types: schema.json has their fields and how
// lists merge, field-numbers.json has the protobuf field numbers by which typed clients send them.
//
//	cd devcluster/apiserver/builtin/generate && go run . ..
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"sort"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	eventsv1 "k8s.io/api/events/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	_ "k8s.io/client-go/applyconfigurations/meta/v1" // keeps client-go, whose source is read, in go.mod
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"sigs.k8s.io/yaml"
)

var roots = []any{
	corev1.Namespace{}, corev1.Pod{}, corev1.Service{}, corev1.ConfigMap{}, corev1.Secret{}, corev1.ServiceAccount{},
	corev1.Event{}, corev1.Node{}, corev1.Endpoints{}, corev1.ResourceQuota{},
	appsv1.Deployment{}, appsv1.ReplicaSet{}, appsv1.ControllerRevision{},
	autoscalingv1.HorizontalPodAutoscaler{}, autoscalingv1.Scale{}, autoscalingv2.HorizontalPodAutoscaler{},
	discoveryv1.EndpointSlice{}, coordinationv1.Lease{}, eventsv1.Event{},
	rbacv1.Role{}, rbacv1.RoleBinding{}, rbacv1.ClusterRole{}, rbacv1.ClusterRoleBinding{},
	policyv1.PodDisruptionBudget{}, policyv1.Eviction{}, networkingv1.NetworkPolicy{}, networkingv1.Ingress{},
	schedulingv1.PriorityClass{}, storagev1.StorageClass{},
	authenticationv1.TokenReview{}, authenticationv1.TokenRequest{}, authenticationv1.SelfSubjectReview{},
	authorizationv1.SubjectAccessReview{}, authorizationv1.LocalSubjectAccessReview{},
	authorizationv1.SelfSubjectAccessReview{}, authorizationv1.SelfSubjectRulesReview{},
	apiextensionsv1.CustomResourceDefinition{}, apiregistrationv1.APIService{},
	admissionregistrationv1.ValidatingWebhookConfiguration{}, admissionregistrationv1.MutatingWebhookConfiguration{},
	metav1.DeleteOptions{},
}

type schema = map[string]any

// Types whose JSON is not that of their Go fields.
var special = map[string]schema{
	"v1.Time":                         {"type": "string", "format": "date-time"},
	"v1.MicroTime":                    {"type": "string", "format": "date-time"},
	"v1.Duration":                     {"type": "string"},
	"resource.Quantity":               {"x-kubernetes-int-or-string": true, "format": "quantity"},
	"intstr.IntOrString":              {"x-kubernetes-int-or-string": true, "format": "int-or-string"},
	"runtime.RawExtension":            {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
	"v1.FieldsV1":                     {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
	"v1.JSON":                         {"x-kubernetes-preserve-unknown-fields": true},
	"v1.JSONSchemaPropsOrBool":        {"x-kubernetes-preserve-unknown-fields": true},
	"v1.JSONSchemaPropsOrArray":       {"x-kubernetes-preserve-unknown-fields": true},
	"v1.JSONSchemaPropsOrStringArray": {"x-kubernetes-preserve-unknown-fields": true},
}

type applyField struct {
	Name string    `json:"name"`
	Type applyType `json:"type"`
}
type applyType struct {
	NamedType           string `json:"namedType"`
	ElementRelationship string `json:"elementRelationship"`
	List                *struct {
		ElementRelationship string   `json:"elementRelationship"`
		Keys                []string `json:"keys"`
	} `json:"list"`
	Map *struct {
		ElementRelationship string `json:"elementRelationship"`
	} `json:"map"`
}
type applyDefinition struct {
	Name string `json:"name"`
	Map  *struct {
		Fields              []applyField `json:"fields"`
		ElementRelationship string       `json:"elementRelationship"`
	} `json:"map"`
}

var (
	definitions = map[string]schema{}
	// Field numbers by model: "name", "+name" where a zero value is a value, "@model" where a struct is inlined.
	numbers = map[string]map[string]string{}
	applies = map[string]applyDefinition{}
)

func main() {
	loadApplySchema()
	for _, root := range roots {
		define(reflect.TypeOf(root))
	}
	patchUnmarked()
	write("schema.json", definitions)
	write("field-numbers.json", numbers)
}

// The merge rules of server-side apply are comments in the Go types; client-go carries them as one YAML text.
func loadApplySchema() {
	directory, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/client-go").Output()
	check(err)
	source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(directory)), "applyconfigurations/internal/internal.go"))
	check(err)
	text := string(source)
	start := strings.Index(text, "YAMLObject(`") + len("YAMLObject(`")
	end := strings.Index(text[start:], "`)")
	var parsed struct {
		Types []applyDefinition `json:"types"`
	}
	check(yaml.Unmarshal([]byte(text[start:start+end]), &parsed))
	for _, definition := range parsed.Types {
		applies[definition.Name] = definition
	}
}

// The generated apply configurations leave out these two groups.
func patchUnmarked() {
	for _, name := range []string{
		"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionStatus",
		"io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceStatus",
	} {
		conditions := definitions[name]["properties"].(schema)["conditions"].(schema)
		conditions["x-kubernetes-list-type"] = "map"
		conditions["x-kubernetes-list-map-keys"] = []string{"type"}
	}
}

func modelName(t reflect.Type) string {
	type named interface{ OpenAPIModelName() string }
	return reflect.New(t).Interface().(named).OpenAPIModelName()
}

func define(t reflect.Type) schema {
	name := modelName(t)
	reference := schema{"$ref": "#/definitions/" + name}
	if _, done := definitions[name]; done {
		return reference
	}
	definition := schema{"type": "object"}
	definitions[name] = definition
	properties := schema{}
	addFields(t, properties, applies[name])
	addNumbers(t, name)
	if len(properties) > 0 {
		definition["properties"] = properties
	}
	if apply := applies[name]; apply.Map != nil && apply.Map.ElementRelationship == "atomic" {
		definition["x-kubernetes-map-type"] = "atomic"
	}
	return reference
}

func addFields(t reflect.Type, properties schema, apply applyDefinition) {
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" && (field.Anonymous || strings.Contains(options, "inline")) {
			addFields(field.Type, properties, apply)
			continue
		}
		if name == "-" || name == "" {
			continue
		}
		property := schemaOf(field.Type)
		if strategy := field.Tag.Get("patchStrategy"); strategy != "" {
			property["x-kubernetes-patch-strategy"] = strategy
		}
		if key := field.Tag.Get("patchMergeKey"); key != "" {
			property["x-kubernetes-patch-merge-key"] = key
		}
		if apply.Map != nil {
			addMerge(property, name, apply.Map.Fields)
		}
		properties[name] = property
	}
}

func addNumbers(t reflect.Type, model string) {
	if _, done := numbers[model]; done {
		return
	}
	numbers[model] = map[string]string{}
	for i := range t.NumField() {
		field := t.Field(i)
		parts := strings.Split(field.Tag.Get("protobuf"), ",")
		if len(parts) < 2 {
			continue
		}
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" {
			inlined := modelName(field.Type)
			numbers[model][parts[1]] = "@" + inlined
			addNumbers(field.Type, inlined)
		} else if field.Type.Kind() == reflect.Pointer || !strings.Contains(options, "omit") {
			numbers[model][parts[1]] = "+" + name
		} else {
			numbers[model][parts[1]] = name
		}
	}
}

func addMerge(property schema, name string, fields []applyField) {
	for _, field := range fields {
		if field.Name != name {
			continue
		}
		if list := field.Type.List; list != nil && list.ElementRelationship == "associative" {
			if len(list.Keys) > 0 {
				property["x-kubernetes-list-type"] = "map"
				property["x-kubernetes-list-map-keys"] = list.Keys
			} else {
				property["x-kubernetes-list-type"] = "set"
			}
		}
		if m := field.Type.Map; m != nil && m.ElementRelationship == "atomic" || field.Type.ElementRelationship == "atomic" {
			property["x-kubernetes-map-type"] = "atomic"
		}
	}
}

func schemaOf(t reflect.Type) schema {
	if t.Kind() == reflect.Pointer {
		return schemaOf(t.Elem())
	}
	if known, ok := special[t.String()]; ok {
		copied := schema{}
		for key, value := range known {
			copied[key] = value
		}
		return copied
	}
	switch t.Kind() {
	case reflect.Struct:
		return define(t)
	case reflect.String:
		return schema{"type": "string"}
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.Int32:
		return schema{"type": "integer", "format": "int32"}
	case reflect.Int64, reflect.Int:
		return schema{"type": "integer", "format": "int64"}
	case reflect.Float32, reflect.Float64:
		return schema{"type": "number", "format": "double"}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return schema{"type": "string", "format": "byte"}
		}
		return schema{"type": "array", "items": schemaOf(t.Elem())}
	case reflect.Map:
		return schema{"type": "object", "additionalProperties": schemaOf(t.Elem())}
	}
	panic("no schema for " + t.String())
}

// One definition per line: changes between two Kubernetes releases then read as a diff.
func write[T any](file string, table map[string]T) {
	names := make([]string, 0, len(table))
	for name := range table {
		names = append(names, name)
	}
	sort.Strings(names)
	lines := make([]string, 0, len(names))
	for _, name := range names {
		body, err := json.Marshal(table[name])
		check(err)
		lines = append(lines, fmt.Sprintf("%q: %s", name, body))
	}
	text := "{\n" + strings.Join(lines, ",\n") + "\n}\n"
	check(os.WriteFile(filepath.Join(os.Args[1], file), []byte(text), 0o644))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
