# What the launcher and the test run need from the system. Sourced, not run.

# The .NET SDK that global.json asks for.
need_sdk() {
  if ! command -v dotnet >/dev/null; then
    echo "parley: the .NET 10 SDK is missing. Install it from https://dot.net/download, or with your package manager (dotnet-sdk-10.0)." >&2
    return 69
  fi
  if ! dotnet --version >/dev/null 2>&1; then
    echo "parley: the .NET 10 SDK is missing; found: $(dotnet --list-sdks 2>/dev/null | cut -d' ' -f1 | paste -sd' ' || true)." \
      "Install it from https://dot.net/download, or with your package manager (dotnet-sdk-10.0)." >&2
    return 69
  fi
}

# need_packages PACKAGE... : installs Debian packages as root or by sudo without a prompt; otherwise says the command.
need_packages() {
  local as_root=()
  if [ "$(id -u)" != 0 ]; then
    if ! { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }; then
      echo "parley: missing: $*. Install with: sudo apt-get install -y $*" >&2
      return 69
    fi
    as_root=(sudo -n)
  fi
  if ! command -v apt-get >/dev/null; then
    echo "parley: missing: $*. Install them with your package manager." >&2
    return 69
  fi
  echo "parley: installing $* ..." >&2
  if ! { "${as_root[@]}" apt-get update -qq && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } >/dev/null 2>&1; then
    echo "parley: could not install: $*. Try: sudo apt-get update && sudo apt-get install -y $*" >&2
    return 69
  fi
}
