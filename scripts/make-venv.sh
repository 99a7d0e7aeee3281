#!/bin/sh
# make-venv.sh PYTHON FOLDER: a virtual environment; on Debian as root it installs python3-venv when that is missing.
set -eu
python=$1 folder=$2
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11, 2))' || {
  echo "newsletter needs Python 3.11.2 or newer; $python is $("$python" --version 2>&1). Try: make PYTHON=python3.12" >&2
  exit 1
}
"$python" -c 'import ensurepip' 2>/dev/null || {
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
  else
    echo "Python's venv module is missing. On Debian or Ubuntu: sudo apt-get install python3-venv" >&2
    exit 1
  fi
}
rm -rf "$folder"
"$python" -m venv "$folder"
