# shellcheck shell=bash
# dns_server.lua, asked by dig, by moonwire's own dns.resolve, and by nonsense. Part of `run`.

# PORT ARGUMENTS: the answer, in dig's short form.
dig_at() { dig @127.0.0.1 -p "$1" +tries=1 +timeout=5 +short "${@:2}" 2>&1; }
# PORT ARGUMENTS: the header and all sections, a line each.
dig_all() { dig @127.0.0.1 -p "$1" +tries=1 +timeout=5 +noall +comments +answer +authority "${@:2}"; }

# A server to forward to: it answers only by UDP, after much that is no answer to the question.
misleading_server() {
  cat >"$folder/misleading.lua" <<'END'
local seen = {}
local function answer(query)
  return query:sub(1, 2) .. "\x81\x80\0\1\0\1\0\0\0\0" .. query:sub(13)
    .. "\xC0\x0C\0\1\0\1\0\0\0\60\0\4\10\9\8\7"
end
local sock = listen("udp://127.87.0.6:0", function(sock, query, from) -- nobody else is there
  local name = query:sub(14, 13 + query:byte(13))
  print("asked " .. name, query:sub(1, 2) ~= "\x12\x34")
  if name == "silent" or name == "lost" and not seen.lost then seen.lost = true return end
  local right = answer(query)
  local wrong = right:gsub("\10\9\8\7", "\6\6\6\6")
  local stranger <close> = connect("udp://" .. from)
  stranger:send(wrong)
  sock:send(from, "")
  sock:send(from, wrong:sub(1, 11))
  sock:send(from, string.char(wrong:byte(1) ~ 1) .. wrong:sub(2))  -- another id
  sock:send(from, wrong:gsub(name, name:gsub(".", "x")) .. "")     -- another question
  sock:send(from, wrong:sub(1, 2) .. "\1" .. wrong:sub(4))         -- not an answer
  sock:send(from, right)
end)
print(sock.address)
END
}

