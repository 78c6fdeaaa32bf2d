# shellcheck shell=bash
# The scripts of HTTP, asked by curl. Part of `run`.

# VARIABLE SCRIPT WORDS ARGUMENTS: starts a server; VARIABLE is its URL, taken from the line that
# begins with WORDS.
serve_http() {
  local -n url=$1
  usage_is_told "$2"
  ends 1 "$2: *Address already in use*" "$2" "http://127.0.0.1:$taken"
  start out "$2" http://127.0.0.1:0 "${@:4}"
  expect "$out" "$3 on http://127.0.0.1:*"
  url=${line##* }
}
fetch() { curl -sS --max-time 10 "$@"; }
# Something that is in use, for the servers that are to fail.
occupy() {
  start occupied echo.lua 127.0.0.1:0
  expect "$occupied" "echo on *"
  taken=${line##*:}
}

case_http_hello() {
  local out hello taken occupied
  occupy
  serve_http hello http_hello.lua hello
  equal "hello" "$(fetch "$hello")" hello
  equal "hello, twice on a connection" "$(fetch "$hello" "$hello/x")" $'hello\nhello'
  equal "of HTTP/1.0" "$(fetch -0 "$hello")" hello
  like "the head" "$(fetch -I "$hello")" "HTTP/1.1 200 OK"*"Content-Length: 6"*
  stops "$process" INT 130
  start out http_hello.lua https://127.0.0.1:0
  await "$out" "hello on https://*"
  equal "inside TLS" "$(fetch -k "${line##* }")" hello
  equal "of HTTP/1.0 inside TLS" "$(fetch -k -0 "${line##* }")" hello
  equal "of HTTP/2 if there is" "$(fetch -k --http2 "${line##* }")" hello
  stops "$process" TERM 143
}

case_http_echo() {
  local out echo taken occupied
  occupy
  serve_http echo http_echo.lua "http echo"
  equal "GET" "$(fetch "$echo/a?b=c")" "GET /a?b=c 0"
  equal "POST" "$(fetch -d hello "$echo/")" $'POST / 5\nhello'
  equal "another method" "$(fetch -X BREW "$echo/pot")" "BREW /pot 0"
  like "its field" "$(fetch -i "$echo")" *"X-Echo: 1"*
  seq 200000 >"$folder/numbers"
  fetch -T "$folder/numbers" "$echo/put" | tail -n +2 | cmp - "$folder/numbers" ||
    wrong "the body changed"
  fetch -T - -H "Transfer-Encoding: chunked" -H "Expect: 100-continue" "$echo/put" \
    <"$folder/numbers" | tail -n +2 | cmp - "$folder/numbers" || wrong "the chunked body changed"
  stops "$process" TERM 143
}

case_http_files() {
  local out files taken occupied
  mkdir -p "$folder/files/sub"
  echo '<h1>hi</h1>' >"$folder/files/index.html"
  seq 100000 >"$folder/files/numbers.txt"
  gzip -kf "$folder/files/numbers.txt"
  occupy
  serve_http files http_files.lua "serving $folder/files" "$folder/files"
  equal "the index" "$(fetch "$files")" "<h1>hi</h1>"
  await "$out" '127.0.0.1:* "GET / HTTP/1.1" 200 12 *'
  fetch "$files/numbers.txt" | cmp - "$folder/files/numbers.txt" || wrong "the file changed"
  fetch --compressed "$files/numbers.txt" | cmp - "$folder/files/numbers.txt" ||
    wrong "the packed file changed"
  equal "a range" "$(fetch -r 0-3 "$files/numbers.txt")" $'1\n2'
  equal "gone on with" "$(head -c 300000 "$folder/files/numbers.txt" >"$folder/part" &&
    fetch -C - -o "$folder/part" "$files/numbers.txt" && cmp "$folder/part" "$folder/files/numbers.txt")" ""
  equal "outside" "$(fetch --path-as-is -o /dev/null -w '%{http_code}' "$files/../$(basename "$folder")/part")" 404
  fetch -z "$folder/files/numbers.txt" -o "$folder/none" -w '%{http_code}' "$files/numbers.txt" |
    grep -qx 304 || wrong "unchanged, and sent all the same"
  stops "$process" INT 130
}

case_sse_clock() {
  local out clock taken occupied stream first
  occupy
  ends 2 "usage: *" sse_clock.lua http://127.0.0.1:0 never
  serve_http clock sse_clock.lua clock 0.01
  like "the page" "$(fetch "$clock")" *"EventSource"*
  exec {stream}< <(curl -sN --max-time 10 "$clock/events")
  expect "$stream" "event: tick"
  expect "$stream" "id: 1"
  expect "$stream" "data: ??:??:??"
  await "$stream" "id: 3"
  stops "$process" INT 130
}

case_mock_api() {
  local out api taken occupied
  echo '{"users": [{"name": "a"}]}' >"$folder/api.json"
  ends 1 "mock_api.lua: */missing: No such file*" mock_api.lua http://127.0.0.1:0 "$folder/missing"
  occupy
  serve_http api mock_api.lua api "$folder/api.json"
  like "what is there" "$(fetch "$api/users")" *'"name":"a"'*
  like "a new one" "$(fetch -i -d '{"name": "b"}' "$api/users")" *" 201 "*"Location: /users/2"*
  like "changed" "$(fetch -X PATCH -d '{"age": 3}' "$api/users/2")" *'"age":3'*
  equal "deleted" "$(fetch -X DELETE -o /dev/null -w '%{http_code}' "$api/users/1")" 204
  equal "not there" "$(fetch -o /dev/null -w '%{http_code}' "$api/users/1")" 404
  like "no JSON" "$(fetch -i -d '{' "$api/users")" *" 400 "*
  equal "none of those" "$(fetch "$api/things")" "[]"
  stops "$process" TERM 143
}
