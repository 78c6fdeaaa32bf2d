--- Ways through a proxy: which one, and how it is told where to go. A proxy is { kind = "http" or
-- "socks5", address =, user =, password = }.
local native = require "native.http_client"

local connect = connect  -- whatever a program calls so

local proxy = {}

local DEFAULT_PORT <const> = 1080
local KINDS <const> = { http = "http", socks5 = "socks5", socks5h = "socks5" }

--- A host as an address begins with it.
local function bracketed(host) return host:find(":", 1, true) and "[" .. host .. "]" or host end

--- "host:port" of a URL's parts.
function proxy.address(url) return bracketed(url.host) .. ":" .. (url.port or DEFAULT_PORT) end

--- Reads "[kind://][user:password@]host[:port]"; a path behind it means nothing. Returns nil, why
-- it is none.
local function parse(text)
  if not text:find "://" then text = "http://" .. text end
  local url, message = native.url(text)
  if not url then return nil, message end
  local kind = KINDS[url.scheme]
  if not kind then return nil, ("a proxy is http:// or socks5://, not %s://"):format(url.scheme) end
  if kind == "socks5" and math.max(#(url.user or ""), #(url.password or "")) > 255 then
    return nil, "user and password have at most 255 bytes in SOCKS"
  end
  local written = text:find "^%w+://[^/?#]*:%d+%f[/?#\0]"
  return { kind = kind, user = url.user, password = url.password,
    address = bracketed(url.host) .. ":" .. (written and url.port or DEFAULT_PORT) }
end

--- Host or network, and port, of an element of no_proxy, where it has one.
local function split_port(element)
  local host, length, port = element:match "^%[(.*)%](/?%d*):?(%d*)$"
  if host then return host .. length, tonumber(port) end
  host, port = element:match "^([^:]*):(%d+)$"
  return host or element, tonumber(port)
end

--- A name as it is compared: the dots at its ends mean nothing.
local function trimmed(name) return (name:gsub("^%.+", ""):gsub("%.$", "")) end

--- Whether an element of no_proxy is about that URL: "*", its host or a domain above it, its address
-- or a network of it.
local function exempts(element, url)
  if element == "*" then return true end
  local host, port = split_port(element:lower())
  if port and port ~= url.port then return false end
  if native.is_in_network(url.host, url.host) then return native.is_in_network(url.host, host) end
  local name, domain = trimmed(url.host), trimmed(host)
  return domain ~= "" and (name == domain or name:sub(-#domain - 1) == "." .. domain)
end

local function environment(name, only_small)
  local value = os.getenv(name) or not only_small and os.getenv(name:upper()) or nil
  return value ~= "" and value or nil
end

--- What the environment says for a URL. HTTP_PROXY counts in small letters only: a web server
-- gives a script's clients' own fields such names.
local function from_environment(url)
  for element in (environment "no_proxy" or ""):gmatch "[^,%s]+" do
    if exempts(element, url) then return nil end
  end
  local name = url.scheme .. "_proxy"
  return environment(name, name == "http_proxy") or environment "all_proxy"
end

--- The proxy for a URL: what the option says, else the environment; nil for none. Returns nil,
-- message if what is said is no proxy.
function proxy.choose(url, option)
  if option == false then return nil end
  local text = option or from_environment(url)
  if not text then return nil end
  return parse(text)
end

--- The value of Proxy-Authorization, nil without a user.
function proxy.authorization(self)
  if not self.user then return nil end
  return "Basic " .. native.base64(self.user .. ":" .. (self.password or ""))
end

local function fail(self, code, text, ...)
  return nil, ("proxy %s: "):format(self.address) .. text:format(...), code
end

-- --- CONNECT ------------------------------------------------------------------------------

local REFUSALS <const> = { [401] = "EACCES", [403] = "EACCES", [407] = "EACCES",
  [504] = "ETIMEDOUT" }

--- The head of the answer to CONNECT.
local function read_answer(connection, reader, limit)
  while true do
    local event, message, code = reader:next()
    if type(event) == "table" and event.status >= 200 then return event end
    if message then return nil, message, code end
    if event == nil then
      local bytes, problem, name = connection:read(nil, { timeout = limit() })
      if problem then return nil, problem, name end
      if bytes then reader:put(bytes) else reader:put_end() end
    end
  end
end

local MOST <const> = 16 * 1024  -- bytes of the answer's head

local function tunnel_http(self, connection, target, limit)
  local authorization = proxy.authorization(self)
  connection:write("CONNECT ", target, " HTTP/1.1\r\nHost: ", target, "\r\n",
    authorization and "Proxy-Authorization: " .. authorization .. "\r\n" or "", "\r\n")
  local reader = native.reader("CONNECT", MOST, 0, 1, false)
  local head, message, code = read_answer(connection, reader, limit)
  if not head then return fail(self, code, "%s", message) end
  if head.status // 100 ~= 2 then
    return fail(self, REFUSALS[head.status] or "EHOSTUNREACH", "CONNECT %s: %d %s", target,
      head.status, head.reason)
  end
  reader:next()
  if reader:rest() ~= "" then
    return fail(self, "EPROTO", "CONNECT %s: bytes behind the answer", target)
  end
  return true
end

-- --- SOCKS 5 (RFC 1928, 1929) -------------------------------------------------------------

local SOCKS_REFUSALS <const> = {
  { "EIO", "general failure" },
  { "EACCES", "not allowed by its rules" },
  { "ENETUNREACH", "network unreachable" },
  { "EHOSTUNREACH", "host unreachable" },
  { "ECONNREFUSED", "connection refused" },
  { "ETIMEDOUT", "the time to live is over" },
  { "EOPNOTSUPP", "command not supported" },
  { "EOPNOTSUPP", "kind of address not supported" },
}

local NO_AUTHENTICATION <const>, PASSWORD <const> = 0, 2

--- Reads n bytes and raises what goes wrong, as a table, for `tunnel_socks` to return.
local function take(self, connection, n, limit)
  local bytes, message, code = connection:read(n, { timeout = limit() })
  if bytes then return bytes end
  error { fail(self, code or "EOF", "%s", message or "it has ended the connection") }
end

local function refuse(self, code, ...) error { fail(self, code, ...) } end

local function greet(self, connection, limit)
  local methods = self.user and "\0\2" or "\0"
  connection:write("\5", (">s1"):pack(methods))
  local version, method = take(self, connection, 2, limit):byte(1, 2)
  if version ~= 5 then refuse(self, "EPROTO", "it does not speak SOCKS 5") end
  if method == PASSWORD and self.user then
    connection:write("\1", (">s1s1"):pack(self.user, self.password or ""))
    if take(self, connection, 2, limit):byte(2) ~= 0 then
      refuse(self, "EACCES", "it refuses the user's password")
    end
  elseif method ~= NO_AUTHENTICATION then
    refuse(self, "EACCES", "it wants an authentication that we have not got")
  end
end

--- The length of the address that it says it connects from, the first byte of it read.
local function rest_of_address(kind, first)
  if kind == 1 then return 3 + 2 end
  if kind == 4 then return 15 + 2 end
  if kind == 3 then return first + 2 end
end

--- The name goes to the proxy, which looks it up: also "socks5h" with others.
local function ask(self, connection, url, limit)
  local host = url.host
  if #host > 255 then refuse(self, "ENAMETOOLONG", "the host's name is too long for SOCKS") end
  connection:write("\5\1\0\3", (">s1I2"):pack(host, url.port))
  local version, answer, _, kind, first = take(self, connection, 5, limit):byte(1, 5)
  if version ~= 5 then refuse(self, "EPROTO", "it does not speak SOCKS 5") end
  if answer ~= 0 then
    local code, text = table.unpack(SOCKS_REFUSALS[answer] or { "EPROTO", "answer " .. answer })
    refuse(self, code, "%s: %s", proxy.address(url), text)
  end
  local size = rest_of_address(kind, first)
  if not size then refuse(self, "EPROTO", "it answers with an address of unknown kind") end
  take(self, connection, size, limit)
end

local function tunnel_socks(self, connection, url, limit)
  local ok, problem = pcall(function()
    greet(self, connection, limit)
    ask(self, connection, url, limit)
  end)
  if ok then return true end
  if type(problem) == "table" then return table.unpack(problem, 1, 3) end
  error(problem, 0)
end

--- A connection to the proxy itself. Waits.
function proxy.connect(self, options)
  local connection, message, code = connect(self.address, options)
  if connection then return connection end
  return nil, "proxy: " .. message, code
end

--- A connection to the URL's host, through the proxy; with `tls`, its options, in TLS. Waits:
-- limit() says how long.
function proxy.open(self, url, options, tls, limit)
  local connection <const>, message, code = proxy.connect(self, options)
  if not connection then return nil, message, code end
  local guard <close> = setmetatable({}, { __close = function(it)
    if not it.done then connection:close() end
  end })
  local ok
  if self.kind == "socks5" then
    ok, message, code = tunnel_socks(self, connection, url, limit)
  else
    ok, message, code = tunnel_http(self, connection, proxy.address(url), limit)
  end
  if ok and tls then ok, message, code = connection:starttls(tls) end
  if not ok then return nil, message, code end
  guard.done = true
  return connection
end

return proxy
