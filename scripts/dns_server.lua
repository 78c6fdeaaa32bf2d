#!/usr/bin/env moonwire
-- dns_server.lua [-f FILE] [--forward HOST:PORT] [-t SECONDS] [ADDRESS [RECORD...]]: a name server.
local usage = [==[
usage: dns_server.lua [-f FILE] [--forward HOST:PORT] [-t SECONDS] [ADDRESS [RECORD...]]
Answers questions about names on ADDRESS, by UDP and TCP, from records, and tells each. ADDRESS is
whatever listen takes, 5300 if left out. A record is a line: NAME [TTL] [IN] TYPE DATA, as in
  a.test         A      10.0.0.1
  www.a.test 60  CNAME  a.test
  a.test         TXT    "two words" more
  192.0.2.1      PTR    a.test            (found by: dig -x 192.0.2.1)
Types: A AAAA CNAME MX NS PTR SOA SRV TXT. Of what is below the name of a SOA, everything is known:
what has no record does not exist. An alias is followed as far as the records go. Other names are
refused, or forwarded.
-f FILE              records, a line each; ; or # begins a comment
--forward HOST:PORT  the server that other questions go to
-t SECONDS           how long it may take, in two attempts, default 4
Exit: 1 cannot listen there, or no such file or server, 2 usage, or a record that makes no sense.]==]

-- The module lies beside this script, wherever that was started from.
package.path = (arg[0]:match "^.*/" or "./") .. "?.lua;" .. package.path
local message = require "dns_message"
local TYPES <const>, RCODES <const> = message.TYPES, message.RCODES

local DEFAULT_TTL <const> = 300
local CHAIN <const> = 16        -- so many aliases are followed
local AT_ONCE <const> = 200     -- so many questions wait for the other server; more have failed
local IDLE <const> = 10         -- seconds that a client may be silent on a connection

local function fail(status, text)
  io.stderr:write(text, "\n")
  os.exit(status)
end

local function complain(...) fail(2, "dns_server.lua: " .. string.format(...)) end

-- --- the records ------------------------------------------------------------------------

local records = {}  -- name in small letters -> list of { name, type, ttl, data, target }
local exists = {}   -- the same names and those above them, which exist without a record
local zones = {}    -- name -> its SOA record

--- "" for the last one, the root; nil above it.
local function parent(name) return name ~= "" and (name:match "^[^.]*%.(.*)$" or "") or nil end

