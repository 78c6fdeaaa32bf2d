# shellcheck shell=bash
# smtp_sink.lua, sent to by hand and by swaks, where it is installed. Part of `run`.

case_smtp_sink() {
  usage_is_told smtp_sink.lua
  ends 2 "smtp_sink.lua: *too many colons*" smtp_sink.lua a:b:c
  local out address peer
  start out smtp_sink.lua --refuse nobody 127.0.0.1:0
  expect "$out" "smtp sink on 127.0.0.1:*"
  address=${line##* }
  ends 1 "smtp_sink.lua: *$address: Address already in use*" smtp_sink.lua "$address"
  meet peer "$address"
  expect "$peer" "220 *"
  say "$peer" "EHLO me"
  await "$peer" "250 *"
  say "$peer" "RCPT TO:<early@example.org>"
  expect "$peer" "503 *"
  say "$peer" "MAIL FROM:<me@example.org>" "RCPT TO:<nobody@example.org>" "RCPT TO:<you@example.org>" \
    "DATA"
  expect "$peer" "250 *"
  expect "$peer" "550 *"
  expect "$peer" "250 *"
  expect "$peer" "354 *"
  say "$peer" "Subject: hello" "" "one" "..two" "."
  expect "$peer" "250 *"
  expect "$out" "--- mail from me@example.org to you@example.org"
  expect "$out" "Subject: hello"
  expect "$out" ""
  expect "$out" "one"
  expect "$out" ".two"
  expect "$out" "--- end"
  say "$peer" "WHAT"
  expect "$peer" "500 *"
  say "$peer" "QUIT"
  expect "$peer" "221 *"
  at_end "$peer"
  hang_up peer
  if command -v swaks >/dev/null; then # the field's own client
    swaks --server "$address" --from a@example.org --to b@example.org --body "by swaks" >"$folder/swaks" ||
      wrong "swaks: $(cat "$folder/swaks")"
    await "$out" "--- mail from a@example.org to b@example.org"
    await "$out" "by swaks"
  fi
  stops "$process" TERM 143
}
