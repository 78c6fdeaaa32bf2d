--- Requests: http.request and its short forms. They wait, and return a response, or nil, message,
-- code, where the message names the URL and what was being done. Wrong arguments raise.
local blame = require "blame"
local exchange = require "http.exchange"
local native = require "native.http_client"
local proxies = require "http.proxy"
local requests = require "http.request"
local responses = require "http.response"

local client = {}

local REDIRECTS <const> = { [301] = true, [302] = true, [303] = true, [307] = true, [308] = true }
local CREDENTIALS <const> = { authorization = true, cookie = true, host = true,
  ["proxy-authorization"] = true }
local OF_THE_BODY <const> = { ["content-type"] = true, ["content-encoding"] = true,
  ["content-language"] = true, ["content-location"] = true }

--- As messages name it: without its user.
local function shown(url) return url.origin .. url.target end

--- One request and the head of its answer.
local function ask(request, url)
  local proxy, wrong = proxies.choose(url, request.proxy_option)
  if wrong then return nil, "the environment's proxy: " .. wrong, "EINVAL" end
  request.proxy = proxy
  -- A proxy for http that is asked for http is spoken to as a server.
  local through = proxy and proxy.kind == "http" and url.scheme == "http" and not request.upgrade
  request.through = through
  return exchange.start(request, url, function(expects)
    return requests.head(request, url, expects, through, through and proxies.authorization(proxy))
  end)
end

--- What a browser makes of the method: it is asked with GET for what came of a POST.
local function change_method(request, status)
  local becomes_get = status == 303 and request.method ~= "HEAD"
    or (status == 301 or status == 302) and request.method == "POST"
  if not becomes_get then return end
  request.method, request.body, request.content_type = "GET", "", nil
  requests.drop(request, OF_THE_BODY)
end

--- Turns the request into the next one, for the URL that it returns. Credentials stay behind where
-- the origin changes, for good.
local function follow(request, url, status, location)
  local target, message, code = native.url(location, url.url)
  if not target then return nil, "redirected: " .. message, code end
  if target.scheme ~= "http" and target.scheme ~= "https" then
    return nil, ("redirected to %s, which is neither http nor https"):format(target.origin), "EINVAL"
  end
  change_method(request, status)
  if type(request.body) == "function" then
    return nil, ("redirected to %s, but its body is gone: it came from a function")
      :format(shown(target)), "EINVAL"
  end
  if target.origin ~= url.origin then
    requests.drop(request, CREDENTIALS)
    request.authorization = nil
  end
  return target
end

--- The exchange that is not redirected any more, and its URL.
local function pursue(request, url)
  for count = 0, math.maxinteger do
    local done, message, code = ask(request, url)
    if not done then return nil, url, message, code end
    if request.cookies then request.cookies:keep(url, done.headers:all "set-cookie") end
    local location = done.headers:all("location")[1]
    if request.redirects == 0 or not (REDIRECTS[done.head.status] and location) then
      return done, url
    end
    done:drain()
    if count == request.redirects then
      return nil, url, ("more than %d redirections"):format(count), "ELOOP"
    end
    local target
    target, message, code = follow(request, url, done.head.status, location)
    if not target then return nil, url, message, code end
    url = target
  end
end

local function perform(request, url)
  request.authorization = request.auth or url.user and url.user .. ":" .. (url.password or "")
  request.proxy_option = request.proxy
  local done, where, message, code = pursue(request, url)
  if not done then return nil, where, message, code end
  local response = responses.new(done, where, request.stream)
  if request.upgrade and done.head.status == 101 then
    response.connection = done:release()
    return response
  end
  if request.stream then
    request.deadline = nil
    return response
  end
  local guard <close> = setmetatable({}, { __close = function() done:close() end })
  local body
  body, message, code = done:read_all(request.max)
  if not body then return nil, where, message, code end
  response.body = body
  return response
end

--- Runs what the options ask for, in the name of a function.
local function run(name, options)
  if type(options) ~= "table" then blame.expected(name, "a table of options", options) end
  if type(options.url) ~= "string" then blame.expected(name, "a URL", options.url) end
  local ok, request, url = pcall(function() return requests.prepare(options), requests.target(options) end)
  if not ok then blame.misuse(name .. ": " .. tostring(request):gsub("^http%.request: ", "")) end
  local response, message, code
  response, url, message, code = perform(request, url)
  if response then return response end
  return nil, ("%s %s: %s"):format(name, shown(url), message), code
end

--- One value, or three: a prompt prints what there is.
local function answer(response, ...)
  if response then return response end
  return nil, ...
end

--- http.request(options): one request, and what comes of it.
function client.request(options)
  return answer(run("http.request", options))
end

local function merged(name, options, more)
  if options ~= nil and type(options) ~= "table" then
    blame.expected(name, "a table of options", options)
  end
  for key, value in pairs(options or {}) do
    if more[key] ~= nil then
      blame.misuse(("%s: option '%s' is an argument of the function"):format(name, tostring(key)))
    end
    more[key] = value
  end
  return more
end

--- http.get(url [, options]), http.head, http.delete
for _, method in ipairs { "GET", "HEAD", "DELETE" } do
  local name = "http." .. method:lower()
  client[method:lower()] = function(url, options)
    return answer(run(name, merged(name, options, { url = url, method = method })))
  end
end

--- http.post(url [, body [, options]]), http.put, http.patch
for _, method in ipairs { "POST", "PUT", "PATCH" } do
  local name = "http." .. method:lower()
  client[method:lower()] = function(url, body, options)
    local all = merged(name, options, { url = url, method = method, body = body })
    return answer(run(name, all))
  end
end

client.close_idle = exchange.close_idle

return client
