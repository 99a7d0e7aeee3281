#!/bin/sh
# What the tests need beside Python: Chromium for the pages (and a font for it), PostgreSQL's server programs for the
# second database. The benchmarks need the sqlite3 program as their reference.
set -eu
missing=""
command -v chromium >/dev/null || missing="$missing chromium fonts-liberation"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || missing="$missing postgresql"
command -v sqlite3 >/dev/null || missing="$missing sqlite3"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing$missing"
  DEBIAN_FRONTEND=noninteractive apt-get update -qq
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
  echo "The tests need$missing. On Debian or Ubuntu: sudo apt-get install$missing" >&2
  exit 1
fi
