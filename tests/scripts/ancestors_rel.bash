# shellcheck shell=bash
# scripts/ancestors/rel, used as a user would. Part of `run`.

case_ancestors_rel() {
  local folder_of=ancestors/rel out address other client
  usage_is_told_of() { # SCRIPT
    ends 0 "usage: $1*Exit: *" "$folder_of/$1" --help
    ends 2 "usage: $1*" "$folder_of/$1" --no-such-option
  }
  usage_is_told_of memcreep.lua
  start out "$folder_of/memcreep.lua" --sleep 0 --turbo 0 0.02
  expect "$out" "diff: [+-]* ; mean of 1: [+-]*"
  expect "$out" "diff: [+-]* ; mean of 2: [+-]*"
  await "$out" "* mean of 10: *"
  expect "$out" "* mean of 10: *"
  stops "$process" INT 0
  await "$out" interrupted

  usage_is_told_of socket_daemon.lua
  ends 2 "socket_daemon.lua: *too many colons*" "$folder_of/socket_daemon.lua" a:b:c
  start out "$folder_of/socket_daemon.lua" 127.0.0.1:0
  expect "$out" "daemon on 127.0.0.1:*"
  address=${line##* }
  ends 1 "socket_daemon.lua: *$address: Address already in use*" \
    "$folder_of/socket_daemon.lua" "$address"
  meet client "$address"
  say "$client" "held open"
  expect "$client" "held open"
  seq 20000 >"$folder/numbers"
  converse "$address" <"$folder/numbers" | cmp - "$folder/numbers" || wrong "20000 lines changed"
  say "$client" "and still there"
  expect "$client" "and still there"
  stops "$process" INT 0
  expect "$out" interrupted
  hang_up client

  usage_is_told_of socket_controller.lua
  ends 0 "nowhere to listen: *" "$folder_of/socket_controller.lua"
  start out "$folder_of/socket_controller.lua" 127.0.0.1:0 "unix:$folder/controller"
  expect "$out" "daemon on 127.0.0.1:*"
  address=${line##* }
  expect "$out" "daemon on unix:$folder/controller"
  meet client "$address"
  say "$client" hello shout
  expect "$client" hello
  expect "$client" shout
  meet other "$address" # by now it has another callback; who is connected keeps theirs
  say "$other" hello
  expect "$other" HELLO
  say "$client" hello
  expect "$client" hello
  equal "the other address" "$(echo hello | timeout 10 nc -NU "$folder/controller")" hello
  stops "$process" INT 0
  expect "$out" "3 connections"
  hang_up client
  hang_up other
}
