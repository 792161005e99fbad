package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/config"
	"github.com/entrawatch/entrawatch/internal/health"
	"github.com/entrawatch/entrawatch/internal/state"
)

var statusHelp = help{
	about: "Asks the running service how it fares: green, yellow or red with the reasons and what to do, then each source with its logs, the outlets, and how events are stored. " +
		"When none answers, it says so and shows what the state knows from before.",
	usage: []string{"[-config FILE] [-json]"},
	examples: []example{
		{"entrawatch status -config entrawatch.yaml", "Whether all is well, and if not, what to do."},
		{"entrawatch status -json", "Everything, as /status of the service answers it."},
	},
	exits: []string{"it is green or yellow", "it is red or does not run, or the configuration is not right", "the command line is wrong, or there is no such file"},
}

// askFor is how long the service has for its answer. Docker waits for five seconds.
const askFor = 4 * time.Second

func runStatus(e *env, args []string) int {
	flags := newFlags(e, "status", statusHelp)
	name := flags.text("config", "FILE", "the configuration of the service, instead of "+configName, nil)
	asJSON := flags.on("json", "prints one JSON object")
	others, code, done := flags.parse(args)
	if done {
		return code
	}
	if len(others) > 0 {
		return flags.usage("unexpected argument %q; the configuration is named with -config", others[0])
	}
	cfg, code := readService(e, flags, *name)
	if cfg == nil {
		return code
	}
	ctx, stop := flags.interruptible()
	defer stop()
	h, err := askStatus(ctx, cfg.Listen)
	if errors.Is(err, errNobody) {
		e.complain(flags.Name(), err.Error())
		if h, err = lastKnown(ctx, cfg, e.now()); err != nil {
			return e.fail(flags.Name(), err)
		}
	}
	if err != nil {
		return e.fail(flags.Name(), err)
	}
	if *asJSON {
		err = writeJSON(e.stdout, h, "  ")
	} else {
		err = (&statusPage{h: h, width: min(e.out.width, statusWidth), screen: e.out}).write(e.stdout)
	}
	if err != nil {
		return e.fail(flags.Name(), err)
	}
	if h.State == health.Red {
		return exitFailed
	}
	return exitDone
}

var errNobody = errors.New("no service answers")

// lastKnown is what the state knows of a service that does not answer.
func lastKnown(ctx context.Context, cfg *config.Config, now time.Time) (*health.Health, error) {
	h, err := app.LastKnown(ctx, cfg, now)
	if errors.Is(err, state.ErrInUse) {
		return nil, errors.New("the service has the state, but does not answer yet: it is starting, or about to end")
	}
	if err != nil {
		return nil, err
	}
	if h == nil {
		return nil, fmt.Errorf("%s: there is no state in this folder: the service never ran with this configuration; \"entrawatch serve\" starts it", cfg.Data)
	}
	return h, nil
}

// askStatus asks the service that listens there.
func askStatus(ctx context.Context, listen string) (*health.Health, error) {
	address := dialable(listen)
	ctx, stop := context.WithTimeout(ctx, askFor)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/status", nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // and no proxy
	res, err := client.Do(req)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return nil, fmt.Errorf("%w at %s", errNobody, address)
	}
	if err != nil {
		return nil, fmt.Errorf("ask the service at %s: %w", address, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 64<<20))
	if err != nil {
		return nil, fmt.Errorf("ask the service at %s: %w", address, err)
	}
	var h health.Health
	if err := json.Unmarshal(body, &h); err != nil || res.StatusCode != http.StatusOK || h.State == "" {
		return nil, fmt.Errorf("something else answers at %s (%s); see what listens there, or set listen in the configuration", address, res.Status)
	}
	return &h, nil
}

// dialable is where one asks who listens on all addresses.
func dialable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip != nil && ip.To4() == nil {
			host = "::1"
		}
	}
	return net.JoinHostPort(host, port)
}
