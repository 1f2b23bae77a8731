#!/usr/bin/env bash
# Prints the home of a JDK 25: JAVA_HOME if it is one, else the first among this machine's JDKs. Fails when there is none.
set -euo pipefail

wanted=25

# By its release file, without starting it; a JDK has javac.
is_wanted() {
  [ -x "$1/bin/javac" ] && [ -r "$1/release" ] && grep -qE "^JAVA_VERSION=\"$wanted([.\"+-]|$)" "$1/release"
}

candidates() {
  [ -z "${JAVA_HOME:-}" ] || echo "$JAVA_HOME"
  local javac
  if javac=$(command -v javac); then dirname "$(dirname "$(readlink -f "$javac")")"; fi
  local folder home=${HOME:-/root}
  for folder in /usr/lib/jvm /usr/java /opt /opt/java /usr/local "$home"/{.sdkman/candidates/java,.jdks,.asdf/installs/java}; do
    [ ! -d "$folder" ] || find "$folder" -maxdepth 1 -mindepth 1 | sort
  done
}

found=$(candidates | while read -r home; do
  if is_wanted "$home"; then
    echo "$home"
    break
  fi
done)
if [ -z "$found" ]; then
  echo "Millrace needs a JDK $wanted: JAVA_HOME (${JAVA_HOME:-not set}) is none, and none is in the usual folders." >&2
  echo "Install one (https://adoptium.net/temurin/releases/?version=$wanted) and set JAVA_HOME to it." >&2
  exit 1
fi
echo "$found"
