# shellcheck shell=bash
# scripts/ancestors/dez, used as a user would. Part of `run`.

case_ancestors_dez() {
  local out address web one
  start out ancestors/dez/socket_daemon.lua 127.0.0.1:0
  expect "$out" "daemon on 127.0.0.1:*"
  address=${line##* }
  meet one "$address"
  say "$one" "hello"
  expect "$one" HELLO
  equal "many lines" "$(seq 1000 | sed s/^/x/ | converse "$address" | tail -n 1)" X1000
  kill -INT "$process"
  expect "$out" "abort: 2 connections"
  wait "$process"
  equal "status after SIGINT" $? 0
  if command -v openssl >/dev/null; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
      -keyout "$folder/key" -out "$folder/cert" 2>/dev/null
    start out ancestors/dez/socket_daemon.lua 127.0.0.1:0 "$folder/cert" "$folder/key"
    expect "$out" "daemon on tls://127.0.0.1:*"
    address=${line##*tls://}
    coproc TALK { exec openssl s_client -quiet -verify_quiet -CAfile "$folder/cert" \
      -connect "$address" 2>/dev/null; }
    started+=("$TALK_PID")
    local talk=$TALK_PID to=${TALK[1]} from=${TALK[0]}
    say "$to" secret
    expect "$from" SECRET
    kill "$talk"
    wait "$talk"
    stops "$process" TERM 143
  fi

  start out ancestors/dez/controller.lua 127.0.0.1:0 http://127.0.0.1:0
  expect "$out" "controller on 127.0.0.1:* and http://127.0.0.1:*"
  web=${line##* } address=${line#controller on }
  address=${address%% *}
  equal "the socket daemon" "$(converse "$address" </dev/null)" hello
  equal "the other one" "$(fetch "$web/swap?to=good%20bye")" swapped
  equal "the swapped handler" "$(converse "$address" </dev/null)" "good bye"
  kill -INT "$process"
  expect "$out" "stopped after 2 connections"
  wait "$process"
  equal "status after SIGINT" $? 0

  local api backend
  start api http_echo.lua http://127.0.0.1:0
  backend=$process
  expect "$api" "http echo on *"
  mkdir "$folder/pages"
  seq 1000 >"$folder/pages/numbers.txt"
  start out ancestors/dez/web.lua http://127.0.0.1:0 "$folder/pages" "${line##* }"
  expect "$out" "web on http://127.0.0.1:*"
  web=${line##* }
  equal "a route" "$(fetch "$web/hello/you")" "hello you"
  equal "any other path" "$(fetch "$web/none")" "not found"
  equal "a redirection" "$(fetch -L "$web/old/numbers.txt" | head -n 1)" 1
  fetch "$web/static/numbers.txt" | cmp - "$folder/pages/numbers.txt" || wrong "the file changed"
  equal "a part of it" "$(fetch -r 0-2 "$web/static/numbers.txt")" $'1\n2'
  equal "what is passed on" "$(fetch -d x "$web/api/thing")" $'POST /thing 1\nx'
  equal "an attack" "$(fetch "$web/.git/config")" forbidden
  expect "$out" "flagged 127.0.0.1: path: /.git/"
  equal "who is flagged" "$(fetch "$web/hello/you")" forbidden
  stops "$backend" TERM 143
  stops "$process" INT 0

  start out ancestors/dez/websocket_daemon.lua ws://127.0.0.1:0
  expect "$out" "websockets on ws://127.0.0.1:*"
  equal "messages" "$(run_text '
    local ws = assert(connect(arg[1]))
    ws:write "{\"a\": 1}"
    ws:write "[2]"
    print((ws:read()), (ws:read()))' "${line##* }")" $'[1,{"a":1}]\t[2,[2]]'
  stops "$process" INT 0
  start out echo.lua 127.0.0.1:0
  backend=$process
  expect "$out" "echo on *"
  start out ancestors/dez/websocket_daemon.lua ws://127.0.0.1:0 "${line##* }"
  expect "$out" "websockets on ws://127.0.0.1:*"
  equal "through a plain server" "$(run_text '
    local ws = assert(connect(arg[1]))
    ws:write "over"
    print((ws:read()))' "${line##* }")" over
  stops "$backend" TERM 143
  stops "$process" INT 0

  ends 2 "usage: *" ancestors/dez/watch.lua
  echo one >"$folder/settings"
  start out ancestors/dez/watch.lua "$folder/settings"
  expect "$out" watching
  echo two >"$folder/settings"
  expect "$out" "changed: $folder/settings"
  echo three >"$folder/settings.new"
  mv "$folder/settings.new" "$folder/settings"
  expect "$out" "changed: $folder/settings"
  stops "$process" INT 0
}
