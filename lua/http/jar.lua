--- Cookies as browsers keep them (RFC 6265): http.jar. Nothing here waits or fails; what a server
-- says wrongly is not kept.
local blame = require "blame"
local dates = require "http.date"
local native = require "native.http_client"

local module = {}

local MOST_OF_A_DOMAIN <const>, MOST <const> = 50, 1000
local LONGEST <const> = 4096  -- bytes of name and value

-- --- what a cookie is for -------------------------------------------------------------------

local function is_address(host) return host:find "^[%d.]+$" or host:find(":", 1, true) end

local function domain_matches(host, domain)
  if host == domain then return true end
  return not is_address(host) and host:sub(-#domain - 1) == "." .. domain
end

local function path_matches(path, prefix)
  return path:sub(1, #prefix) == prefix
    and (#path == #prefix or prefix:sub(-1) == "/" or path:sub(#prefix + 1, #prefix + 1) == "/")
end

local function default_path(path)
  local folder = path:match "^(/.*)/[^/]*$"
  return folder and folder ~= "" and folder or "/"
end

--- "a; B=c" as { a = "", b = "c" }; of a name that comes several times the last.
local function attributes_of(text)
  local attributes = {}
  for piece in text:gmatch "[^;]+" do
    local name, value = piece:match "^%s*(.-)%s*=%s*(.-)%s*$"
    if not name then name, value = piece:match "^%s*(.-)%s*$", "" end
    attributes[name:lower()] = value
  end
  return attributes
end

--- Sets whom the cookie is for; false if that is somebody else.
local function settle_domain(cookie, url, wanted)
  local domain = (wanted or ""):lower():gsub("^%.", "")
  local alone = is_address(domain) or domain ~= "" and native.is_public_suffix(domain)
  cookie.host_only = domain == "" or alone and domain == url.host
  cookie.domain = cookie.host_only and url.host or domain
  return cookie.host_only or not alone and domain_matches(url.host, domain)
end

--- RFC 6265bis, 4.1.3: names that promise something.
local function keeps_promise(cookie)
  if cookie.name:find "^__Secure%-" then return cookie.secure end
  if cookie.name:find "^__Host%-" then
    return cookie.secure and cookie.host_only and cookie.path == "/"
  end
  return true
end

--- A Set-Cookie from that URL; nil if it is not to be kept.
local function parse(url, text)
  local pair, rest = text:match "^([^;]*);?(.*)$"
  local name, value = pair:match "^%s*(.-)%s*=%s*(.-)%s*$"
  if not name or name == "" or #name + #value > LONGEST or text:find "%c" then return nil end
  local attributes = attributes_of(rest)
  local cookie = { name = name, value = value, secure = attributes.secure ~= nil,
    http_only = attributes.httponly ~= nil }
  local path = attributes.path or ""
  cookie.path = path:find "^/" and path or default_path(url.path)
  local age = tonumber((attributes["max-age"] or ""):match "^%-?%d+$")
  if age then
    cookie.expires = os.time() + math.max(age, -1)
  else
    cookie.expires = dates.parse(attributes.expires or "")
  end
  if not settle_domain(cookie, url, attributes.domain) then return nil end
  if cookie.secure and url.scheme ~= "https" or not keeps_promise(cookie) then return nil end
  return cookie
end

-- --- jars -----------------------------------------------------------------------------------

local methods = {}
local class = { __index = methods, __name = "http jar" }

local cookies_of = setmetatable({}, { __mode = "k" })  -- of a jar, the oldest first

local function over(cookie) return cookie.expires and cookie.expires <= os.time() end

local function is_same(a, b)
  return a.name == b.name and a.domain == b.domain and a.path == b.path
    and a.host_only == b.host_only
end

local function drop_old(cookies)
  for i = #cookies, 1, -1 do
    if over(cookies[i]) then table.remove(cookies, i) end
  end
end

--- Drops the oldest where there are too many.
local function make_room(cookies, domain)
  local count, oldest = 0, nil
  for i, each in ipairs(cookies) do
    if each.domain == domain then
      count = count + 1
      oldest = oldest or i
    end
  end
  if count >= MOST_OF_A_DOMAIN then table.remove(cookies, oldest) end
  if #cookies >= MOST then table.remove(cookies, 1) end
end

--- Puts it in; one with the same name, domain and path keeps its place and gets the new value.
local function put(cookies, cookie)
  for i, each in ipairs(cookies) do
    if is_same(each, cookie) then
      cookies[i] = cookie
      return
    end
  end
  make_room(cookies, cookie.domain)
  cookies[#cookies + 1] = cookie
end

local function parts_of(name, url)
  if type(url) == "table" then return url end
  blame.check_string(name, "a URL", url)
  local parts, message = native.url(url)
  return parts or error(name .. ": " .. message, 3)
end

--- jar:keep(url, values): what Set-Cookie fields of an answer from there say, one or a list.
function methods.keep(self, url, values)
  url = parts_of("keep", url)
  local cookies = cookies_of[self]
  for _, text in ipairs(type(values) == "table" and values or { values }) do
    local cookie = parse(url, text)
    if cookie then put(cookies, cookie) end
  end
  drop_old(cookies)
end

--- jar:header(url): the value of Cookie for a request there; nil if there is nothing to send.
function methods.header(self, url)
  url = parts_of("header", url)
  local cookies, found = cookies_of[self], {}
  drop_old(cookies)
  for i, cookie in ipairs(cookies) do
    local host_fits = cookie.host_only and url.host == cookie.domain
      or not cookie.host_only and domain_matches(url.host, cookie.domain)
    if host_fits and path_matches(url.path, cookie.path)
      and (not cookie.secure or url.scheme == "https") then
      found[#found + 1] = { cookie = cookie, place = i }
    end
  end
  table.sort(found, function(a, b)
    local left, right = #a.cookie.path, #b.cookie.path
    if left ~= right then return left > right end
    return a.place < b.place
  end)
  for i, each in ipairs(found) do found[i] = each.cookie.name .. "=" .. each.cookie.value end
  return #found > 0 and table.concat(found, "; ") or nil
end

--- jar:list(): all of them, each a table of its own: what http.jar takes again.
function methods.list(self)
  local list = {}
  drop_old(cookies_of[self])
  for i, cookie in ipairs(cookies_of[self]) do
    list[i] = {}
    for key, value in pairs(cookie) do list[i][key] = value end
  end
  return list
end

--- jar:clear(): drops all.
function methods.clear(self) cookies_of[self] = {} end

function class.__tostring(self) return ("http jar: %d cookies"):format(#cookies_of[self]) end
class.__inspect = class.__tostring

--- http.jar([cookies]): a jar, empty or with what another one's list() has given.
function module.jar(cookies)
  local self = setmetatable({}, class)
  cookies_of[self] = {}
  if cookies ~= nil and type(cookies) ~= "table" then
    blame.expected("http.jar", "a list of cookies", cookies)
  end
  for i, cookie in ipairs(cookies or {}) do
    if type(cookie) ~= "table" or not (cookie.name and cookie.value and cookie.domain and cookie.path) then
      error(("http.jar: element %d is no cookie: name, value, domain and path are needed"):format(i), 2)
    elseif not native.is_value(cookie.name .. "=" .. cookie.value) then
      error(("http.jar: element %d has a control character in it"):format(i), 2)
    end
    put(cookies_of[self], cookie)
  end
  return self
end

return module
