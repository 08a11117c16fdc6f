#!/bin/sh
# Fetches files of a Bootwright release and verifies them, for a daemon or a unit of the system that was booted.
#
#   fetch-artifacts.sh [--manifest URL] [--to FOLDER] [--tries N] PATH...
#   fetch-artifacts.sh [--manifest URL] --list [PATH...]
#   curl -fsS http://server/fetch-artifacts.sh | sh -s -- --to /srv 'artifacts/*'
#
# PATH is a file of the release, a folder of it, or a pattern, in which * stands for anything, / too; '*' is all.
# --manifest: the URL of manifest.json. Without it, bootwright.manifest=URL on the kernel's command line counts, else
#   manifest.json in the folder of root=live:URL or in one of the two above it.
# --to: where files go, under their paths in the release; by default the current folder.
# --tries: how often each is tried; by default 5 times. --list: prints mode, size and path instead.
#
# A file gets its name when it is whole, has the SHA-256 of the manifest, and its mode. One that is right already is
# not fetched again, and a broken transfer is gone on with, by the next run too. Runs may go side by side. Nothing is
# written outside of FOLDER. Needs awk, sha256sum, and curl or wget; busybox has them.
#
# Exit status: 0 all that was asked for is there; 1 some of it is not; 2 wrong usage; 3 no manifest was found;
# 4 the manifest can't be used; 5 a PATH matches nothing; 6 a program is missing, or FOLDER can't be written to.

# Names are bytes here, whatever language the system speaks.
export LC_ALL=C
unset CDPATH
set -uf
own=.fetch-artifacts child='' scratch='' part='' kept='' unmatched='' matched=' ' failures=0

say() { printf 'fetch-artifacts: %s\n' "$*" >&2; }
has() { command -v "$1" > /dev/null 2>&1; }
die() { status=$1 && shift && say "$@" && exit "$status"; }
usage() { die 2 "$1; usage: fetch-artifacts.sh [--manifest URL] [--to FOLDER] [--tries N] [--list] PATH..."; }
size_of() { wc -c < "$1" | tr -d ' '; }
is_right() { sum=$(sha256sum < "$1") && [ "${sum%% *}" = "$sha256" ]; }

# What came of a file waits for the next run, under a name that no run writes to.
set_aside() {
  if [ -n "$part" ] && [ -s "$part" ]; then mv -f "$part" "$kept"; fi
  part=
}

clean_up() {
  trap - EXIT HUP INT TERM
  if [ -n "$child" ]; then kill "$child" && wait "$child"; fi 2> /dev/null
  set_aside
  if [ -n "$scratch" ]; then rm -rf "$scratch"; fi
}

# download URL FILE BYTES: goes on with what is in FILE. A server that sends much more than BYTES is cut off.
download() {
  (
    # In blocks of 512 bytes.
    ulimit -f $(($3 / 512 + 1)) 2> /dev/null
    if has curl; then
      exec curl -fsSgL --proto =http,https --connect-timeout 10 --speed-time 60 --speed-limit 1 -C - -o "$2" "$1"
    fi
    case $(wget --version 2> /dev/null) in
      *GNU*) exec wget -nv --no-iri -c -t 1 -T 60 -O "$2" "$1" ;;
      *) exec wget -q -c -O "$2" "$1" ;;
    esac
  ) < /dev/null >&2 &
  child=$!
  wait "$child"
  status=$?
  child=
  return "$status"
}

# The last value of an argument on the kernel's command line.
kernel_argument() {
  tr ' ' '\n' < "${FETCH_ARTIFACTS_CMDLINE:-/proc/cmdline}" | sed -n "s/^$1=//p" | tail -n 1
}

