module fairlead.dev/e2e/gitops/judge

go 1.26.0

require (
	github.com/fluxcd/cli-utils v0.36.0-flux.15 // indirect
	sigs.k8s.io/cli-utils v0.37.2 // indirect
)
