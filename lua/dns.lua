--- Questions to the name system: `local dns = require "dns"`.
-- dns.resolve waits; the field dns.server says who is asked, by connect as well. What fails at run
-- time returns nil, message, "EDNS". Nothing is kept: each call asks anew.
local native = require "native.dns"

local TYPES <const> = { A = true, AAAA = true, CNAME = true, MX = true, NS = true, PTR = true,
  SOA = true, SRV = true, TXT = true }

local TIMEOUT <const> = 5  -- seconds, as in the manifest

--- The fields of records that are tables, in the order in which they come; else a record is a
-- string.
local FIELDS <const> = {
  MX = { "preference", "host" },
  SRV = { "priority", "weight", "port", "target" },
  SOA = { "mname", "rname", "serial", "refresh", "retry", "expire", "minimum" },
}
local TEXTS <const> = { host = true, target = true, mname = true, rname = true }

--- The records that native.resolve has packed: each field with its length in front.
local function unpack_records(packed, fields)
  local records, at, text = {}, 1, nil
  while at <= #packed do
    local record = {}
    for i, field in ipairs(fields or { 1 }) do
      text, at = string.unpack("<s4", packed, at)
      record[field] = fields and not TEXTS[field] and math.tointeger(text) or text
    end
    records[#records + 1] = fields and record or record[1]
  end
  return records
end

--- Raises in the name of dns.resolve's caller.
local function misuse(format, ...) error(("dns.resolve: " .. format):format(...), 4) end

local function check_type(kind)
  if kind == nil then return "" end
  if type(kind) ~= "string" then misuse("the type must be a string, got a %s", type(kind)) end
  local name = kind:upper()
  if TYPES[name] then return name end
  misuse("no such type '%s'; A AAAA CNAME MX NS PTR SOA SRV TXT are", kind)
end

local function check_options(options)
  if options == nil then return TIMEOUT end
  if type(options) ~= "table" then
    misuse("the options must be a table, got a %s", type(options))
  end
  for name in next, options do
    if name ~= "timeout" then
      misuse("unknown option '%s', did you mean 'timeout'?", tostring(name))
    end
  end
  local timeout = options.timeout
  if timeout == nil then return TIMEOUT end
  if math.type(timeout) == nil or timeout ~= timeout then
    misuse("option 'timeout' must be a number, got %s",
      timeout ~= timeout and "a NaN" or "a " .. type(timeout))
  end
  if timeout < 0 then misuse("option 'timeout' must be at least 0, got %s", timeout) end
  return timeout
end

local function check_name(name)
  if type(name) ~= "string" then misuse("the name must be a string, got a %s", type(name)) end
end

local dns = {}

--- dns.resolve(name [, type [, options]]): the records of that type, as a list. Waits. Without
-- a type: all addresses. Returns nil, message, "EDNS" if there are none.
function dns.resolve(name, kind, options)
  check_name(name)
  local wanted, timeout = check_type(kind), check_options(options)
  local packed, message, code = native.resolve(name, wanted, timeout)
  if not packed then return nil, message, code end
  return unpack_records(packed, FIELDS[wanted])
end

--- The servers as dns.server gives them: nil, one text, or a list.
local function servers()
  local list = {}
  for server in native.servers():gmatch "[^,]+" do list[#list + 1] = server end
  if #list < 2 then return list[1] end
  return list
end

--- The value of an assignment to dns.server as one text.
local function joined(value)
  local list = type(value) == "table" and value or { value }
  if type(value) == "table" and #list == 0 then
    error("dns.server: the list is empty; nil is the system's", 4)
  end
  for i, server in ipairs(list) do
    if type(server) ~= "string" then
      error(("dns.server: an address or a list of addresses expected, got a %s")
        :format(type(server)), 4)
    elseif server == "" or server:find(",", 1, true) then
      error(("dns.server: %q is no name server: an address, or address:port, is"):format(server), 4)
    end
  end
  return table.concat(list, ",")
end

local function set_servers(value)
  local ok, message = native.set_servers(joined(value))
  if not ok then error((message:gsub("^set name servers", "dns.server")), 3) end
end

return setmetatable(dns, {
  __index = function(_, name)
    if name == "server" then return servers() end
  end,
  __newindex = function(self, name, value)
    if name == "server" then set_servers(value) else rawset(self, name, value) end
  end,
})
