#!/bin/sh
# Builds target/worker-echo from a distribution of Arbiter: build.sh [ARBITER_HOME]
# Needs a JDK 25 and the distribution's lib/worker-api; no Maven, no source checkout.
set -eu
cd "$(dirname "$0")"

die() {
  echo "build.sh: $1" >&2
  exit 2
}

# Without an argument: $ARBITER_HOME, else what the checkout around this folder has built.
api=
for home in "${1:-}" "${ARBITER_HOME:-}" ../../dist/target/arbiter-*/ ../..; do
  for jar in "${home%/}"/lib/worker-api/*.jar; do
    if [ -n "$home" ] && [ -f "$jar" ]; then
      api="$api${api:+:}$jar"
    fi
  done
  if [ -n "$api" ]; then
    break
  fi
  if [ -n "${1:-}" ]; then
    die "$1/lib/worker-api holds no jar: give the folder of an unpacked distribution"
  fi
done
[ -n "$api" ] || die "no distribution found: give its folder, or set ARBITER_HOME"

for jdk in "${JAVA_HOME:-}" "$(dirname "$(dirname "$(readlink -f "$(command -v javac || echo /)")")")" \
  /usr/lib/jvm/* /opt/java/* "$HOME"/.sdkman/candidates/java/*; do
  if grep -qs '^JAVA_VERSION="2[5-9]' "$jdk/release" && [ -x "$jdk/bin/javac" ]; then
    rm -rf target
    mkdir -p target/classes target/worker-echo
    "$jdk/bin/javac" --release 25 -Xlint:all -proc:none -cp "$api" -d target/classes src/echo/*.java
    "$jdk/bin/jar" --create --file target/worker-echo/worker-echo.jar -C target/classes .
    cp worker.properties target/worker-echo/
    echo "built $(pwd)/target/worker-echo"
    exit 0
  fi
done
die "no JDK 25 found: install one (Debian: temurin-25-jdk from Adoptium) or set JAVA_HOME"
