#!/bin/sh
# make-venv.sh PYTHON FOLDER: a virtual environment; on Debian as root it installs what that needs.
set -eu
python=$1 folder=$2

install() {
  DEBIAN_FRONTEND=noninteractive apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}
may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

command -v "$python" >/dev/null || {
  echo "There is no $python. On Debian or Ubuntu: sudo apt-get install python3 python3-venv" >&2
  exit 1
}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11, 2))' || {
  echo "newsletter needs Python 3.11.2 or newer; $python is $("$python" --version 2>&1). Try: make PYTHON=python3.12" >&2
  exit 1
}
"$python" -c 'import ensurepip, venv' 2>/dev/null || {
  if may_install; then
    echo "installing python3-venv"
    install python3-venv
  fi
  "$python" -c 'import ensurepip, venv' 2>/dev/null || {
    echo "Python's venv module is missing. On Debian or Ubuntu: sudo apt-get install python3-venv" >&2
    exit 1
  }
}
rm -rf "$folder"
"$python" -m venv "$folder"
