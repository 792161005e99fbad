package cli

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/config"
)

var serveHelp = help{
	about: "Watches: reads the sources that the configuration names as they bring something, keeps every event, compares them with the baseline, and delivers alerts to the outlets. " +
		"What it has taken it does not lose, whenever it ends; where it ended it goes on. SIGTERM and SIGINT end it when what has arrived is stored. " +
		"SIGHUP has it read configuration, baseline and rules again; if these are not right it says so and keeps the old ones.",
	usage: []string{"[-config FILE]"},
	examples: []example{
		{"entrawatch config init -o entrawatch.yaml", "Writes a configuration to fill in."},
		{"entrawatch serve -config entrawatch.yaml", "Watches until it is told to end."},
	},
	exits: []string{"it was told to end, and everything is stored", "it could not go on, or the configuration is not right", "the command line is wrong, or there is no such file"},
}

// configName is the configuration that commands of the service read.
const configName = "entrawatch.yaml"

func runServe(e *env, args []string) int {
	flags := newFlags(e, "serve", serveHelp)
	name := flags.text("config", "FILE", "the configuration, instead of "+configName, nil)
	others, code, done := flags.parse(args)
	if done {
		return code
	}
	if len(others) > 0 {
		return flags.usage("unexpected argument %q; the configuration is named with -config", others[0])
	}
	cfg, code := openConfig(e, flags, *name)
	if cfg == nil {
		return code
	}
	known, code := serviceRules(e, flags, cfg)
	if known == nil {
		return code
	}
	log := slog.New(slog.NewTextHandler(e.stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	defer signal.Stop(reload)
	for {
		service, err := app.Open(ctx, cfg, *known, e.stdout, log)
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			log.Info("ended before it began; everything is stored")
			return exitDone
		}
		if err != nil {
			return e.fail(flags.Name(), err)
		}
		log.Info("watching", "sources", len(cfg.Sources), "outlets", len(cfg.Outlets), "rules", len(known.Rules), "data", cfg.Data)
		changed, err := service.RunUntilChanged(ctx, reload, func() bool {
			newCfg, _ := openConfig(e, flags, *name)
			if newCfg == nil {
				log.Error("the configuration is not right; the old one stays in force")
				return false
			}
			newKnown, _ := serviceRules(e, flags, newCfg)
			if newKnown == nil {
				log.Error("baseline or rules are not right; the old ones stay in force")
				return false
			}
			cfg, known = newCfg, newKnown
			return true
		})
		if err := errors.Join(err, service.Close()); err != nil {
			return e.fail(flags.Name(), err)
		}
		if !changed || ctx.Err() != nil {
			log.Info("ended; everything is stored")
			return exitDone
		}
		log.Info("configuration, baseline and rules are read again")
	}
}

// openConfig reads the configuration of the service, and tells what may not be
// meant. cfg is nil when there is nothing more to do.
func openConfig(e *env, flags *flagSet, name string) (cfg *config.Config, code int) {
	if cfg, code = readService(e, flags, name); cfg != nil {
		for _, n := range cfg.Notices {
			e.complain("", "notice: "+n)
		}
	}
	return cfg, code
}

// readService reads the configuration of the service. cfg is nil when there is
// nothing more to do.
func readService(e *env, flags *flagSet, name string) (cfg *config.Config, code int) {
	if name == "" {
		name = configName
	}
	cfg, err := config.Read(name, os.LookupEnv)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, flags.usage("%v; \"entrawatch config init\" writes one", err)
	}
	if err != nil {
		return nil, e.fail(flags.Name(), err)
	}
	return cfg, exitDone
}

// serviceRules loads what a configuration names of rules and baseline. It is nil
// when there is nothing more to do.
func serviceRules(e *env, flags *flagSet, cfg *config.Config) (*app.ServeConfig, int) {
	var out app.ServeConfig
	if cfg.Baseline != "" {
		b, code, done := loadBaseline(flags, string(cfg.Baseline), "")
		if done {
			return nil, code
		}
		out.Baseline = b
		// With all that it refers to: what these say is what rules mean.
		text, err := os.ReadFile(string(cfg.Baseline))
		if err != nil {
			return nil, e.fail(flags.Name(), err)
		}
		_, err = baseline.Parse(string(cfg.Baseline), text, func(other string) ([]byte, error) {
			if !filepath.IsAbs(other) {
				other = filepath.Join(filepath.Dir(string(cfg.Baseline)), other)
			}
			more, err := os.ReadFile(other)
			text = append(text, more...)
			return more, err
		})
		if err != nil {
			return nil, e.fail(flags.Name(), err)
		}
		out.BaselineText = text
	}
	var dirs []string
	for _, dir := range cfg.Rules {
		dirs = append(dirs, string(dir))
	}
	lib, code, failed := ruleFlags{dirs: &dirs}.load(flags, false)
	if failed {
		return nil, code
	}
	out.Rules = lib.Rules
	return &out, exitDone
}
