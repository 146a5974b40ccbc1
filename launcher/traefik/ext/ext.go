// Package ext is Traefik's extension point, unused here.
package ext

// HTTP extends dynamic HTTP configuration with nothing.
type HTTP struct{}

// Router extends routers with nothing.
type Router struct{}
