#!/bin/sh
# Before every target: node_modules is what package-lock.json says, and there is a Node that runs the sources.
# Says one line when it has to install; nothing otherwise. Runs from the repository's root.
# --keep: what is installed stays even when it is not what the lock says, a system may be running from it.
set -eu

lock=package-lock.json
stamp=node_modules/.sallyport-lock
installing=.sallyport-installing

install() {
  if ! command -v npm >/dev/null 2>&1; then
    echo 'npm is missing: install Node with npm (20 or newer) from https://nodejs.org and try again' >&2
    exit 1
  fi
  # A folder can be made by one process only. Whoever finds it waits for the other to finish.
  if ! mkdir "$installing" 2>/dev/null; then
    echo "another process is installing dependencies, waiting (if none is: rmdir $installing)" >&2
    while [ -d "$installing" ]; do sleep 1; done
    if cmp -s "$lock" "$stamp"; then return 0; fi
    mkdir "$installing"
  fi
  trap 'rmdir "$installing" 2>/dev/null || :' EXIT
  trap 'exit 130' INT TERM HUP
  echo 'installing dependencies (npm ci)' >&2
  # npm runs on the machine's own Node: ours is in the folder that npm ci deletes first.
  PATH=${PATH#"$PWD/node_modules/.bin:"} npm ci --include=dev --include=optional --loglevel=error --no-audit --no-fund >&2
  cp "$lock" "$stamp"
  rmdir "$installing"
  trap - EXIT INT TERM HUP
}

if [ "${1:-}" = --keep ] && [ -f "$stamp" ]; then
  :
elif ! cmp -s "$lock" "$stamp"; then
  install
fi

if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 24 || (a === 24 && b >= 7) ? 0 : 1)' 2>/dev/null; then
  echo "Node 24.7 or newer is needed, this is $(node --version 2>/dev/null || echo none)." >&2
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64 | Linux-aarch64 | Linux-arm64)
      # Forgotten, so that the next call installs again.
      rm -f "$stamp"
      echo 'The Node that the project brings was not installed, or does not run here.' >&2
      echo 'Check the network and try again, or install Node 24 from https://nodejs.org and put it on PATH.' >&2
      ;;
    *)
      echo 'This platform has no bundled one: install Node 24 from https://nodejs.org and put it on PATH.' >&2
      ;;
  esac
  exit 1
fi
