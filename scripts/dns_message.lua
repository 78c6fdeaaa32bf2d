--- Messages of the name system (RFC 1035, RFC 6891 for EDNS), for dns_server.lua: questions are read,
-- answers are made. Knows no sockets. Names are texts without the last dot; bytes that need it are
-- written \DDD.
local message = {}

message.TYPES = { A = 1, NS = 2, CNAME = 5, SOA = 6, PTR = 12, MX = 15, TXT = 16, AAAA = 28, SRV = 33,
  OPT = 41, IXFR = 251, AXFR = 252, ANY = 255 }
message.RCODES = { NOERROR = 0, FORMERR = 1, SERVFAIL = 2, NXDOMAIN = 3, NOTIMP = 4, REFUSED = 5,
  BADVERS = 16 }

local function inverse(codes)
  local names = {}
  for name, code in pairs(codes) do names[code] = name end
  return names
end
local TYPE_NAMES <const>, RCODE_NAMES <const> = inverse(message.TYPES), inverse(message.RCODES)

--- "MX", "TYPE99"; "NXDOMAIN", "RCODE9".
function message.type_name(code) return TYPE_NAMES[code] or "TYPE" .. code end
function message.rcode_name(code) return RCODE_NAMES[code] or "RCODE" .. code end

local HEADER <const> = ">I2I2I2I2I2I2"  -- id, flags, questions, answers, authorities, additionals
local HEADER_SIZE <const> = 12
local QR <const>, AA <const>, TC <const>, RD <const>, RA <const> = 0x8000, 0x400, 0x200, 0x100, 0x80
local OUR_SIZE <const> = 4096  -- the longest datagram that we take and send, told in EDNS

-- --- reading ------------------------------------------------------------------------------

local function require_that(condition) return condition or error "malformed" end

local function escaped(label)
  return (label:gsub("[^%w_%-*+/=]", function(c) return ("\\%03d"):format(c:byte()) end))
end

