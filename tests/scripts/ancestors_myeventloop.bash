# shellcheck shell=bash
# scripts/ancestors/myeventloop, used as a user would. Part of `run`.

case_ancestors_myeventloop() {
  local at=ancestors/myeventloop out address peer
  start out $at/message_printer.lua 127.88.0.7:0 # where nobody else listens when it has stopped
  expect "$out" "printing what comes to 127.88.0.7:*"
  address=${line##* }
  meet peer "$address"
  await "$out" "*info 127.0.0.1:* connected"
  say "$peer" "by hand" "and more"
  expect "$peer" "7 bytes printed"
  expect "$peer" "8 bytes printed"
  await "$out" "127.0.0.1:* says by hand"
  await "$out" "127.0.0.1:* says and more"
  equal "the sender" "$(timeout 10 "$moonwire" $at/message_sender.lua "$address" one "two words")" \
    $'3 bytes printed\n9 bytes printed'
  await "$out" "127.0.0.1:* says two words"
  hang_up peer
  await "$out" "*info 127.0.0.1:* gone"
  stops "$process" TERM 143
  ends 1 "*error $address cannot connect: *Connection refused*" $at/message_sender.lua "$address" lost

  start out $at/udp_reverser.lua 127.0.0.1:0
  expect "$out" "reversing on udp://127.0.0.1:*"
  address=${line##* }
  equal "the datagrams" "$(timeout 10 "$moonwire" $at/udp_client.lua "$address" | sort | md5sum)" \
    "$(printf '"%s"\n' 10 210 3210 43210 543210 6543210 76543210 876543210 9876543210 "" | sort | md5sum)"
  stops "$process" TERM 143

  like "timeouts" "$(timeout 10 "$moonwire" $at/tick.lua 2>&1)" \
    "cancelled: true, again: false*info tick 1 false*tick 2 false*tick 3 false*warn late, but it came*over, late is alive: false"

  # M13: transitions, observers, timeouts of a state
  equal "states" "$(timeout 10 "$moonwire" $at/state_machine.lua 0.02)" "red to yellow: no way from red to yellow
red -> green
green -> yellow
yellow -> red
red -> green
green -> broken
ended, broken"
}
