# shellcheck shell=bash
# The scripts of WebSockets; their clients are small scripts of our own. Part of `run`.

# TEXT ARGUMENTS: runs a script of that text, at most for 20 s.
run_text() {
  printf '%s\n' "$1" >"$folder/client.lua"
  timeout 20 "$moonwire" "$folder/client.lua" "${@:2}" 2>&1
}

case_ws_echo() {
  usage_is_told ws_echo.lua
  ends 2 "usage: *" ws_echo.lua 8081 8082
  ends 2 "ws_echo.lua: *too many colons*" ws_echo.lua ws://a:b:c
  local out address
  start out ws_echo.lua 127.0.0.1:0/echo
  local server=$process
  expect "$out" "echo on ws://127.0.0.1:*/echo"
  address=${line##* }
  ends 1 "ws_echo.lua: *Address already in use*" ws_echo.lua "${address%/echo}/other"
  equal "messages" "$(run_text '
    local ws = assert(connect(arg[1], { compress = true }))
    for _, size in ipairs { 0, 5, 200, 70000 } do
      ws:write(("\u{f6}"):rep(size))
      assert(ws:read() == ("\u{f6}"):rep(size))
    end
    ws:write("\xff", "binary")
    print(ws:read())' "$address")" $'\xff\tbinary'
  like "a browser's page" "$(curl -sS -i --max-time 10 "http://${address#ws://}")" \
    "HTTP/1.1 426 Upgrade Required"*"this is a WebSocket"*
  stops "$server" INT 130
}

case_chat_web() {
  usage_is_told chat_web.lua
  ends 2 "usage: *" chat_web.lua 8080 8081
  local out address
  start out chat_web.lua http://127.0.0.1:0
  local server=$process
  expect "$out" "chat on http://127.0.0.1:*"
  address=${line##* }
  ends 1 "chat_web.lua: *Address already in use*" chat_web.lua "$address"
  like "the page" "$(curl -sS --max-time 10 "$address")" "<!DOCTYPE html>*new WebSocket(*"
  equal "what is said" "$(run_text '
    local json = require "json"
    local room = arg[1]:gsub("^http", "ws") .. "/room"
    local function enter()
      return assert(connect(room, { headers = { Origin = arg[1] }, compress = true }))
    end
    local function await(ws, wanted)
      for text in ws:messages() do
        if json.decode(text).text == wanted then return json.decode(text).who end
      end
    end
    local one = enter()
    await(one, "guest 1 has come")
    local two = enter()
    await(one, "guest 2 has come")
    two:write(json.encode { name = "moon" })
    await(one, "guest 2 is now moon")
    two:write(json.encode { say = "hello" })
    print(await(one, "hello"), await(two, "hello"))
    two:close()
    await(one, "moon has left")
    print(await(enter(), "hello"))
    print((select(2, connect(room, { headers = { Origin = "http://elsewhere.example" } }))))' \
    "$address")" "moon	moon
moon
connect ${address/http/ws}/room: the server answered 403 Forbidden; no WebSocket"
  stops "$server" TERM 143
}