--- The name at `at`, and where it ends. A pointer leads to before whatever it was reached from, so
-- that there is an end to them.
local function read_name(packet, at)
  local labels, size, start, after = {}, 1, at, nil
  while true do
    local length = require_that(packet:byte(at))
    if length == 0 then
      return table.concat(labels, "."), after or at + 1
    elseif length >= 0xC0 then
      local target = (">I2"):unpack(packet, at) - 0xC000 + 1
      after = after or at + 2
      require_that(target > HEADER_SIZE and target < start)
      at, start = target, target
    else
      size = size + 1 + length
      require_that(length < 64 and size <= 255 and at + length <= #packet)
      labels[#labels + 1] = escaped(packet:sub(at + 1, at + length))
      at = at + 1 + length
    end
  end
end

--- The record at `at`, and where it ends.
local function read_record(packet, at)
  local record = {}
  record.name, at = read_name(packet, at)
  record.type, record.class, record.ttl, record.data, at = (">I2I2I4s2"):unpack(packet, at)
  return record, at
end

--- What EDNS says, if it says anything: the size that the asker takes, and the version.
local function note_edns(query, record)
  if record.type ~= message.TYPES.OPT then return end
  require_that(not query.edns and record.name == "")
  query.edns = { size = record.class, version = record.ttl >> 16 & 0xFF }
end

local function read_rest(query, packet, counts)
  require_that(counts[1] == 1)
  local at = HEADER_SIZE + 1
  query.name, at = read_name(packet, at)
  query.type, query.class, at = (">I2I2"):unpack(packet, at)
  query.question = packet:sub(HEADER_SIZE + 1, at - 1)
  local record
  for _ = 1, counts[2] + counts[3] + counts[4] do
    record, at = read_record(packet, at)
    note_edns(query, record)
  end
  require_that(at == #packet + 1)
end

--- A question: id, flags, opcode, and name, type, class, `question` (its bytes), edns. One that makes
-- no sense has `malformed`. Nil for what nobody should answer: less than a header, or an answer.
function message.read(packet)
  if #packet < HEADER_SIZE then return nil end
  local id, flags, questions, answers, authorities, additionals = HEADER:unpack(packet)
  if flags & QR ~= 0 then return nil end
  local query = { id = id, flags = flags, opcode = flags >> 11 & 15 }
  local counts = { questions, answers, authorities, additionals }
  query.malformed = query.opcode == 0 and not pcall(read_rest, query, packet, counts)
  return query
end

--- Whether `packet` answers the question that `query` is, asked with `id`.
function message.is_answer(packet, query, id)
  if #packet < HEADER_SIZE + #query.question then return false end
  local got, flags, questions = HEADER:unpack(packet)
  return got == id and flags & QR ~= 0 and questions == 1
    and packet:sub(HEADER_SIZE + 1, HEADER_SIZE + #query.question):lower() == query.question:lower()
end

--- The same message under another id; and the code of its result.
function message.with_id(packet, id) return (">I2"):pack(id) .. packet:sub(3) end
function message.rcode_of(packet) return packet:byte(4) & 15 end

-- --- writing ------------------------------------------------------------------------------

--- A name's bytes; nil if it cannot be one.
local function name_bytes(name)
  local labels, bytes = name == "." and "" or name:gsub("%.$", ""), ""
  if labels == "" then return name == "." and "\0" or nil end
  for label in (labels .. "."):gmatch "([^.]*)%." do
    if #label < 1 or #label > 63 or label:find "[^%w_%-*+/=]" then return nil end
    bytes = bytes .. (">s1"):pack(label)
  end
  return #bytes < 255 and bytes .. "\0" or nil
end

--- How many bytes a datagram to the asker may have.
local function size_for(query)
  local size = query.edns and query.edns.size or 512
  return math.max(512, math.min(size, OUR_SIZE))
end

--- The answer to `query`: { rcode =, authoritative =, recursive =, answers = {records},
-- authorities = {records} }, each but rcode may be left out. A record is { name =, type =, ttl =,
-- data = bytes }. By udp one that is too long is cut, and says so: the asker comes back by tcp.
function message.write(query, answer, transport)
  local flags = QR | query.opcode << 11 | query.flags & RD | answer.rcode & 15
    | (answer.authoritative and AA or 0) | (answer.recursive and RA or 0)
  local edns = ""
  if query.edns then
    local high = answer.rcode >> 4
    edns = ("\0" .. (">I2I2I4s2"):pack(message.TYPES.OPT, OUR_SIZE, high << 24, ""))
  end
  local question = query.question or ""
  local asked = (query.name or ""):lower()
  local function section(records)
    local bytes = {}
    for i, record in ipairs(records or {}) do
      local same = record.name:lower() == asked and asked ~= ""
      local name = same and (">I2"):pack(0xC000 | HEADER_SIZE) or name_bytes(record.name)
      bytes[i] = name .. (">I2I2I4s2"):pack(record.type, 1, record.ttl, record.data)
    end
    return table.concat(bytes), #bytes
  end
  local function whole(more, answers, count, authorities, authority_count)
    return HEADER:pack(query.id, flags | more, #question > 0 and 1 or 0, count, authority_count,
      #edns > 0 and 1 or 0) .. question .. answers .. authorities .. edns
  end
  local answers, count = section(answer.answers)
  local packet = whole(0, answers, count, section(answer.authorities))
  local most = transport == "udp" and size_for(query) or 65535
  return #packet <= most and packet or whole(TC, "", 0, "", 0)
end

-- --- data of records ------------------------------------------------------------------------

local function ipv4_bytes(text)
  local bytes = {}
  for number in (text .. "."):gmatch "(%d+)%." do bytes[#bytes + 1] = tonumber(number) end
  local fits = #bytes == 4 and table.concat(bytes, ".") == text
    and math.max(table.unpack(bytes)) < 256
  return fits and string.char(table.unpack(bytes)) or nil
end

local function ipv6_bytes(text)
  local function groups(part)
    local bytes = ""
    for group in (part == "" and "" or part .. ":"):gmatch "([^:]*):" do
      if not group:find "^%x%x?%x?%x?$" then return nil end
      bytes = bytes .. (">I2"):pack(tonumber(group, 16))
    end
    return bytes
  end
  local before, behind = text:match "^(.-)::(.*)$"
  local head, tail = groups(before or text), groups(behind or "")
  if not head or not tail then return nil end
  local left = 16 - #head - #tail
  if before and left < 2 or not before and left ~= 0 then return nil end
  return head .. ("\0"):rep(left) .. tail
end

--- The name under which a PTR of the address is found; nil if it is no address.
function message.reverse_name(address)
  local bytes = ipv4_bytes(address)
  if bytes then return ("%d.%d.%d.%d.in-addr.arpa"):format(bytes:reverse():byte(1, 4)) end
  bytes = ipv6_bytes(address)
  if not bytes then return nil end
  local digits = bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end)
  return digits:reverse():gsub(".", "%0.") .. "ip6.arpa"
end

local function number_bytes(size)
  return function(text)
    local number = text:find "^%d+$" and math.tointeger(tonumber(text))
    return number and number < 1 << 8 * size and (">I" .. size):pack(number) or nil
  end
end

local function string_bytes(text) return #text < 256 and (">s1"):pack(text) or nil end

--- What the data consists of, word by word; of TXT, any number of strings.
local short, long = number_bytes(2), number_bytes(4)
local DATA <const> = {
  A = { ipv4_bytes }, AAAA = { ipv6_bytes }, CNAME = { name_bytes }, NS = { name_bytes },
  PTR = { name_bytes }, MX = { short, name_bytes }, SRV = { short, short, short, name_bytes },
  SOA = { name_bytes, name_bytes, long, long, long, long, long }, TXT = {},
}

--- The bytes of a record's data that `words` say; nil and what is wrong.
function message.data(type_name, words)
  local makers = DATA[type_name]
  if not makers then return nil, "no such type: " .. type_name end
  local strings = type_name == "TXT"
  if #words ~= #makers and not strings or #words == 0 then
    return nil, ("%s takes %s"):format(type_name, strings and "a string" or #makers .. " words")
  end
  local bytes = {}
  for i, word in ipairs(words) do
    bytes[i] = (makers[i] or string_bytes)(word)
    if not bytes[i] then return nil, ("%s: not valid: %s"):format(type_name, word) end
  end
  return table.concat(bytes)
end

--- Whether it can be the name of a record.
function message.is_name(text) return name_bytes(text) ~= nil end

return message
