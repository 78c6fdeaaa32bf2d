--- An app: routes, and what is around them. It is called as any handler is, app(req, res), and
-- so one app can be a route of another. First come paths written out, then patterns, the one with
-- the most literal bytes first, then what is under a prefix, the longest first.
local blame = require "blame"
local check_options = require "http.server.options"

local App = { __name = "app" }
local methods = {}
App.__index = methods

local GREETING <const> = "moonwire: no routes yet. Try app:get(\"/\", function() return \"hello\" end)\n"

-- --- routes --------------------------------------------------------------------------------

--- "/users/:id/*" -> a Lua pattern, the names of what it captures, how many literal bytes.
local function compile(path)
  local names, literal = {}, 0
  local pattern = path:gsub("[:*]?[%w_]*[^:*%w_]*", function(piece)
    local name, rest = piece:match("^:([%a_][%w_]*)(.*)$")
    if not name and piece:sub(1, 1) == "*" then name, rest = "*", piece:sub(2) end
    if not name then
      literal = literal + #piece
      return (piece:gsub("%W", "%%%0"))
    end
    names[#names + 1] = name
    literal = literal + #rest
    return (name == "*" and "(.*)" or "([^/]+)") .. rest:gsub("%W", "%%%0")
  end)
  return "^" .. pattern .. "$", names, literal
end

local function check_prefix(name, path)
  if type(path) == "string" and path:sub(1, 1) == "/" then return end
  blame.expected("app:" .. name, 'a path that begins with "/"', path)
end

local function check_route(name, path, fn)
  check_prefix(name, path)
  local meta = getmetatable(fn)
  if type(fn) ~= "function" and not (meta and meta.__call) then
    blame.expected("app:" .. name, "a function", fn)
  end
end

--- A place for the routes of one path: by the method.
local function place_of(app, path)
  if not path:find("[:*]") then
    app.exact[path] = app.exact[path] or {}
    return app.exact[path]
  end
  for _, each in ipairs(app.patterns) do
    if each.path == path then return each.by_method end
  end
  local pattern, names, literal = compile(path)
  local place = { path = path, pattern = pattern, names = names, literal = literal, by_method = {} }
  local at = #app.patterns + 1
  while at > 1 and app.patterns[at - 1].literal < literal do at = at - 1 end
  table.insert(app.patterns, at, place)
  return place.by_method
end

local function add(name, method)
  methods[name] = function(app, path, fn)
    check_route(name, path, fn)
    place_of(app, path)[method] = fn
    app.empty = false
    return app
  end
end
add("get", "GET")
add("post", "POST")
add("put", "PUT")
add("delete", "DELETE")
add("patch", "PATCH")
add("any", "*")

--- Calls fn(ws, req) for each WebSocket that is opened at `path`; `options`, which may be left
-- out, are those of ws.accept.
function methods.ws(app, path, options, fn)
  if fn == nil then options, fn = nil, options end
  check_route("ws", path, fn)
  place_of(app, path).GET = function(req, res) return require("ws").accept(req, res, options, fn) end
  app.empty = false
  return app
end

--- Everything under `prefix` goes to handler(req, res, rest), `rest` being the path behind it.
local function add_prefix(app, prefix, handler)
  if prefix:sub(-1) ~= "/" then prefix = prefix .. "/" end
  local at = 1
  while app.prefixes[at] and #app.prefixes[at].prefix >= #prefix do at = at + 1 end
  table.insert(app.prefixes, at, { prefix = prefix, handler = handler })
  app.empty = false
  return app
end

--- Serves the files of a directory.
function methods.static(app, prefix, directory, options)
  check_prefix("static", prefix)
  if type(directory) ~= "string" then blame.expected("app:static", "a directory", directory) end
  options = check_options("app:static", options, { gzip = "boolean", hidden = "boolean", index = "string" })
  return add_prefix(app, prefix, require("http.server.static").new(directory, options))
end

--- Passes requests on to another server, "host:port" or a URL, or to each of a list in turn; the
-- prefix is taken off.
function methods.proxy(app, prefix, targets, options)
  check_prefix("proxy", prefix)
  options = check_options("app:proxy", options, { preserve_host = "boolean" })
  local proxy = require("http.server.proxy").new(targets, options.preserve_host, "app:proxy")
  return add_prefix(app, prefix, proxy)
end

--- Serves a WSAPI application: function(env) return status, headers, iterator end.
function methods.mount(app, prefix, application)
  check_route("mount", prefix, application)
  local mounted = require("http.server.wsapi").new(application, prefix:gsub("/$", ""))
  return add_prefix(app, prefix, mounted)
end

--- Puts fn(req, res, next) around everything: what next() returns is the answer so far.
function methods.use(app, fn)
  check_route("use", "/", fn)
  app.around[#app.around + 1] = fn
  return app
end

--- Packs answers of a type that becomes smaller for clients that take gzip or deflate: those given
-- whole if they have options.min bytes (1024), and those in pieces, each as it is written.
function methods.compress(app, options)
  options = check_options("app:compress", options, { min = "number" })
  return app:use(require("http.server.compress").new(options))
end

--- Keeps out who asks too much, or for what attackers ask; app.shield is then what has done so.
function methods.shield(app, options)
  if rawget(app, "shield") then error("app:shield: there is one already", 2) end
  local shield, around = require("http.server.shield").new(options)
  app.shield = shield
  table.insert(app.around, 1, around)
  return app
end

--- Writes a line for each answer to `out`: a file, or a function that gets the line; stderr if
-- nothing is given.
function methods.log(app, out)
  return app:use(require("http.server.log").new(out))
end

-- --- answering -----------------------------------------------------------------------------

local function allowed(by_method)
  local names = { "OPTIONS" }
  for name in pairs(by_method) do names[#names + 1] = name end
  if by_method.GET and not by_method.HEAD then names[#names + 1] = "HEAD" end
  table.sort(names)
  return table.concat(names, ", ")
end

local function call(by_method, req, res)
  local method = req.method
  local fn = by_method[method] or method == "HEAD" and by_method.GET or by_method["*"]
  if fn then return fn(req, res) end
  res.headers.Allow = allowed(by_method)
  if method == "OPTIONS" then return 204 end
  return 405, "method not allowed\n"
end

local function route(app, req, res)
  local path = req.path
  local exact = app.exact[path]
  if exact then return call(exact, req, res) end
  for _, each in ipairs(app.patterns) do
    local captured = table.pack(path:match(each.pattern))
    if captured[1] then
      local params = {}
      for i, name in ipairs(each.names) do params[name] = captured[i] end
      req.params = params
      return call(each.by_method, req, res)
    end
  end
  for _, each in ipairs(app.prefixes) do
    local prefix = each.prefix
    if path:sub(1, #prefix) == prefix then return each.handler(req, res, path:sub(#prefix)) end
    if path .. "/" == prefix then return each.handler(req, res, "") end
  end
  if app.empty then return GREETING end
  return 404, "not found\n"
end

local function run(app, at, req, res)
  local around = app.around[at]
  if not around then return route(app, req, res) end
  return around(req, res, function() return run(app, at + 1, req, res) end)
end

function App.__call(app, req, res)
  if not app.around[1] then return route(app, req, res) end
  return run(app, 1, req, res)
end

function App.__tostring(app)
  local count = #app.patterns + #app.prefixes
  for _ in pairs(app.exact) do count = count + 1 end
  return ("app (%d %s)"):format(count, count == 1 and "route" or "routes")
end

App.__inspect = App.__tostring

local function new()
  return setmetatable({ exact = {}, patterns = {}, prefixes = {}, around = {}, empty = true }, App)
end

return { new = new }
