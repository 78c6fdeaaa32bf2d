# shellcheck shell=bash
# ntp.lua against servers of the test's own, one for each thing that can be wrong. Part of `run`.

# Prints an address for each kind of server, in this order.
kinds=(right second moved late reset lost away unsynchronized stratum16 far zero early silent)

time_servers() {
  cat >"$folder/time.lua" <<'END'
local PACKET = ">BBbb I4I4c4 c8c8c8c8"
local function stamp(time) return (">I4I4"):pack((time + 2208988800) & 0xFFFFFFFF, 1 << 31) end
local function answer(query, change)
  local f = { first = 4 << 3 | 4, stratum = 1, delay = 0, dispersion = 0, reference = "GPS",
    received = stamp(os.time() + 100), sent = stamp(os.time() + 100), origin = query:sub(41, 48) }
  for name, value in pairs(change or {}) do f[name] = value end
  return PACKET:pack(f.first, f.stratum, 6, -20, f.delay, f.dispersion, f.reference, "", f.origin,
    f.received, f.sent)
end
local lost
local kinds = {
  right = function(query) return answer(query) end,
  second = function(query)
    return answer(query, { stratum = 2, reference = "\10\1\2\3", first = 1 << 6 | 4 << 3 | 4 }) .. "more"
  end,
  moved = function(query, sock, from)
    sock:send(from, "")
    sock:send(from, query)                                               -- its own question
    sock:send(from, answer(query):sub(1, 47))
    sock:send(from, answer(query, { origin = "01234567", stratum = 0 })) -- to another question
    return answer(query)
  end,
  late = function(query)
    local received = os.time() + 100
    sleep(0.3)
    return answer(query, { received = stamp(received), sent = stamp(received) })
  end,
  lost = function(query)
    lost = not lost
    return not lost and answer(query) or nil
  end,
  away = function(query) return answer(query, { stratum = 0, reference = "RATE" }) end,
  unsynchronized = function(query) return answer(query, { first = 3 << 6 | 4 << 3 | 4 }) end,
  stratum16 = function(query) return answer(query, { stratum = 16 }) end,
  far = function(query) return answer(query, { dispersion = 1 << 16 }) end,
  zero = function(query) return answer(query, { sent = ("\0"):rep(8) }) end,
  early = function(query) return answer(query, { sent = stamp(os.time() + 103) }) end,
  silent = function() end,
}
for _, kind in ipairs(arg) do
  local host = kind == "reset" and "127.87.0.5" or "127.0.0.1"           -- where nobody else listens
  local sock = listen(("udp://%s:0"):format(host), function(sock, query, from)
    local reply = #query == 48 and query:byte(1) == 0x23 and kinds[kind](query, sock, from)
    if reply then sock:send(from, reply) end
  end)
  print((sock.address:gsub("udp://", "")))
  if kind == "reset" then sock:close() end                              -- nobody is there
end
END
}

case_ntp() {
  usage_is_told ntp.lua
  ends 2 "usage: *" ntp.lua
  ends 2 "usage: *" ntp.lua -n
  ends 2 "*-n: from 1 to 10, not 0" ntp.lua -n 0 127.0.0.1
  ends 2 "*-t: from 0.001 to 3600, not x" ntp.lua -t x 127.0.0.1
  ends 2 "ntp.lua: *too many colons*" ntp.lua a:b:c
  ends 2 "ntp.lua: connect: *a..b:123*" ntp.lua a..b
  time_servers
  local out kind
  local -A at
  start out "$folder/time.lua" "${kinds[@]}"
  local servers=$process
  for kind in "${kinds[@]}"; do
    expect "$out" "127.*:*"
    at[$kind]=$line
  done
  local offset="+@(99|100).[0-9][0-9][0-9][0-9][0-9][0-9]"
  ends 0 "server*${at[right]} * 1  GPS *$offset *
${at[second]} * 2  10.1.2.3 *$offset * a leap second comes
offset $offset s, *; 2 of 2 answered" ntp.lua "${at[right]}" "${at[second]}"
  ends 0 "*; 1 of 1 answered" ntp.lua -t 10 "${at[moved]}"
  ends 0 "*$offset   @(0.[3-9]|[1-9])*; 1 of 1 answered" ntp.lua -t 10 "${at[late]}"
  ends 0 "*; 1 of 1 answered" ntp.lua -t 0.3 "${at[lost]}"
  ends 1 "ntp.lua: ${at[silent]}: *timed out" ntp.lua -t 0.1 -n 2 "${at[silent]}"
  ends 1 "ntp.lua: ${at[reset]}: *Connection refused" ntp.lua "${at[reset]}"
  # All at once: what is wrong with one is told, and the others count.
  local -A reason=([away]="sends us away (RATE)" [stratum16]="does not know the time itself"
    [unsynchronized]="does not know the time itself" [far]="is too far from a clock"
    [zero]="tells no time" [early]="claims more time than there was")
  for kind in "${!reason[@]}"; do
    ends 0 "*${at[$kind]}: ${reason[$kind]}*offset $offset *1 of 2 answered" \
      ntp.lua "${at[$kind]}" "${at[right]}"
  done
  stops "$servers" TERM 143
}