# Where the manifest may be, best first.
manifest_urls() {
  url=$(kernel_argument bootwright.manifest)
  case $url in ?*) printf '%s\n' "$url" && return ;; esac
  url=$(kernel_argument root)
  case $url in live:http://*/* | live:https://*/*) ;; *) return ;; esac
  url=${url#live:} rest=${url#*://} rest=${rest%%[?#]*}
  for _ in 1 2 3; do
    case $rest in */*) rest=${rest%/*} ;; *) break ;; esac
    printf '%s://%s/manifest.json\n' "${url%%:*}" "$rest"
  done
}

# Prints three lines for each entry: "kind mode size sha256 url", path, target. What would break a line is written as
# printf's %b reads it. Ends with 4 at a line that Bootwright would not write, and where an entry leads outside.
read_manifest() {
  awk -v own="$own" '
    function fail(reason) {
      if (!failed) printf "fetch-artifacts: line %d of the manifest: %s\n", NR, reason > "/dev/stderr"
      failed = 1
      exit 4
    }
    # What a string of JSON means. Of \u, JSON.stringify writes control characters alone.
    function unescape(text,   out, char, at) {
      while ((at = match(text, /[\\\177]/)) > 0) {
        char = substr(text, at, substr(text, at, 1) != "\\" ? 1 : substr(text, at + 1, 1) == "u" ? 6 : 2)
        if (!(char in meanings)) fail("an escape that is not known")
        out = out substr(text, 1, at - 1) meanings[char]
        text = substr(text, at + length(char))
      }
      return out text
    }
    function value(text) {
      sub(/^[^:]*: /, "", text)
      sub(/,$/, "", text)
      if (text ~ /^".*"$/) return unescape(substr(text, 2, length(text) - 2))
      if (text !~ /^[0-9]+$/) fail("neither a string nor a number")
      return text
    }
    # Folders above the path, or -1 where it is none inside of the release.
    function depth(path,   parts) {
      if (path == "" || path ~ /^\/|\/$|\/\/|(^|\/)\.\.?(\/|$)|\\0000/) return -1
      return index(path "/", own "/") == 1 ? -1 : split(path, parts, "/") - 1
    }
    # A link goes up at its beginning alone, so that it stays inside also where it leads over other links.
    function stays(target, above) {
      while (sub(/^\.\.(\/|$)/, "", target)) above--
      return above >= 0 && target !~ /^\/|(^|\/)\.\.(\/|$)|\\0000/
    }
    function finish(   above) {
      above = depth(entry["path"])
      if (above < 0) fail("a path that leads outside")
      if (entry["kind"] == "symlink") {
        if (entry["target"] == "" || !stays(entry["target"], above)) fail("a link that leads outside")
        print "symlink - 0 - -\n" entry["path"] "\n" entry["target"]
        return
      }
      if (entry["kind"] != "file" || entry["mode"] !~ /^0[0-7][0-7][0-7]$/) fail("neither a file nor a link")
      if (entry["sizeBytes"] !~ /^[0-9]+$/ || length(entry["sizeBytes"]) > 15) fail("a size that is none")
      if (entry["sha256"] !~ /^[0-9a-f]+$/ || length(entry["sha256"]) != 64) fail("a hash that is none")
      # What a server makes for each machine has none, and what lies on an nfs server can be mounted.
      if (entry["url"] == "" || entry["url"] !~ /^https?:\/\// && entry["url"] ~ /^\/|^[^\/]*:/) return
      if (entry["url"] !~ /^[!-~]+$/) fail("a URL that is none")
      print "file", entry["mode"], entry["sizeBytes"], entry["sha256"], entry["url"] "\n" entry["path"] "\n"
    }
    BEGIN {
      for (code = 0; code < 32; code++) meanings[sprintf("\\u%04x", code)] = sprintf("\\0%03o", code)
      meanings["\\b"] = "\\0010"; meanings["\\t"] = "\\0011"; meanings["\\n"] = "\\0012"
      meanings["\\f"] = "\\0014"; meanings["\\r"] = "\\0015"; meanings["\177"] = "\\0177"
      meanings["\\\""] = "\""; meanings["\\/"] = "/"; meanings["\\\\"] = "\\0134"
    }
    /[\001-\037]/ { fail("a control character") }
    state == "" && /^  "format": 1,?$/ { format = 1 }
    state == "" && /^  "entries": \[$/ { state = "entries"; next }
    state == "entries" && /^    \{$/ { state = "entry"; split("", entry); next }
    state == "entries" && /^  \],?$/ { state = "end" }
    state == "entry" && /^    \},?$/ { finish(); state = "entries"; next }
    state == "entry" && match($0, /^      "[A-Za-z0-9]+": /) { entry[substr($0, 8, RLENGTH - 10)] = value($0); next }
    state ~ /^entr/ { fail("not as Bootwright writes it") }
    END { if (failed || format != 1 || state != "end") fail("this is none that can be read here") }
  ' "$1"
}

# Gives $decoded, without a process where nothing is escaped.
decode() {
  decoded=$1
  case $1 in *\\*) decoded=$(printf '%b/' "$1") && decoded=${decoded%/} ;; esac
}

# Whether $decoded was asked for; $matched lists which of all that was asked for did match something.
is_wanted() {
  wanted=1 count=0
  for pattern in "$@"; do
    count=$((count + 1))
    pattern=${pattern#./} pattern=${pattern#/} pattern=${pattern%/}
    # shellcheck disable=SC2254 # The last one is meant as a pattern.
    case $decoded in "$pattern" | "$pattern"/* | $pattern) wanted=0 ;; *) continue ;; esac
    case $matched in *" $count "*) ;; *) matched="$matched$count " ;; esac
  done
  return "$wanted"
}

# Makes the folders of ./$decoded, through no symbolic link, and removes one that stands where the file shall be.
make_way() {
  folder=. rest=$decoded
  while :; do
    case $rest in */*) ;; *) break ;; esac
    folder=$folder/${rest%%/*} rest=${rest#*/}
    if [ -L "$folder" ]; then say "$shown: a symbolic link is in the way" && return 1; fi
    if [ ! -d "$folder" ] && ! mkdir -p "$folder"; then return 1; fi
  done
  if [ -L "./$decoded" ]; then rm -f "./$decoded"; fi
  if [ -d "./$decoded" ]; then say "$shown: a folder is in the way" && return 1; fi
}

