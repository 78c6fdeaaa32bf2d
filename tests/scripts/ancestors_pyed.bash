# shellcheck shell=bash
# scripts/ancestors/pyed, used as a user would. Part of `run`.

case_ancestors_pyed() {
  local at=ancestors/pyed out address text
  equal "timers" "$(timeout 10 "$moonwire" $at/timers.lua)" \
    $'first at 0.1\nsecond at 0.2\nthird at 0.3\nover after 3 passes or more, set: false'

  start out $at/echo_server.lua 127.0.0.1:0
  expect "$out" "echo on 127.0.0.1:*"
  address=${line##* }
  equal "the client" "$(timeout 10 "$moonwire" $at/client.lua "$address" ooxx 3)" ooxxooxxooxx
  await "$out" "127.0.0.1:*: broken, reset"
  seq 100000 >"$folder/numbers"
  converse "$address" <"$folder/numbers" | cmp - "$folder/numbers" || wrong "100000 lines changed"
  await "$out" "127.0.0.1:*: broken, eof"
  stops "$process" TERM 143

  local began=$SECONDS
  start out $at/echo_server.lua 127.0.0.1:0 10000 # bytes a second
  expect "$out" "echo on 127.0.0.1:*"
  head -c 25000 "$folder/numbers" | converse "${line##* }" >"$folder/slow"
  head -c 25000 "$folder/numbers" | cmp - "$folder/slow" || wrong "25000 bytes changed"
  [ $((SECONDS - began)) -ge 1 ] || wrong "25000 bytes in less than a second, at 10000 a second"
  stops "$process" TERM 143

  start out $at/supervisor.lua 127.0.0.1:0 2 "$folder"
  local supervisor=$process first
  await "$out" "*worker [12] listens on 127.0.0.1:*"
  first=${line##* }
  await "$out" "*worker [12] listens on 127.0.0.1:*"
  equal "pid file" "$(cat "$folder/app.pid")" "$supervisor"
  like "an answer" "$(echo hello | converse "$first")" "[12]: hello"
  mv "$folder/app.log" "$folder/old.log"
  kill -USR1 "$supervisor"
  for _ in $(seq 100); do [ -e "$folder/app.log" ] && break; sleep 0.1; done
  [ -e "$folder/app.log" ] || wrong "USR1 has not opened the log anew"
  kill -HUP "$supervisor"
  await "$out" "*workers: reloading"
  await "$out" "*worker [12] listens on 127.0.0.1:*"
  first=${line##* }
  await "$out" "*worker [12] listens on 127.0.0.1:*"
  like "an answer after the reload" "$(echo hello | converse "$first")" "[12]: hello"
  stops "$supervisor" QUIT 0
  [ ! -e "$folder/app.pid" ] || wrong "the pid file is left"

  local own=$folder/daemon
  mkdir "$own"
  equal "a daemon says nothing" "$(timeout 10 "$moonwire" $at/supervisor.lua -d 127.0.0.1:0 1 "$own" 2>&1)" ""
  for _ in $(seq 100); do
    text=$(grep -so 'worker 1 listens on .*' "$own/app.log") && break
    sleep 0.1
  done
  supervisor=$(cat "$own/app.pid")
  started+=("$supervisor")
  equal "the daemon's answer" "$(echo hello | converse "${text##* }")" "1: hello"
  kill -TERM "$supervisor"
  for _ in $(seq 100); do [ -e "$own/app.pid" ] || break; sleep 0.1; done
  [ ! -e "$own/app.pid" ] || wrong "the daemon has not ended"
}
