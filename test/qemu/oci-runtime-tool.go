// SPDX-License-Identifier: LGPL-2.1-or-later

// Debian ships the OCI project's runtime-tools as a library only: this is the
// "generate" of oci-runtime-tool on top of it, with the tool's option names.
package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-tools/generate"
)

// change is one option's effect; options apply in the order of the line.
type change func(value string) error

func (c change) String() string         { return "" }
func (c change) Set(value string) error { return c(value) }

// setting is an option of the form --name or --name=false.
type setting struct{ change }

func (s setting) IsBoolFlag() bool { return true }

func pair(value, separator string) (string, string, error) {
	parts := strings.SplitN(value, separator, 2)
	if len(parts) != 2 {
		return "", "", fmt.Errorf("want NAME%sVALUE", separator)
	}
	return parts[0], parts[1], nil
}

func onPair(set func(name, value string)) change {
	return func(value string) error {
		name, rest, err := pair(value, "=")
		if err == nil {
			set(name, rest)
		}
		return err
	}
}

func onText(set func(string)) change {
	return func(value string) error { set(value); return nil }
}

func onNumber(set func(int64)) change {
	return func(value string) error {
		number, err := strconv.ParseInt(value, 0, 64)
		if err == nil {
			set(number)
		}
		return err
	}
}

func onBool(set func(bool)) setting {
	return setting{func(value string) error {
		truth, err := strconv.ParseBool(value)
		if err == nil {
			set(truth)
		}
		return err
	}}
}

func addRlimit(g *generate.Generator) change {
	return func(value string) error {
		name, limits, err := pair(value, ":")
		if err != nil {
			return err
		}
		hard, soft, err := pair(limits, ":")
		if err != nil {
			return err
		}
		hardValue, err := strconv.ParseUint(hard, 0, 64)
		if err != nil {
			return err
		}
		softValue, err := strconv.ParseUint(soft, 0, 64)
		if err == nil {
			g.AddProcessRlimits(name, hardValue, softValue)
		}
		return err
	}
}

func options(g *generate.Generator) *flag.FlagSet {
	var args []string
	set := flag.NewFlagSet("generate", flag.ExitOnError)
	table := []struct {
		name   string
		effect flag.Value
	}{
		{"args", onText(func(arg string) {
			args = append(args, arg)
			g.SetProcessArgs(args)
		})},
		{"env", onPair(g.AddProcessEnv)},
		{"process-cwd", onText(g.SetProcessCwd)},
		{"process-uid", onNumber(func(n int64) { g.SetProcessUID(uint32(n)) })},
		{"process-gid", onNumber(func(n int64) { g.SetProcessGID(uint32(n)) })},
		{"process-add-gid", onNumber(func(n int64) {
			g.AddProcessAdditionalGid(uint32(n))
		})},
		{"process-umask", onNumber(func(n int64) {
			g.SetProcessUmask(uint32(n))
		})},
		{"process-cap-add", change(g.AddProcessCapability)},
		{"process-cap-drop", change(g.DropProcessCapability)},
		{"process-rlimits-add", addRlimit(g)},
		{"process-oom-score-adj", onNumber(func(n int64) {
			g.SetProcessOOMScoreAdj(int(n))
		})},
		{"process-no-new-privileges", onBool(g.SetProcessNoNewPrivileges)},
		{"process-terminal", onBool(g.SetProcessTerminal)},
		{"hostname", onText(g.SetHostname)},
		{"rootfs-path", onText(g.SetRootPath)},
		{"rootfs-readonly", onBool(g.SetRootReadonly)},
		{"annotations", onPair(g.AddAnnotation)},
		{"linux-sysctl", onPair(g.AddLinuxSysctl)},
		{"linux-mem-limit", onNumber(g.SetLinuxResourcesMemoryLimit)},
	}
	for _, row := range table {
		set.Var(row.effect, row.name, "as of oci-runtime-tool generate")
	}
	return set
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "oci-runtime-tool:", err)
	os.Exit(1)
}

func main() {
	if len(os.Args) < 2 || os.Args[1] != "generate" {
		fmt.Fprintln(os.Stderr,
			"usage: oci-runtime-tool generate [OPTION]... >config.json")
		os.Exit(2)
	}
	generator, err := generate.New("linux")
	if err != nil {
		fail(err)
	}
	set := options(&generator)
	set.Parse(os.Args[2:])
	if set.NArg() > 0 {
		fail(fmt.Errorf("unexpected %q", set.Arg(0)))
	}
	if err := generator.Save(os.Stdout, generate.ExportOptions{}); err != nil {
		fail(err)
	}
}