is_link() {
  # With something behind it, since $() drops line ends.
  [ -L "./$decoded" ] && [ "$(readlink "./$decoded" && echo .)" = "$(printf '%s\n.' "$points_to")" ]
}

put_link() {
  decode "$target"
  points_to=$decoded
  decode "$shown"
  # Of runs side by side, each may take away what another has just made.
  for _ in 1 2 3 4 5 6 7 8; do
    is_link && return
    make_way || return 1
    rm -f "./$decoded"
    ln -sn "$points_to" "./$decoded" 2> /dev/null && return
  done
  is_link
}

# One try; $part is the file then.
get_part() {
  mkdir -p "$own" || return 1
  # Of runs side by side, the one that renames it goes on with it. One that is done takes the empty folder away: then
  # this is a try that failed, where ":" would end the shell.
  [ -e "$part" ] || mv "$kept" "$part" 2> /dev/null || true > "$part" || return 1
  had=$(size_of "$part") fetched=0
  if [ "$had" -lt "$size" ]; then download "$url" "$part" "$size" || fetched=$?; fi
  now=$(size_of "$part")
  if [ "$now" -eq "$size" ] && is_right "$part"; then return 0; fi
  # The next try goes on with what was broken off; anything else would never become right.
  if [ "$fetched" -ne 0 ] && [ "$now" -gt "$had" ] && [ "$now" -lt "$size" ]; then return 1; fi
  rm -f "$part"
  [ "$now" -lt "$size" ] || say "$shown: what came is not what the manifest says"
  return 1
}

