# shellcheck shell=bash
# socks5.lua between curl, or a client of the test's own, and servers of the test's own. Part of `run`.

web_servers() {
  cat >"$folder/web.lua" <<'END'
local function serve(client)
  local target = client:read "l":match "^%S+ (%S+)"
  repeat local line = client:read "l" until not line or line == ""
  client:finish("HTTP/1.0 200 OK\r\n\r\n" .. (target == "/big" and ("0123456789"):rep(1000000) or "hello\n"))
end
print(listen("127.0.0.1:0", serve).address)
print(listen("[::1]:0", serve).address)
print(listen("127.0.0.1:0", function(client) client:write(#client:read "a") end).address)
print(listen("127.0.0.1:0", function(client)
  client:read(1)
  client:write "half"
  client:flush()
  client:abort()
end).address)
print((listen("udp://localhost:0", function(sock, data, from) sock:send(from, data:upper()) end).address
  :gsub("udp://", "")))
local closed = listen "127.87.0.4:0" -- where nobody else listens
print(closed.address)
closed:close()
END
}

# What curl does not do: each byte of a request, half-close, datagrams, wrong requests.
socks_client() {
  cat >"$folder/client.lua" <<'END'
local proxy, counter, resetting, echo = table.unpack(arg)
local function bytes_of(address)
  local a, b, c, d, port = address:match "(%d+)%.(%d+)%.(%d+)%.(%d+):(%d+)"
  return ("BBBBB>I2"):pack(1, a, b, c, d, port)
end
local function hex(bytes) return ((bytes or "?"):gsub(".", function(c) return ("%02x"):format(c:byte()) end)) end
local function talk(bytes)
  local peer <close> = connect(proxy)
  peer:write(bytes)
  peer:shutdown()
  return hex(peer:read "a")
end

local greeting = "\5\1\0"
print("version 4", talk "\4\1\0\80\127\0\0\1")
print("no method of ours", talk "\5\1\1")
print("another command", talk(greeting .. "\5\2\0" .. bytes_of(counter)))
print("unknown kind", talk(greeting .. "\5\1\0\2"))
print("a path", talk(greeting .. "\5\1\0\3" .. (">s1I2"):pack("unix:/dev/log", 80)))
print("a descriptor", talk(greeting .. "\5\1\0\3" .. (">s1I2"):pack("fd://3", 80)))
print("no name", talk(greeting .. "\5\1\0\3" .. (">s1I2"):pack("", 80)))

local request = greeting .. "\5\1\0" .. bytes_of(counter)
for cut = 0, #request - 1 do
  local answer = talk(request:sub(1, cut))
  if answer ~= "" and answer ~= "0500" then print("answered too little", cut, answer) end
end
local peer = connect(proxy)
for i = 1, #request do
  peer:write(request:sub(i, i))
  peer:flush()
  sleep(0.001)
end
print("byte by byte", hex(peer:read(2 + 4)))
peer:read(6)
peer:write(("x"):rep(100000))
peer:shutdown()
print("half-close", peer:read "a")
peer:close()

peer = connect(proxy)
peer:write(request .. "early")  -- in one piece with what is for the server
peer:shutdown()
peer:read(2 + 10)
print("early bytes", peer:read "a")

peer = connect(proxy)
peer:write(greeting .. "\5\1\0" .. bytes_of(resetting))
peer:read(2 + 10)
peer:write "x"
print("reset", select(3, peer:read "a"))

local control = connect(proxy)
control:write(greeting .. "\5\3\0\1\0\0\0\0\0\0")
control:read(2 + 3 + 5)
local port = (">I2"):unpack(control:read(2))
local sock = listen "udp://127.0.0.1:0"
local relay = "127.0.0.1:" .. port
sock:send(relay, "")
sock:send(relay, "\0\0\0\1\127")
sock:send(relay, "\0\0\1" .. bytes_of(echo) .. "fragment")
sock:send(relay, "\0\0\0\3" .. (">s1I2"):pack("unix:/dev/log", 80) .. "path")
sock:send(relay, "\0\0\0" .. bytes_of(echo) .. "datagram")
local stranger = connect("udp://" .. relay)
stranger:send("\0\0\0" .. bytes_of(echo) .. "stranger")
print("datagram", (assert(sock:read { timeout = 5 }):gsub("%W", "."))) -- a byte of the port may be a newline
sock:send(relay, "\0\0\0\3" .. (">s1I2"):pack("localhost", echo:match "%d+$") .. "by name")
print("by name", #sock:read { timeout = 5 })
control:close()
os.exit(0)
END
}

case_socks5() {
  usage_is_told socks5.lua
  ends 2 "usage: *" socks5.lua 1080 1081
  ends 2 "usage: *" socks5.lua -u
  ends 2 "usage: *" socks5.lua -u nobody
  ends 2 "*-t: more than 0 *" socks5.lua -t 0
  ends 2 "socks5.lua: *too many colons*" socks5.lua a:b:c
  local out servers ipv4 ipv6 counter resetting echo closed name
  web_servers
  start servers "$folder/web.lua"
  local web=$process
  for name in ipv4 ipv6 counter resetting echo closed; do
    expect "$servers" "*:*"
    local "$name=$line"
  done
  start out socks5.lua 127.0.0.1:0
  expect "$out" "socks on 127.0.0.1:*"
  local proxy=$process address=${line##* }
  ends 1 "socks5.lua: *$address: Address already in use*" socks5.lua "$address"
  local curl=(curl -sS -m 10 --noproxy "")
  equal "a name, looked up there" \
    "$("${curl[@]}" --socks5-hostname "$address" "http://localhost:${ipv4##*:}/")" hello
  expect "$out" "127.0.0.1:* to localhost:${ipv4##*:} closed: * bytes up, 25 down"
  equal "an address" "$("${curl[@]}" --socks5 "$address" "http://$ipv4/")" hello
  expect "$out" "127.0.0.1:* to $ipv4 closed: * bytes up, 25 down"
  equal "an address of IPv6" "$("${curl[@]}" --socks5 "$address" "http://$ipv6/")" hello
  expect "$out" "127.0.0.1:* to *1]:${ipv6##*:} closed: * bytes up, 25 down"
  equal "10 MB" "$("${curl[@]}" --socks5 "$address" "http://$ipv4/big" | md5sum)" \
    "$(yes 0123456789 | head -n 1000000 | tr -d '\n' | md5sum)"
  expect "$out" "127.0.0.1:* closed: * bytes up, 10000019 down"
  like "refused" "$("${curl[@]}" --socks5 "$address" "http://$closed/" 2>&1)" "*\(5)"
  expect "$out" "127.0.0.1:* to $closed refused: connect $closed: Connection refused"
  like "no host" "$("${curl[@]}" --socks5-hostname "$address" "http://a..b/" 2>&1)" "*\(4)"
  expect "$out" "127.0.0.1:* to a..b:80 refused: *"

  socks_client
  local talk
  exec {talk}< <(timeout 20 "$moonwire" "$folder/client.lua" "$address" "$counter" "$resetting" "$echo" 2>&1)
  expect "$talk" "version 4"$'\t'
  expect "$talk" "no method of ours"$'\t'05ff
  expect "$talk" "another command"$'\t'050005070001000000000000
  expect "$talk" "unknown kind"$'\t'050005080001000000000000
  expect "$talk" "a path"$'\t'050005040001000000000000
  expect "$talk" "a descriptor"$'\t'050005040001000000000000
  expect "$talk" "no name"$'\t'050005040001000000000000
  expect "$talk" "byte by byte"$'\t'050005000001
  expect "$talk" "half-close"$'\t'100000
  expect "$talk" "early bytes"$'\t'5
  expect "$talk" "reset"$'\t'ECONNRESET
  expect "$talk" "datagram"$'\t'*DATAGRAM*
  expect "$talk" "by name"$'\t'"@(17|29)"
  at_end "$talk"
  await "$out" "127.0.0.1:* datagrams closed: 15 bytes up, 15 down"
  stops "$proxy" INT 130

  start out socks5.lua -u ann:secret -t 0.3 127.0.0.1:0
  expect "$out" "socks on *"
  proxy=$process address=${line##* }
  curl+=(--socks5 "$address")
  equal "with the password" "$("${curl[@]}" -U ann:secret "http://$ipv4/")" hello
  expect "$out" "127.0.0.1:* to $ipv4 closed: *"
  like "with the wrong one" "$("${curl[@]}" -U ann:secre "http://$ipv4/" 2>&1)" "curl: (97) *"
  expect "$out" "127.0.0.1:* has the wrong password"
  like "without" "$("${curl[@]}" "http://$ipv4/" 2>&1)" "curl: (97) *"
  expect "$out" "127.0.0.1:* offers no password"
  local slow
  meet slow "$address"
  printf '\5' >&"$slow"
  at_end "$slow"
  expect "$out" "127.0.0.1:* read *"
  stops "$proxy" TERM 143
  stops "$web" TERM 143
}
