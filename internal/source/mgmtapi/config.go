package mgmtapi

import (
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/setting"
	"github.com/entrawatch/entrawatch/internal/source/azure"
	"github.com/entrawatch/entrawatch/internal/spelling"
)

// Config is the section of the source.
type Config struct {
	// Entra says as which application the source signs in, and in which cloud.
	Entra azure.Auth `yaml:"entra"`
	// Endpoints replace addresses of the cloud, for clouds that are not in the list.
	Endpoints azure.Endpoints `yaml:"endpoints"`
	// Content lists the types of content to read. Sign-ins and changes of the
	// directory are in Audit.AzureActiveDirectory.
	Content []string `yaml:"content"`
	// Publisher is the id of a tenant, whose share of requests is used; the default
	// is the tenant that is read.
	Publisher string `yaml:"publisher"`
	// Since is how far back the first run reads. Content is kept for 7 days.
	Since time.Duration `yaml:"since"`
	// Poll is how often each type of content is asked for.
	Poll time.Duration `yaml:"poll"`
}

const (
	kept      = 7 * 24 * time.Hour // how long content can be listed
	directory = "Audit.AzureActiveDirectory"
)

var contents = []string{directory, "Audit.Exchange", "Audit.SharePoint", "Audit.General", "DLP.All"}

// Default returns a section that lacks only who signs in. It leaves out DLP.All,
// which needs a permission of its own.
func Default() *Config {
	return &Config{Content: slices.Clone(contents[:4]), Since: kept, Poll: time.Minute}
}

// Problems implements [setting.Section].
func (c *Config) Problems() []setting.Problem {
	out := c.Entra.Problems()
	add := func(key, what, hint string) { out = append(out, setting.Problem{Key: key, What: what, Hint: hint}) }
	if ends, ok := azure.Cloud(c.Entra.Cloud, c.Endpoints); ok && ends.Management == "" {
		add("entra.cloud", "has no Management Activity API", "remove the source; Microsoft Graph and Event Hubs have the logs of Entra there")
	}
	for _, e := range []struct{ key, address string }{{"login", c.Endpoints.Login}, {"management", c.Endpoints.Management}} {
		if _, ok := azure.Host(e.address); e.address != "" && !ok {
			add("endpoints."+e.key, "is not an address of the form https://HOST", "write it so, or leave it out")
		}
	}
	if len(c.Content) == 0 {
		add("content", "is empty", "name what to read: "+strings.Join(contents, ", "))
	}
	for i, name := range c.Content {
		switch {
		case !slices.Contains(contents, name):
			hint := "write one of " + strings.Join(contents, ", ")
			if near := spelling.Nearest(name, contents, 4); near != "" {
				hint = "did you mean " + near + "?"
			}
			add("content", `"`+name+`" is not known`, hint)
		case slices.Contains(c.Content[:i], name):
			add("content", name+" stands there twice", "remove one")
		}
	}
	if c.Publisher != "" && (azure.Auth{Tenant: c.Publisher}).TenantID() == "" {
		add("publisher", "is not the id of a tenant", "write an id such as 11111111-2222-3333-4444-555555555555, or leave it out")
	}
	for _, d := range []struct {
		key                string
		given, least, most time.Duration
	}{{"since", c.Since, 0, kept}, {"poll", c.Poll, 10 * time.Second, time.Hour}} {
		if d.given < d.least || d.given > d.most {
			add(d.key, "is "+d.given.String(), "write a time from "+d.least.String()+" to "+d.most.String())
		}
	}
	return out
}
