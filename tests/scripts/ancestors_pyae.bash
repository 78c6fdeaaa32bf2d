# shellcheck shell=bash
# scripts/ancestors/pyae, used as a user would. Part of `run`.

case_ancestors_pyae() {
  local out address one
  start out ancestors/pyae/line_echo.lua 127.0.0.1:0
  expect "$out" "line echo on 127.0.0.1:*"
  address=${line##* }
  meet one "$address"
  printf 'half ' >&"$one"
  say "$one" "a line"
  expect "$one" "half a line"
  seq 50000 >"$folder/numbers"
  converse "$address" <"$folder/numbers" | cmp - "$folder/numbers" || wrong "50000 lines changed"
  stops "$process" INT 130
  start out ancestors/pyae/echo.lua 127.0.0.1:0
  expect "$out" "echo on 127.0.0.1:*"
  address=${line##* }
  converse "$address" <"$folder/numbers" | cmp - "$folder/numbers" || wrong "50000 lines changed"
  meet one "$address"
  say "$one" "hello"
  expect "$one" hello
  stops "$process" INT 130
}
