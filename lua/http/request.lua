--- What is asked of http.request, checked and made ready: prepare; and the head that is sent.
-- Misuse raises, without a position.
local native = require "native.http_client"
local json = require "json"
local proxies = require "http.proxy"
local queries = require "http.query"

local now = now

local request = {}

--- Made here, so that what is sent is one request and no other.
local OWN <const> = { ["content-length"] = true, ["transfer-encoding"] = true, connection = true,
  expect = true, upgrade = true }
local ALWAYS_LENGTH <const> = { POST = true, PUT = true, PATCH = true }

local function misuse(format, ...) error(format:format(...), 0) end

local function add_header(list, given, name, value)
  if type(name) ~= "string" or not native.is_token(name) then
    misuse("option 'headers': %q is no name of a header field", tostring(name))
  end
  local small = name:lower()
  if OWN[small] then misuse("option 'headers': %s is not to be set, it follows from the others", name) end
  given[small] = true
  if value == false then return end
  if type(value) == "table" then
    for _, each in ipairs(value) do add_header(list, given, name, each) end
    return
  end
  if type(value) ~= "string" and type(value) ~= "number" then
    misuse("option 'headers': the value of %s is a %s, not a string", name, type(value))
  end
  if not native.is_value(tostring(value)) then
    misuse("option 'headers': the value of %s has a line's end or control character in it", name)
  end
  list[#list + 1] = { name, tostring(value) }
end

--- The fields that the caller gives, as a list; and which names they have.
local function read_headers(headers)
  local list, given = {}, {}
  if headers and rawget(headers, 1) ~= nil then
    for i, field in ipairs(headers) do
      if type(field) ~= "table" then
        misuse("option 'headers': element %d is a %s, not {name, value}", i, type(field))
      end
      add_header(list, given, field[1], field[2])
    end
    return list, given
  end
  local names = {}
  for name in pairs(headers or {}) do names[#names + 1] = name end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for _, name in ipairs(names) do add_header(list, given, name, headers[name]) end
  return list, given
end

--- The body as a string or function, and what it is.
local function read_body(options)
  local kinds = {}
  for _, kind in ipairs { "body", "form", "json" } do
    if options[kind] ~= nil then kinds[#kinds + 1] = kind end
  end
  if #kinds > 1 then misuse("options '%s' and '%s' are two bodies", kinds[1], kinds[2]) end
  if kinds[1] == "form" then
    return queries.write(options.form), "application/x-www-form-urlencoded"
  elseif kinds[1] == "json" then
    return json.encode(options.json), "application/json"
  end
  return options.body or "", nil
end

local function read_method(options, body)
  local method = options.method or body ~= "" and "POST" or "GET"
  if not native.is_token(method) then misuse("option 'method': %q is no method", method) end
  if method == "CONNECT" then misuse "option 'method': CONNECT is a proxy's; see option 'proxy'" end
  return method
end

local function checked(options)
  local plain = {}
  for name, value in pairs(options) do plain[name] = value end
  plain.json = nil  -- any value
  local ok, self = pcall(native.check, plain)
  if not ok then error(self, 0) end
  for _, name in ipairs { "auth", "cookies", "expect", "proxy", "stream", "timeout", "tls",
    "upgrade" } do
    self[name] = options[name]
  end
  if self.upgrade then self.keep_alive = false end  -- the connection is for nothing else
  return self
end

--- The request that the options ask for, but for its URL.
function request.prepare(options)
  local self = checked(options)
  if self.cookies and type(self.cookies.header) ~= "function" then
    misuse "option 'cookies' must be a jar, as http.jar makes it"
  end
  if self.upgrade and not native.is_value(self.upgrade) then
    misuse "option 'upgrade' has a line's end or control character in it"
  end
  if type(self.proxy) == "string" then
    local found, why = proxies.choose(nil, self.proxy)
    if not found then misuse("option 'proxy': %s", why) end
  end
  self.deadline = self.timeout and now() + self.timeout
  self.body, self.content_type = read_body(options)
  self.method = read_method(options, self.body)
  self.headers, self.given = read_headers(options.headers)
  self.accept = options.json ~= nil and "application/json" or "*/*"
  return self
end

local function parts_of(text)
  local url, message = native.url(text)
  return url or misuse("%s", message)
end

--- The parts of the URL, with `query` added.
function request.target(options)
  local url = parts_of(options.url)
  if url.scheme ~= "http" and url.scheme ~= "https" then
    misuse("url %q: its scheme is neither http nor https", url.url)
  end
  local query = options.query and queries.write(options.query)
  if not query or query == "" then return url end
  local text = url.url:gsub("#.*", "")
  return parts_of(text .. (url.query and "&" or "?") .. query)
end

--- What goes in front of the caller's own fields.
local function default_fields(self, url, expects)
  local fields = {}
  local function add(name, value)
    if value and not self.given[name:lower()] then fields[#fields + 1] = { name, value } end
  end
  add("Host", (url.authority:gsub("%%25[^%]]*", "")))
  add("User-Agent", "moonwire")
  add("Accept", self.accept)
  add("Accept-Encoding", self.decode and "gzip, deflate, br")
  add("Authorization", self.authorization and "Basic " .. native.base64(self.authorization))
  add("Cookie", self.cookies and self.cookies:header(url))
  add("Content-Type", self.content_type)
  if type(self.body) == "function" then
    add("Transfer-Encoding", "chunked")
  elseif self.body ~= "" or ALWAYS_LENGTH[self.method] then
    add("Content-Length", #self.body)
  end
  add("Expect", expects and "100-continue")
  add("Connection", self.upgrade and "Upgrade" or not self.keep_alive and "close")
  add("Upgrade", self.upgrade)
  return fields
end

--- The bytes of its head. `proxy_authorization`: for a proxy that is asked instead of the server.
function request.head(self, url, expects, through, proxy_authorization)
  local lines = { ("%s %s HTTP/1.1"):format(self.method, (through and url.origin or "") .. url.target) }
  local function add(field) lines[#lines + 1] = field[1] .. ": " .. field[2] end
  for _, field in ipairs(default_fields(self, url, expects)) do add(field) end
  if proxy_authorization then add { "Proxy-Authorization", proxy_authorization } end
  for _, field in ipairs(self.headers) do add(field) end
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

--- Takes out what the caller gives under these names.
function request.drop(self, names)
  local kept = {}
  for _, field in ipairs(self.headers) do
    if not names[field[1]:lower()] then kept[#kept + 1] = field end
  end
  for name in pairs(names) do self.given[name] = nil end
  self.headers = kept
end

return request
