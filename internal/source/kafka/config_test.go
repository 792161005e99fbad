package kafka

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/entrawatch/entrawatch/internal/setting"
	"github.com/entrawatch/entrawatch/internal/source/azure"
)

const rightString = "Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=listen;SharedAccessKey=c2VjcmV0"

func TestProblems(t *testing.T) {
	secret := setting.NewSecret
	cert, key := authority(t)
	other, _ := authority(t)
	broker, topic := []string{"kafka.contoso.com:9093"}, []string{"signins"}
	entra := azure.Auth{Method: azure.ByManagedIdentity}
	for _, tc := range []struct {
		name string
		cfg  Config
		keys []string // of the problems
	}{
		{"a namespace", Config{ConnectionString: secret(rightString), Topics: []string{"insights-logs-*"}}, nil},
		{"one event hub", Config{ConnectionString: secret(rightString + ";EntityPath=signins\n")}, nil},
		{"a namespace without topics", Config{ConnectionString: secret(rightString)}, []string{"topics"}},
		{"no endpoint", Config{ConnectionString: secret("SharedAccessKeyName=listen;SharedAccessKey=c2VjcmV0"), Topics: topic}, []string{"connection_string"}},
		{"no key", Config{ConnectionString: secret("Endpoint=sb://contoso.servicebus.windows.net/"), Topics: topic}, []string{"connection_string"}},
		{"brokers twice", Config{ConnectionString: secret(rightString), Brokers: broker, Topics: topic}, []string{"brokers"}},
		{"tokens", Config{Brokers: broker, Topics: topic, Entra: entra}, nil},
		{"two ways", Config{Brokers: broker, Topics: topic, Entra: entra, User: "alice", Password: secret("x")}, []string{"connection_string"}},
		{"wrong tokens", Config{Brokers: broker, Topics: topic, Entra: azure.Auth{Method: "magic"}}, []string{"entra.method"}},
		{"a password", Config{Brokers: broker, Topics: topic, User: "alice", Password: secret("x")}, nil},
		{"no password", Config{Brokers: broker, Topics: topic, User: "alice"}, []string{"user"}},
		{"nothing", Config{}, []string{"brokers", "topics"}},
		{"no port", Config{Brokers: []string{"kafka.contoso.com"}, Topics: topic}, []string{"brokers[0]"}},
		{"no name of a topic", Config{Brokers: broker, Topics: []string{"a b", "c"}}, []string{"topics[0]"}},
		{"no TLS", Config{Brokers: broker, Topics: topic, TLS: TLS{Off: true}}, nil},
		{"no TLS with Event Hubs", Config{ConnectionString: secret(rightString), Topics: topic, TLS: TLS{Off: true}}, []string{"tls.off"}},
		{"certificates", Config{Brokers: broker, Topics: topic, TLS: TLS{CA: secret(cert), Certificate: secret(cert), Key: secret(key)}}, nil},
		{"certificates without TLS", Config{Brokers: broker, Topics: topic, TLS: TLS{Off: true, CA: secret(cert)}}, []string{"tls.off"}},
		{"no certificate", Config{Brokers: broker, Topics: topic, TLS: TLS{CA: secret("x")}}, []string{"tls.ca"}},
		{"no key of it", Config{Brokers: broker, Topics: topic, TLS: TLS{Certificate: secret(cert)}}, []string{"tls.certificate"}},
		{"another key", Config{Brokers: broker, Topics: topic, TLS: TLS{Certificate: secret(other), Key: secret(key)}}, []string{"tls.certificate"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.cfg.Group = Default().Group
			var keys []string
			for _, p := range tc.cfg.Problems() {
				keys = append(keys, p.Key)
				if text := fmt.Sprint(p); strings.Contains(text, "c2VjcmV0") || p.What == "" || p.Hint == "" {
					t.Errorf("%q", text)
				}
			}
			if !slices.Equal(keys, tc.keys) {
				t.Errorf("problems with %v, want %v", keys, tc.keys)
			}
		})
	}
	if keys := (&Config{Brokers: broker, Topics: topic}).Problems(); len(keys) != 1 || keys[0].Key != "group" {
		t.Errorf("without a group: %v", keys)
	}
}
