--- Questions to the name system: `local dns = require "dns"`.
-- dns.resolve and dns.reverse wait, or call a function later; the field dns.server says who is asked, by connect as well. What fails at run
-- time returns nil, message, "EDNS". Nothing is kept: each call asks anew.
local blame = require "blame"
local native = require "native.dns"

local spawn = spawn  -- whatever a program calls so

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

local function misuse(who, format, ...) blame.misuse((who .. ": " .. format):format(...)) end

local function check_type(who, kind)
  if kind == nil then return "" end
  if type(kind) ~= "string" then misuse(who, "the type must be a string, got a %s", type(kind)) end
  local name = kind:upper()
  if TYPES[name] then return name end
  misuse(who, "no such type '%s'; A AAAA CNAME MX NS PTR SOA SRV TXT are", kind)
end

local function check_options(who, options)
  if options == nil then return TIMEOUT end
  if type(options) ~= "table" then
    misuse(who, "the options must be a table, got a %s", type(options))
  end
  for name in next, options do
    if name ~= "timeout" then
      misuse(who, "unknown option '%s', did you mean 'timeout'?", tostring(name))
    end
  end
  local timeout = options.timeout
  if timeout == nil then return TIMEOUT end
  if math.type(timeout) == nil or timeout ~= timeout then
    misuse(who, "option 'timeout' must be a number, got %s",
      timeout ~= timeout and "a NaN" or "a " .. type(timeout))
  end
  if timeout < 0 then misuse(who, "option 'timeout' must be at least 0, got %s", timeout) end
  return timeout
end

local function check_name(who, name)
  if type(name) ~= "string" then misuse(who, "the name must be a string, got a %s", type(name)) end
end

--- Looks at the arguments now; asks now, or in a task of its own if there is a function to tell.
local function ask(who, name, kind, options, fn)
  check_name(who, name)
  local wanted, timeout = check_type(who, kind), check_options(who, options)
  if fn ~= nil and type(fn) ~= "function" then blame.expected(who, "a function", fn) end
  local function answer()
    local packed, message, code = native.resolve(name, wanted, timeout)
    if not packed then return nil, message, code end
    return unpack_records(packed, FIELDS[wanted])
  end
  if not fn then return answer() end
  spawn(function() fn(answer()) end)
end

local dns = {}

--- dns.resolve(name [, type [, options]] [, fn]): the records of that type, as a list. Waits, or
-- has fn called with the results. Without a type: all addresses. Returns nil, message, "EDNS" if
-- there are none.
function dns.resolve(name, kind, options, fn)
  if type(kind) == "function" then
    kind, fn = nil, kind
  elseif type(options) == "function" then
    options, fn = nil, options
  end
  return ask("dns.resolve", name, kind, options, fn)
end

--- dns.reverse(address [, options] [, fn]): the names of an address, as dns.resolve gives them.
function dns.reverse(address, options, fn)
  if type(options) == "function" then options, fn = nil, options end
  if type(address) ~= "string" or not native.is_address(address) then
    blame.expected("dns.reverse", "an IP address", address)
  end
  return ask("dns.reverse", address, "PTR", options, fn)
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
    misuse("dns.server", "the list is empty; nil is the system's")
  end
  for i, server in ipairs(list) do
    if type(server) ~= "string" then
      blame.expected("dns.server", "an address or a list of addresses", server)
    elseif server == "" or server:find(",", 1, true) then
      misuse("dns.server", "%q is no name server: an address, or address:port, is", server)
    end
  end
  return table.concat(list, ",")
end

local function set_servers(value)
  local ok, message = native.set_servers(joined(value))
  if not ok then blame.misuse((message:gsub("^set name servers", "dns.server"))) end
end

return setmetatable(dns, {
  __index = function(_, name)
    if name == "server" then return servers() end
  end,
  __newindex = function(self, name, value)
    if name == "server" then set_servers(value) else rawset(self, name, value) end
  end,
})
