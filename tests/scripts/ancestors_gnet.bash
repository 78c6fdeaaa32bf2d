# shellcheck shell=bash
# scripts/ancestors/gnet, used as a user would. Part of `run`.

case_ancestors_gnet() {
  local at=ancestors/gnet out address server client other
  start out $at/echo_server.lua 127.88.0.6:0 # where nobody else listens when it has stopped
  server=$process
  expect "$out" "echo on 127.88.0.6:*"
  address=${line##* }
  local one two
  meet one "$address"
  expect "$one" "hello 1"
  meet two "$address"
  expect "$two" "hello 2"
  say "$two" "from two"
  expect "$two" "from two"
  say "$one" "from one"
  expect "$one" "from one"
  say "$one" "bye"
  expect "$one" "see you"
  at_end "$one"
  hang_up one
  await "$out" "1: lost, closed"
  hang_up two
  await "$out" "2: lost, eof"

  start client $at/reconnecting_client.lua "$address" 0.05
  expect "$client" "connected to $address"
  await "$client" "ooxx"
  stops "$server" INT 0
  await "$client" "lost: eof"
  await "$client" "*Connection refused; attempt *"
  start out $at/echo_server.lua "$address"
  await "$client" "connected to $address"
  await "$client" "ooxx"
  stops "$process" INT 0

  start out $at/web.lua 127.0.0.1:0
  expect "$out" "web on http://127.0.0.1:*"
  address=${line##* }
  equal "the page" "$(curl -sS --max-time 10 "$address")" "<h1>hello world</h1>"
  expect "$out" '127.0.0.1:* "GET / HTTP/1.1" 200 20 *'
  cat >"$folder/ws.lua" <<'END'
local ws = assert(connect(arg[1]))
ws:write "over the same port"
print((ws:read()))
END
  equal "the WebSocket" "$(timeout 10 "$moonwire" "$folder/ws.lua" "ws${address#http}/ws")" \
    "over the same port"
  stops "$process" TERM 143

  start out $at/notify.lua 127.0.0.1:0
  expect "$out" "room on 127.0.0.1:*"
  address=${line##* }
  expect "$out" "1 notices, the last of 0: started"
  meet one "$address"
  meet other "$address"
  say "$one" "hello all"
  expect "$one" "[12]: hello all"
  say "$other" "hello yourself"
  await "$one" "[12]: hello yourself"
  await "$other" "[12]: hello yourself"
  await "$out" "3 notices, the last of [12]: hello yourself"
  stops "$process" TERM 143
}
