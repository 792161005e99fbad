package azure

import (
	"net/url"
	"slices"
	"strings"
)

// Endpoints are the addresses of a cloud, each https://HOST. Empty ones in a
// configuration are those of the cloud that it names.
type Endpoints struct {
	// Login issues tokens.
	Login string `yaml:"login"`
	// Graph is Microsoft Graph.
	Graph string `yaml:"graph"`
	// ResourceManager is Azure Resource Manager.
	ResourceManager string `yaml:"resource_manager"`
	// Management is the Office 365 Management Activity API.
	Management string `yaml:"management"`
}

// clouds lists the clouds by the names that configurations use.
var clouds = []struct {
	name string
	Endpoints
}{
	{"global", Endpoints{"https://login.microsoftonline.com", "https://graph.microsoft.com", "https://management.azure.com", "https://manage.office.com"}},
	// GCC signs in and uses Graph as the global cloud does.
	{"us-gcc", Endpoints{"https://login.microsoftonline.com", "https://graph.microsoft.com", "https://management.azure.com", "https://manage-gcc.office.com"}},
	{"us-gov-l4", Endpoints{"https://login.microsoftonline.us", "https://graph.microsoft.us", "https://management.usgovcloudapi.net", "https://manage.office365.us"}},
	{"us-gov-l5", Endpoints{"https://login.microsoftonline.us", "https://dod-graph.microsoft.us", "https://management.usgovcloudapi.net", "https://manage.protection.apps.mil"}},
	// The cloud that 21Vianet runs has no Management Activity API.
	{"china", Endpoints{"https://login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn", "https://management.chinacloudapi.cn", ""}},
}

// Clouds lists the names of the clouds.
func Clouds() []string {
	var out []string
	for _, c := range clouds {
		out = append(out, c.name)
	}
	return out
}

// Cloud returns the endpoints of a cloud by its name, replaced by those that are
// given; "" is global. ok is false if there is no such cloud.
func Cloud(name string, instead Endpoints) (e Endpoints, ok bool) {
	if name == "" {
		name = "global"
	}
	i := slices.IndexFunc(clouds, func(c struct {
		name string
		Endpoints
	},
	) bool {
		return c.name == name
	})
	if i < 0 {
		return Endpoints{}, false
	}
	e = clouds[i].Endpoints
	for _, x := range []struct{ to, from *string }{
		{&e.Login, &instead.Login}, {&e.Graph, &instead.Graph}, {&e.ResourceManager, &instead.ResourceManager}, {&e.Management, &instead.Management},
	} {
		if *x.from != "" {
			*x.to = strings.TrimSuffix(*x.from, "/")
		}
	}
	return e, true
}

// Host returns the host, with the port if there is one, of an address that may be
// asked: https, with nothing but a host and a path.
func Host(address string) (host string, ok bool) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Opaque != "" {
		return "", false
	}
	return strings.ToLower(u.Host), true
}

// Same reports whether two addresses are at the same host.
func Same(a, b string) bool {
	x, ok := Host(a)
	y, ok2 := Host(b)
	return ok && ok2 && x == y
}
