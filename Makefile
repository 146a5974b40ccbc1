# The only interface of this repository; CI calls the same targets. `make` lists them.
# Recipes are POSIX sh. The project brings its own Node 24 in node_modules/.bin.

.DEFAULT_GOAL := help
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
# Called from elsewhere (make -f …/Makefile), every target is made again where this file is.
here := $(shell cd "$$(dirname -- '$(strip $(MAKEFILE_LIST))')" 2>/dev/null && pwd -P)
ifneq ($(or $(here),$(CURDIR)),$(CURDIR))

goals := $(or $(MAKECMDGOALS),help)
.PHONY: $(goals)
$(goals):
	@$(MAKE) -C '$(here)' $@

else

export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

launcher = exec node launcher/src/main.ts

.PHONY: help up down status logs doctor token ws rotate clean test check check-config idp-check routes bench format dependencies installed

help: ## list the targets
	@echo 'Sallyport – usage: make <target> [VARIABLE=value]'; echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' Makefile
	@echo; awk '/^#- / { sub(/^#- /, "  "); print }' Makefile

#- variables of up: DETACH=1 (return when ready), PUBLIC_PORT, MANAGEMENT_PORT (0 = any free one),
#-                  REPLICAS=2 (two pairs of Traefik and sidecar, two backends), STATE=redis (not memory),
#-                  SALLYPORT_STATE (state folder, .sallyport), SALLYPORT_LOG_LEVEL, WS_RATE_LIMIT
#- of logs: SERVICE=auth-sidecar-2 (or launcher), FOLLOW=1   of token and ws: LOGIN=bob (alice)
#- of rotate: KEY=, DROP_OLD=1 (old keys whose time is over) or now (all), NAME= (of KEY=admin)
#- of idp-check: ISSUER=url, AUDIENCE=name, KEYS=url of the key set, TOKEN=- (reads a token from standard input)
#- exit codes: make turns every code but 0 into 2. For scripts, the status itself ends with
#-             0 all ready, 1 some not, 3 nothing runs: node_modules/.bin/node launcher/src/main.ts status

up: dependencies ## start everything and say what to open
	@$(launcher) up

down: installed ## stop everything
	@$(launcher) down

status: installed ## show what runs
	@$(launcher) status

logs: installed ## show log lines (SERVICE=, FOLLOW=1)
	@$(launcher) logs $(SERVICE) $(if $(filter-out 0,$(FOLLOW)),--follow)

doctor: installed ## check this machine and say how to get what is missing
	@$(launcher) doctor

token: installed ## print a bearer token (LOGIN=bob)
	@$(launcher) token $(LOGIN)

ws: installed ## talk over a WebSocket from the shell (LOGIN=bob)
	@$(launcher) ws $(LOGIN)

rotate: installed ## new keys while everything runs (KEY=token, assertion, certificates or admin)
	@$(launcher) rotate $(KEY) $(if $(DROP_OLD),--drop-old=$(DROP_OLD)) $(if $(NAME),--name=$(NAME))

clean: installed ## stop everything and delete keys, demo users and logs
	@$(launcher) clean

test: dependencies ## run all tests (ONLY=unit,architecture,integration,replicas,e2e)
	@exec node tests/run.ts $(if $(ONLY),--only $(ONLY))

check: dependencies ## types, lint, format, settings
	@npm run --silent typecheck
	@npm run --silent lint
	@$(MAKE) check-config

routes: installed ## write Traefik's routes.yml from sallyport.yml
	@$(launcher) routes

check-config: dependencies ## let every service check its settings
	@$(launcher) check-config

idp-check: installed ## explain what the gate makes of an identity provider (ISSUER=url)
	@exec node auth-sidecar/src/idp-check/main.ts

bench: dependencies ## measure, one table of ratios
	@exec node bench/src/main.ts

format: dependencies ## format all sources
	@npm run --silent format

# Fresh ones: for what starts or tests something.
dependencies:
	@sh launcher/ensure-dependencies.sh

# Any: these look at or stop what runs, and must not replace the modules it runs from.
installed:
	@sh launcher/ensure-dependencies.sh --keep

endif