# Sends what no resolver would, by both transports; then a question, which must be answered.
nonsense() {
  cat >"$folder/nonsense.lua" <<'END'
local address = arg[1]
local question = "\x12\x34\1\0\0\1\0\0\0\0\0\0\1a\4test\0\0\1\0\1"
local sock = connect("udp://" .. address)
local function ask(packet, seconds)
  sock:send(packet)
  return sock:read { timeout = seconds }
end
local function rcode(packet)
  local answer = ask(packet, 5)
  return answer and answer:byte(4) & 15
end
local head, tail = question:sub(1, 12), "\0\1\0\1"
print("itself", rcode(head .. "\xC0\x0C" .. tail))
print("below", rcode(head .. "\xC0\x00" .. tail))
print("ring", rcode(head .. "\1a\xC0\x0C" .. tail))
print("beyond", rcode(head .. "\xC0\xFF" .. tail))
print("reserved", rcode(head .. "\x80a\0" .. tail))
print("long", rcode(head .. ("\63" .. ("x"):rep(63)):rep(4) .. "\0" .. tail))
print("cut", rcode(question:sub(1, -2)))
print("more", rcode(question .. "x"))
print("two questions", rcode(question:sub(1, 5) .. "\2" .. question:sub(7)))
print("promises", rcode(question:sub(1, 6) .. "\xFF\xFF" .. question:sub(9)))
print("opcode", rcode(question:sub(1, 2) .. "\x28\0" .. question:sub(5)))
print("two OPT", rcode(question:sub(1, 11) .. "\2" .. question:sub(13)
  .. ("\0\0\41\16\0\0\0\0\0\0\0"):rep(2)))
for cut = 0, 11 do sock:send(question:sub(1, cut)) end             -- no header, no answer
sock:send(question:sub(1, 2) .. "\x81" .. question:sub(4))         -- an answer
math.randomseed(7)
for _ = 1, 3000 do
  local bytes = { question:byte(1, -1) }
  for _ = 1, math.random(4) do bytes[math.random(3, #bytes)] = math.random(0, 255) end
  sock:send("\0\0" .. string.char(table.unpack(bytes, 3, math.random(3, #bytes))))
end
sock:send(question)
repeat local answer = sock:read { timeout = 5 } until not answer or answer:sub(1, 2) == "\x12\x34"
print("still", rcode(question))
for cut = 0, #question + 1 do
  local peer <close> = connect(address)
  peer:write((">s2"):pack(question):sub(1, cut))
  peer:shutdown()
  if peer:read "a" ~= "" then print "answered too little" end
end
local peer <close> = connect(address)
peer:write((">s2"):pack(question), "\0\4junk")
print("tcp", #peer:read "a" > 12)
os.exit(0)
END
}

case_dns_server() {
  usage_is_told dns_server.lua
  ends 2 "usage: *" dns_server.lua -f
  ends 2 "*-t: more than 0 *" dns_server.lua -t 0
  ends 2 "*--forward: *" dns_server.lua --forward 127.0.0.1 127.0.0.1:0
  ends 1 "*none: No such file*" dns_server.lua -f "$folder/none"
  ends 2 "dns_server.lua: *too many colons*" dns_server.lua a:b:c
  local bad
  for bad in "a.test" "a.test A" "a.test A 1.2.3" "a.test A 1.2.3.256" "a.test AAAA 1::2::3" \
    "a.test AAAA 1:2:3:4:5:6:7" "a..test A 1.2.3.4" "a.test MX 65536 b" "a.test MX b" "a.test HINFO x" \
    "a.test SOA a b 1 2 3 4" "a.test 4294967296 A 1.2.3.4" "a.test TXT"; do
    ends 2 "dns_server.lua: *${bad% *}*" dns_server.lua 127.0.0.1:0 "$bad"
  done
  cat >"$folder/zone" <<'END'
; a zone
a.test        SOA   ns.a.test root.a.test 2026112101 7200 900 1209600 300
a.test.       NS    ns.a.test
a.test   60   A     10.0.0.1
a.test        A     10.0.0.2      # the second
A.TEST        AAAA  fd00::1
a.test     IN MX    10 mail.a.test
a.test        TXT   "two ; words" more
www.a.test    CNAME a.test.
away.a.test   CNAME elsewhere.test
lost.a.test   CNAME none.a.test
ring.a.test   CNAME ring.a.test
_sip._tcp.a.test SRV 10 5 5060 sip.a.test
192.0.2.1     PTR   a.test
fd00::1       PTR   six.a.test
alone.test    A     10.0.0.3
END
  local out i
  for i in {1..100}; do echo "many.a.test TXT $i-xxxxxxxxxxxxxxxxxxxxxxx"; done >>"$folder/zone"
  start out dns_server.lua -f "$folder/zone" 127.0.0.1:0 "more.test A 10.0.0.4"
  expect "$out" "names on 127.0.0.1:*"
  local server=$process address=${line##* } port=${line##*:}
  ends 1 "dns_server.lua: *$address: Address already in use*" dns_server.lua "$address"

  equal A "$(dig_at "$port" a.test)" $'10.0.0.1\n10.0.0.2'
  expect "$out" "127.0.0.1:* udp a.test A: NOERROR, records: 2"
  equal "by TCP" "$(dig_at "$port" +tcp A.Test AAAA)" fd00::1
  expect "$out" "127.0.0.1:* tcp A.Test AAAA: NOERROR, records: 1"
  equal MX "$(dig_at "$port" a.test MX)" "10 mail.a.test."
  equal TXT "$(dig_at "$port" a.test TXT)" '"two ; words" "more"'
  equal SRV "$(dig_at "$port" _sip._tcp.a.test SRV)" "10 5 5060 sip.a.test."
  equal SOA "$(dig_at "$port" a.test SOA)" "ns.a.test. root.a.test. 2026112101 7200 900 1209600 300"
  equal "an alias" "$(dig_at "$port" www.a.test)" $'a.test.\n10.0.0.1\n10.0.0.2'
  equal "the alias itself" "$(dig_at "$port" www.a.test CNAME)" "a.test."
  equal "an alias that leads away" "$(dig_at "$port" away.a.test)" "elsewhere.test."
  equal "an address" "$(dig_at "$port" -x 192.0.2.1)" "a.test."
  equal "an address of IPv6" "$(dig_at "$port" -x fd00::1)" "six.a.test."
  equal "from the command line" "$(dig_at "$port" more.test)" "10.0.0.4"
  like ANY "$(dig_all "$port" +notcp a.test ANY)" "*flags: qr aa rd; *ANSWER: 7*"
  like "no such name" "$(dig_all "$port" none.a.test)" "*status: NXDOMAIN*a.test.*SOA*"
  like "an alias to none" "$(dig_all "$port" lost.a.test)" "*status: NXDOMAIN*CNAME*SOA*"
  like "no such record" "$(dig_all "$port" www.a.test MX)" "*status: NOERROR*ANSWER: 2,*MX*10 mail*"
  like "no data" "$(dig_all "$port" a.test SRV)" "*status: NOERROR*ANSWER: 0,*SOA*"
  like "a name between" "$(dig_all "$port" _tcp.a.test)" "*status: NOERROR*ANSWER: 0,*SOA*"
  like "no data, no zone" "$(dig_all "$port" alone.test MX)" "*NOERROR*ANSWER: 0, AUTHORITY: 0*"
  like "somebody else's" "$(dig_all "$port" other.test)" "*status: REFUSED*"
  like "the root" "$(dig_all "$port" . NS)" "*status: REFUSED*"
  like "an alias of itself" "$(dig_all "$port" ring.a.test)" "*NOERROR*ANSWER: 16*"
  like "a new EDNS" "$(dig_all "$port" +edns=1 +noednsneg a.test)" "*status: BADVERS*"
  like "a zone transfer" "$(dig_all "$port" +tcp a.test AXFR)" "*Transfer failed*"
  # 100 strings: 4 KB. Cut by UDP, but where the asker takes so much; whole by TCP.
  like "cut" "$(dig_all "$port" +noedns +ignore many.a.test TXT)" "*flags: qr aa tc rd;*ANSWER: 0*"
  like "cut" "$(dig_all "$port" +bufsize=1232 +ignore many.a.test TXT)" "*qr aa tc rd;*ANSWER: 0*"
  like "not cut" "$(dig_all "$port" +bufsize=4096 +ignore many.a.test TXT)" "*qr aa rd;*ANSWER: 100*"
  equal "asked again by TCP" "$(dig_at "$port" many.a.test TXT | wc -l)" 100

  cat >"$folder/ask.lua" <<'END'
local dns = require "dns"
dns.server = arg[1]
print(table.concat(dns.resolve "www.a.test", " "), dns.resolve("192.0.2.1", "PTR")[1],
  dns.resolve("a.test", "MX")[1].host, #dns.resolve("many.a.test", "TXT"),
  select(3, dns.resolve "none.a.test"))
END
  ends 0 $'fd00::1 10.0.0.1 10.0.0.2\ta.test\tmail.a.test\t100\tEDNS' "$folder/ask.lua" "$address"

  nonsense
  local talk
  cat <&"$out" >"$folder/told" & # thousands of lines
  exec {talk}< <("$moonwire" "$folder/nonsense.lua" "$address" 2>&1)
  for i in itself below ring beyond reserved long cut more "two questions" promises; do
    expect "$talk" "$i"$'\t'1
  done
  expect "$talk" opcode$'\t'4
  expect "$talk" "two OPT"$'\t'1
  expect "$talk" still$'\t'0
  expect "$talk" tcp$'\t'true
  at_end "$talk"
  stops "$server" TERM 143
  wait $!
  grep -q " udp: not a question, 3 bytes" "$folder/told" || wrong "3 bytes were not told"

  misleading_server
  local upstream
  start upstream "$folder/misleading.lua"
  expect "$upstream" "udp://127.87.0.6:*"
  start out dns_server.lua --forward "${line#udp://}" -t 1 127.0.0.1:0 "a.test A 10.0.0.1"
  local other=${line#udp://}
  expect "$out" "names on 127.0.0.1:*"
  server=$process port=${line##*:}
  equal "forwarded" "$(dig_at "$port" +noedns one.test)" 10.9.8.7
  expect "$out" "127.0.0.1:* udp one.test A: NOERROR from $other in * ms"
  expect "$upstream" "asked one"$'\t'true
  equal "asked twice" "$(dig_at "$port" +noedns lost.test)" 10.9.8.7
  equal "ours" "$(dig_at "$port" a.test)" 10.0.0.1
  like "no answer" "$(dig_all "$port" silent.test)" "*status: SERVFAIL*"
  like "nobody there" "$(dig_all "$port" +tcp two.test)" "*status: SERVFAIL*"
  await "$out" "*tcp two.test A: SERVFAIL: connect $other: Connection refused"
  stops "$server" INT 130

  # In a chain of two, by both transports.
  start upstream dns_server.lua -f "$folder/zone" 127.0.0.1:0
  expect "$upstream" "names on *"
  start out dns_server.lua --forward "${line##* }" 127.0.0.1:0
  server=$process
  expect "$out" "names on *"
  port=${line##*:}
  equal "through two" "$(dig_at "$port" www.a.test)" $'a.test.\n10.0.0.1\n10.0.0.2'
  equal "through two, by TCP" "$(dig_at "$port" +bufsize=1232 many.a.test TXT | wc -l)" 100
  stops "$server" TERM 143
}
