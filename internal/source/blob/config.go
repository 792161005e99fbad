package blob

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/entrawatch/entrawatch/internal/setting"
	"github.com/entrawatch/entrawatch/internal/source/azure"
)

// Config is the section of a source that reads an Azure Storage account.
type Config struct {
	// Account is the name of the storage account, or its address if that is not
	// https://NAME.blob.core.windows.net or the same in the cloud of entra.
	Account string `yaml:"account"`
	// Entra signs in with Microsoft Entra ID.
	Entra azure.Auth `yaml:"entra"`
	// ConnectionString is that of the account's access keys, in place of account.
	ConnectionString setting.Secret `yaml:"connection_string"`
	// SAS is a blob service SAS URL of the account, in place of account.
	SAS setting.Secret `yaml:"sas"`
	// Containers are the names of containers; * stands for any characters.
	Containers []string `yaml:"containers"`
	// Since is how far back to begin, the first time.
	Since time.Duration `yaml:"since"`
	// Poll is how often to look for more.
	Poll time.Duration `yaml:"poll"`
}

// Default returns a section in which only what has no default is missing.
func Default() *Config {
	return &Config{Containers: []string{"insights-logs-*"}, Since: 7 * 24 * time.Hour, Poll: 30 * time.Second}
}

var (
	legalAccount   = regexp.MustCompile(`^[a-z0-9]{3,24}$`)
	legalContainer = regexp.MustCompile(`^[a-z0-9$*-]{1,63}$`)
)

// Problems lists what is wrong with the values.
func (c *Config) Problems() []setting.Problem {
	var out []setting.Problem
	wrong := func(key, what, hint string) { out = append(out, setting.Problem{Key: key, What: what, Hint: hint}) }

	ways := 0
	for _, used := range []bool{c.Entra.Configured(), c.ConnectionString.Configured(), c.SAS.Configured()} {
		if used {
			ways++
		}
	}
	switch {
	case ways == 0:
		wrong("entra", "there is no way to sign in", "give one of entra with account, connection_string, and sas")
	case ways > 1:
		wrong("entra", "there is more than one way to sign in", "keep one of entra, connection_string, and sas")
	case c.Entra.Configured() && c.Account == "":
		wrong("account", "is missing", "write the name of the storage account")
	case !c.Entra.Configured() && c.Account != "":
		wrong("account", "the connection string or SAS says which account it is", "remove account")
	}
	if c.Account != "" && !legalAccount.MatchString(c.Account) && !isURL(c.Account) {
		wrong("account", fmt.Sprintf("%q is neither the name of a storage account nor an https address", c.Account), "a name has 3 to 24 lower-case letters and digits")
	}
	if text := c.ConnectionString.Text(); text != "" {
		if _, err := service.NewClientFromConnectionString(strings.TrimSpace(text), nil); err != nil {
			wrong("connection_string", "is not one of a storage account", "copy it from Access keys of the account: DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…")
		}
	}
	if text := strings.TrimSpace(c.SAS.Text()); text != "" && (!isURL(text) || !strings.Contains(text, "sig=")) {
		wrong("sas", "is not the address of a blob service with a signature", "copy Blob service SAS URL from Shared access signature of the account; it holds ?sv=… and sig=…")
	}
	if len(c.Containers) == 0 {
		wrong("containers", "is empty", `leave it out for "insights-logs-*"`)
	}
	for i, name := range c.Containers {
		if !legalContainer.MatchString(name) {
			wrong(fmt.Sprintf("containers[%d]", i), fmt.Sprintf("%q cannot be the name of a container", name), "lower-case letters, digits and hyphens; * stands for any of them")
		}
	}
	if c.Since < 0 {
		wrong("since", "is negative", "write a duration such as 7d")
	}
	if c.Poll < time.Second {
		wrong("poll", "is less than a second", "write a duration such as 30s")
	}
	if c.Entra.Configured() {
		out = append(out, c.Entra.Problems()...)
	}
	return out
}

// isURL accepts http for emulators on this machine only.
func isURL(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return false
	}
	host := u.Hostname()
	return u.Scheme == "https" || u.Scheme == "http" && (host == "127.0.0.1" || host == "localhost")
}

// domains are where blobs are kept, by cloud.
var domains = map[string]string{
	"": "blob.core.windows.net", "global": "blob.core.windows.net", "us-gcc": "blob.core.windows.net",
	"us-gov-l4": "blob.core.usgovcloudapi.net", "us-gov-l5": "blob.core.usgovcloudapi.net", "china": "blob.core.chinacloudapi.cn",
}

// address is that of the account.
func (c *Config) address() string {
	if isURL(c.Account) {
		return c.Account
	}
	return "https://" + c.Account + "." + domains[c.Entra.Cloud] + "/"
}

// end is until when the SAS is valid; ok is false where there is none, or it does
// not say.
func (c *Config) end() (end time.Time, ok bool) {
	text := c.SAS.Text()
	if u, err := url.Parse(strings.TrimSpace(text)); err == nil {
		text = u.RawQuery
	}
	for part := range strings.SplitSeq(c.ConnectionString.Text(), ";") {
		if key, value, _ := strings.Cut(part, "="); strings.EqualFold(strings.TrimSpace(key), "SharedAccessSignature") {
			text = strings.TrimPrefix(strings.TrimSpace(value), "?")
		}
	}
	q, err := url.ParseQuery(text)
	if err != nil {
		return time.Time{}, false
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z", "2006-01-02"} {
		if end, err := time.Parse(layout, q.Get("se")); err == nil {
			return end, true
		}
	}
	return time.Time{}, false
}

// expired reports whether the SAS says that its time is over.
func (c *Config) expired(now time.Time) bool {
	end, ok := c.end()
	return ok && now.After(end)
}