put_file() {
  make_way || return 1
  if [ -f "./$decoded" ] && is_right "./$decoded"; then
    chmod "$mode" "./$decoded"
    return
  fi
  case $url in http://* | https://*) ;; *) url=${manifest%/*}/$url ;; esac
  kept=$own/$sha256 part=$own/$sha256.$$ try=1 pause=1
  while ! get_part; do
    if [ "$try" -ge "$tries" ]; then set_aside && say "$shown: given up after $try tries" && return 1; fi
    sleep "$pause" && try=$((try + 1))
    if [ "$pause" -lt 16 ]; then pause=$((pause * 2)); fi
  done
  if ! chmod "$mode" "$part" || ! mv -f "$part" "./$decoded"; then set_aside && return 1; fi
  part='' && say "$shown: $size bytes"
}

get_manifest() {
  urls=${manifest:-$(manifest_urls)} try=1
  [ -n "$urls" ] || die 3 'no --manifest, and the kernel was told neither bootwright.manifest=URL nor root=live:URL'
  while :; do
    for manifest in $urls; do
      if download "$manifest" "$scratch/manifest" 268435456; then manifest=${manifest%%[?#]*} && return; fi
      rm -f "$scratch/manifest"
    done
    [ "$try" -lt "$tries" ] || die 3 "the manifest could not be fetched; $manifest was tried last"
    sleep 1 && try=$((try + 1))
  done
}

main() {
  manifest='' to=. tries=5 list=''
  while [ $# -gt 0 ]; do
    case $1 in
      --list) list=$1 ;;
      --manifest | --to | --tries) [ $# -ge 2 ] || usage "$1 needs a value" ;;
      --) shift && break ;;
      -*) usage "$1 is not known" ;;
      *) break ;;
    esac
    case $1 in --manifest) manifest=$2 ;; --to) to=$2 ;; --tries) tries=$2 ;; esac
    case $1 in --list) shift ;; *) shift 2 ;; esac
  done
  case $tries in '' | 0* | *[!0-9]* | ??????*) usage '--tries wants a number' ;; esac
  case $manifest in *[!!-~]*) usage '--manifest wants a URL' ;; esac
  case $manifest in '' | http://*/* | https://*/*) ;; *) usage '--manifest wants a URL for http' ;; esac
  [ $# -gt 0 ] || [ -n "$list" ] || usage "which PATHs? '*' is all of them, and --list shows them"
  [ $# -gt 0 ] || set -- '*'
  has curl || has wget || die 6 'neither curl nor wget is here'
  for program in awk mktemp readlink sha256sum; do has "$program" || die 6 "$program is not here"; done
  trap clean_up EXIT
  trap 'exit 129' HUP && trap 'exit 130' INT && trap 'exit 143' TERM
  scratch=$(mktemp -d) || die 6 'no room for the manifest'
  get_manifest
  read_manifest "$scratch/manifest" > "$scratch/entries" || exit 4
  if [ -z "$list" ]; then
    case $to in -*) to=./$to ;; esac
    { mkdir -p "$to" && cd "$to" && [ ! -L "$own" ] && mkdir -p "$own"; } || die 6 "cannot write to $to"
    # Left behind by runs that were killed, a day ago or earlier.
    find "./$own" -type f -mtime +0 -exec rm -f {} +
  fi
  while read -r kind mode size sha256 url && IFS= read -r shown && IFS= read -r target; do
    decode "$shown"
    is_wanted "$@" || continue
    case $list$kind in
      --list*) printf '%s %s %s\n' "$mode" "$size" "$shown" ;;
      symlink) put_link || failures=$((failures + 1)) ;;
      file) put_file || failures=$((failures + 1)) ;;
    esac
  done < "$scratch/entries"
  if [ -z "$list" ]; then rmdir "$own" 2> /dev/null; fi
  count=0
  for pattern in "$@"; do
    count=$((count + 1))
    case $matched in *" $count "*) ;; *) say "the manifest has no $pattern" && unmatched=1 ;; esac
  done
  [ "$failures" -eq 0 ] || die 1 "$failures of the files could not be had"
  [ -z "$unmatched" ] || exit 5
}

# The last line: a script that was cut off on its way does nothing, and nothing it starts reads it away from the shell.
main "$@"
