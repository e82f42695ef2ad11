// Command controlplane is a real Kubernetes control plane in one binary: the first argument names the component.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	etcd "go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

var kubernetes = map[string]func() *cobra.Command{
	"kube-apiserver":          apiserver.NewAPIServerCommand,
	"kube-controller-manager": controllermanager.NewControllerManagerCommand,
	"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
}

func main() {
	component := ""
	if len(os.Args) > 1 {
		component = os.Args[1]
		// Each component reads its own flags, as though it were a program of its own.
		os.Args = append([]string{component}, os.Args[2:]...)
	}
	newCommand, known := kubernetes[component]
	if !known && component != "etcd" {
		fmt.Fprintln(os.Stderr, "usage: controlplane etcd|kube-apiserver|kube-controller-manager|kube-scheduler [flags]")
		os.Exit(2)
	}
	go endWithStandardInput()
	if component == "etcd" {
		etcd.Main(os.Args)
		return
	}
	os.Exit(cli.Run(newCommand()))
}

// endWithStandardInput ends the process once whoever started it, and holds the other end of its standard input, is
// gone. At once, because what it stores is as short-lived as the test run.
func endWithStandardInput() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}
