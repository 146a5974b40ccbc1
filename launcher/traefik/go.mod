// Builds the real Traefik from its released module; every source is pinned by go.sum.
//
// Why v3.7.12: the next release needs a version of an ACME library that the public module
// proxy does not serve, so it cannot be built from modules. Containers use the official
// image of a later release instead.
//
// Why an older go-http-auth than Traefik's own replacement: that revision is not served
// either. It does basic and digest authentication, which our chain does not use.
//
// go.sum began as Traefik's own, because one dependency is missing from the checksum
// database. `go mod tidy` fails (test-only dependencies cannot be fetched) and is not needed.
module sallyport/traefik-build

go 1.26.0

require github.com/traefik/traefik/v3 v3.7.12

replace (
	github.com/abbot/go-http-auth => github.com/containous/go-http-auth v0.4.1-0.20200324110947-a37a7636d23e
	github.com/gorilla/mux => github.com/containous/mux v0.0.0-20250523120546-41b6ec3aed59
)

// Traefik's extension point: two empty structs, unused here.
replace github.com/traefik/traefik/dynamic/ext => ./ext

// Traefik's own go.mod excludes it too; excludes count only in the main module.
exclude github.com/tencentcloud/tencentcloud-sdk-go v3.0.83+incompatible
