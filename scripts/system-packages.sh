#!/bin/sh
# What the tests need beside Python: Chromium for the pages, the fonts that its pictures are compared in, tmux for the
# terminal, PostgreSQL's server programs for the second database. The benchmarks need the sqlite3 program and Postfix's smtp-sink and
# smtp-source as their references, the tests of a power cut strace.
set -eu
missing=""
command -v chromium >/dev/null || missing="$missing chromium"
ls /usr/share/fonts/truetype/liberation*/LiberationSans-Regular.ttf >/dev/null 2>&1 || missing="$missing fonts-liberation"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || missing="$missing postgresql"
command -v sqlite3 >/dev/null || missing="$missing sqlite3"
command -v strace >/dev/null || missing="$missing strace"
command -v tmux >/dev/null || missing="$missing tmux"
PATH="$PATH:/usr/sbin:/usr/libexec/postfix"
if ! command -v smtp-sink >/dev/null; then
  # Its package takes the place of any other mail server: where there is one, that is for its owner to decide.
  if command -v sendmail >/dev/null; then
    echo "Another mail server is installed: Postfix is left out, and the benchmarks will not measure sending." >&2
  else
    missing="$missing postfix"
  fi
fi
[ -z "$missing" ] && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "The tests need$missing. On Debian or Ubuntu: sudo sh $0" >&2
  exit 1
fi
echo "installing$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
case "$missing" in *postfix*)
  # Only its programs are wanted: it gets no configuration and is not started.
  apt-get install -y -qq --no-install-recommends debconf >/dev/null
  echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  ;;
esac
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $missing >/dev/null