--- The words of a line; "in quotes" is one.
local function words_of(line)
  local words, at = {}, 1
  while true do
    at = line:find("%S", at)
    if not at or line:find("^[;#]", at) then return words end
    local word, after = line:match('^"([^"]*)"()', at)
    if not word then word, after = line:match("^(%S+)()", at) end
    words[#words + 1], at = word, after
  end
end

local function add_record(line)
  local words = words_of(line)
  if #words == 0 then return end
  local name = table.remove(words, 1):gsub("(.)%.$", "%1")
  local ttl = words[1] and words[1]:find "^%d+$" and tonumber(table.remove(words, 1)) or DEFAULT_TTL
  if words[1] == "IN" then table.remove(words, 1) end
  local kind = (table.remove(words, 1) or complain("%s: a type is missing", line)):upper()
  name = kind == "PTR" and message.reverse_name(name) or name
  if not message.is_name(name) or ttl > 0x7FFFFFFF then complain("not a record: %s", line) end
  local data, problem = message.data(kind, words)
  if not data then complain("%s: %s", line, problem) end
  local key = name == "." and "" or name:lower()
  local record = { name = name, type = TYPES[kind], ttl = ttl, data = data, target = words[1] }
  records[key] = records[key] or {}
  table.insert(records[key], record)
  if kind == "SOA" then zones[key] = record end
  repeat
    exists[key] = true
    key = parent(key)
  until not key
end

--- The SOA that a name is below, or at.
local function zone_of(name)
  while name and not zones[name] do name = parent(name) end
  return zones[name]
end

-- --- answering from them --------------------------------------------------------------------

--- Adds the records of a type to `answers`; the alias if there is one instead.
local function look_up(name, type, answers)
  local alias
  for _, record in ipairs(records[name] or {}) do
    if type == TYPES.ANY or record.type == type then answers[#answers + 1] = record
    elseif record.type == TYPES.CNAME then alias = record end
  end
  if alias then answers[#answers + 1] = alias end
  return alias
end

--- The answer from the records; nil if they say nothing about the name.
local function answer_from_table(query)
  local name, answers = query.name:lower(), {}
  if not records[name] and not zone_of(name) then return nil end
  local count, alias
  for _ = 1, CHAIN do
    count = #answers
    alias = look_up(name, query.type, answers)
    if not alias then break end
    name = alias.target:lower():gsub("%.$", "")
  end
  local answer = { rcode = RCODES.NOERROR, authoritative = true, answers = answers }
  local zone = zone_of(name)
  if #answers == count and zone then
    answer.authorities = { zone }
    if not exists[name] then answer.rcode = RCODES.NXDOMAIN end
  end
  return answer
end

-- --- forwarding ---------------------------------------------------------------------------------

local upstream, patience = nil, 4
local waiting = 0
local random <const> = assert(io.open("/dev/urandom", "rb"))

--- One attempt: the answer, which comes from whom we asked, with the id that we took by chance and
-- the same question; other datagrams are passed over.
local function ask_by_udp(query, packet, id)
  local sock <close>, problem = connect("udp://" .. upstream)
  if not sock then return nil, problem end
  local deadline = now() + patience / 2
  local data
  sock:write(packet)
  repeat
    data, problem = sock:read { timeout = math.max(0, deadline - now()) }
  until not data or message.is_answer(data, query, id)
  return data, problem
end

local function ask_by_tcp(query, packet, id)
  local options = { timeout = patience }
  local peer <close>, problem = connect(upstream, options)
  if not peer then return nil, problem end
  peer:write((">s2"):pack(packet))
  local size, data
  size, problem = peer:read(2, options)
  if size then data, problem = peer:read((">I2"):unpack(size), options) end
  if data and not message.is_answer(data, query, id) then return nil, "not an answer" end
  return data, problem or not data and "connection closed" or nil
end

--- What the other server answers to the same question, asked by the same transport.
local function forward(query, packet, transport)
  if waiting >= AT_ONCE then return nil, "too many wait" end
  waiting = waiting + 1
  local data, problem
  for attempt = 1, transport == "udp" and 2 or 1 do
    local id = (">I2"):unpack(random:read(2))
    local ask = transport == "udp" and ask_by_udp or ask_by_tcp
    data, problem = ask(query, message.with_id(packet, id), id)
    if data then break end
  end
  waiting = waiting - 1
  return data and message.with_id(data, query.id), problem
end

-- --- serving ------------------------------------------------------------------------------------

--- The code of the answer that needs no look at the records; nil if there is none.
local function refusal(query)
  if query.opcode ~= 0 then return RCODES.NOTIMP end
  if query.malformed then return RCODES.FORMERR end
  if query.edns and query.edns.version > 0 then return RCODES.BADVERS end
  if query.type == TYPES.AXFR or query.type == TYPES.IXFR then return RCODES.NOTIMP end
  if query.class ~= 1 and query.class ~= TYPES.ANY then return RCODES.REFUSED end
end

--- The answer's bytes, and what to tell of it.
local function answer_to(query, packet, transport)
  local code = refusal(query)
  local answer = code and { rcode = code } or answer_from_table(query)
  if not answer and upstream then
    local started = now()
    local data, problem = forward(query, packet, transport)
    if data then
      return data, ("%s from %s in %.0f ms"):format(message.rcode_name(message.rcode_of(data)),
        upstream, (now() - started) * 1000)
    end
    return message.write(query, { rcode = RCODES.SERVFAIL, recursive = true }, transport),
      "SERVFAIL: " .. problem
  end
  answer = answer or { rcode = RCODES.REFUSED }
  answer.recursive = upstream ~= nil
  return message.write(query, answer, transport),
    ("%s, records: %d"):format(message.rcode_name(answer.rcode), #(answer.answers or {}))
end

--- The answer to a packet, nil if there is none.
local function serve(packet, transport, from)
  local query = message.read(packet)
  if not query then
    print(("%s %s: not a question, %d bytes"):format(from, transport, #packet))
    return nil
  end
  local data, outcome = answer_to(query, packet, transport)
  local name = query.name == "" and "." or query.name or "?"
  print(("%s %s %s %s: %s"):format(from, transport, name,
    query.type and message.type_name(query.type) or "?", outcome))
  return data
end

local function serve_datagram(sock, packet, from)
  local data = serve(packet, "udp", from)
  if data then sock:send(from, data) end
end

local function serve_connection(client)
  local from = client.peer
  repeat
    local size = client:read(2)
    local packet = size and client:read(((">I2"):unpack(size)))
    local data = packet and serve(packet, "tcp", from)
  until not data or not client:write((">s2"):pack(data))
end

--- Both sockets on one port, also where that may be any.
local function listen_both(address)
  local server, sock, problem
  for _ = 1, 16 do
    server, problem = listen(address, { read_deadline = IDLE }, serve_connection)
    if not server then return nil, problem end
    local same = tostring(address):gsub("%f[%d]0$", server.address:match "%d*$")
    sock, problem = listen("udp://" .. same, serve_datagram)
    if sock or same == address then return sock and server, problem end
    server:close()
  end
  return nil, problem
end

-- --- arguments --------------------------------------------------------------------------------------

local file
local words = table.move(arg, 1, #arg, 1, {})
while words[1] and words[1]:find "^%-" do
  local word = table.remove(words, 1)
  if word == "--help" then print(usage) os.exit(0) end
  local value = table.remove(words, 1) or fail(2, usage)
  if word == "-f" then file = value
  elseif word == "--forward" then upstream = value
  elseif word == "-t" then
    patience = tonumber(value)
    if not patience or patience <= 0 or patience > 3600 then
      complain("-t: more than 0 and up to 3600, not %s", value)
    end
  else fail(2, usage)
  end
end
local address = table.remove(words, 1) or "5300"
if file then
  local lines, problem = io.open(file)
  if not lines then fail(1, "dns_server.lua: " .. problem) end
  for line in lines:lines() do add_record(line) end
end
for _, line in ipairs(words) do add_record(line) end
if upstream then
  local ok, sock, problem = pcall(connect, "udp://" .. upstream)
  if not ok then complain("--forward: %s", sock) end
  if not sock then fail(1, "dns_server.lua: --forward: " .. problem) end
  sock:close()
end

io.stdout:setvbuf "line"
local ok, server, problem = pcall(listen_both, address)
if not ok then fail(2, "dns_server.lua: " .. server) end
if not server then fail(1, "dns_server.lua: " .. problem) end
print("names on " .. server.address)
