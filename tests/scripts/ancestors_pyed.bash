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

  # P14: jobs, and the port for commands
  local client other
  ends 1 "*usage: jobs.lua *" $at/jobs.lua 127.0.0.1:0 "daily true"
  start out $at/jobs.lua 127.0.0.1:0 "every 0.05 echo ran >>'$folder/ran'" "every 3600 exit 3" \
    "at 03:30 read line <>'$folder/never'"
  expect "$out" "commands on 127.0.0.1:*"
  address=${line##* }
  mkfifo "$folder/never"
  for _ in $(seq 100); do [ "$(cat "$folder/ran" 2>/dev/null | wc -l)" -ge 2 ] && break; sleep 0.1; done
  meet client "$address"
  say "$client" list
  expect "$client" "1: echo ran *: * times, well"
  expect "$client" "2: exit 3: 0 times, never"
  expect "$client" "3: read line *: 0 times, never"
  meet other "$address" # one at a time
  at_end "$other"
  hang_up other
  say "$client" "run 2" "run 9" help
  expect "$client" failed
  await "$out" "*warn exit 3: 3"
  expect "$client" "no such job"
  expect "$client" "commands: list, run NUMBER, stop"
  say "$client" "run 3"
  expect "$client" "join task *: Connection timed out"
  hang_up client
  for _ in $(seq 100); do
    meet client "$address"
    say "$client" stop 2>/dev/null
    IFS= read -r -t 10 -u "$client" line # none: the one before has not been seen to go yet
    [ "$line" = stopping ] && break
    hang_up client
    sleep 0.1
  done
  equal "the answer to stop" "$line" stopping
  wait "$process"
  equal "status after stop" "$?" 0
}
