-- Wrong arguments: what is said names the function and stands at the line that called it, whether
-- that function is written in C++ or in Lua.
local check = require "check"
local manifest = require "manifest"

local http, log, rel, ws = require "http", require "log", require "rel", require "ws"
local handler = require "handler"

check.case("the function, what it expects and what it got, at the caller", function()
  local function says(pattern, fn) check.raises(fn, "^[^:]*misuse_test.lua:%d+: " .. pattern .. "$") end
  says("hexdump: a string expected, got nil", function() hexdump() end)
  says("shorten: a string expected, got a table", function() shorten {} end)
  says("shorten: a whole number of characters expected, got 1.5", function() shorten("x", 1.5) end)
  says("ws.connect: a URL of ws:// or wss:// expected, got 3", function() ws.connect(3) end)
  says("ws.accept: a request expected, got nil", function() ws.accept() end)
  says("ws.proxy: an address expected, got a table", function() ws.proxy({}, "127.0.0.1:1") end)
  says('ws.proxy: listen: "ws://x:1:2": too many colons.*', function() ws.proxy("x:1:2", "127.0.0.1:1") end)
  says("rel.error_watch: bad argument #1 to 'except' %(descriptor.*", function() rel.error({}, print) end)
  says("rel.buffwrite: a string expected, got a function", function() rel.buffwrite(1, print) end)
  says("handler: bad argument #1 to 'read' .*", function() handler.new("x", {}, {}) end)
  says("handler.tcp_client: bad argument #1 to 'connect' .*", function() handler.tcp_client() end)
  says("handler.udp: an address expected, got true", function() handler.udp(true) end)
  says("http.jar: a list of cookies expected, got 3", function() http.jar(3) end)
  says("http.get: a URL expected, got a thread", function() http.get(coroutine.create(print)) end)
  says("log.flush: a number of seconds expected, got a string of 61 bytes",
    function() log.flush(("x"):rep(61)) end)
end)

check.case("and so for what a handler of HTTP calls", function()
  local said = {}
  local srv <close> = check.ok(listen("http://127.0.0.1:0", function(_, res)
    local function try(fn) said[#said + 1] = select(2, pcall(fn)):gsub("^[^:]*misuse_test.lua:%d+: ", "") end
    try(function() res:set(nil, "x") end)
    try(function() res:cookie(nil, "x") end)
    try(function() res:cookie("x") end)
    try(function() res:inform "103" end)
    try(function() res:upgrade("x") end)
    try(function() res:finish {} end)
    try(function() res:write("x", nil) end)
    res.status = "fine"
    try(function() res:finish "x" end)
    res.status = 200
    return "good"
  end))
  check.equal(http.get(srv.address).body, "good")
  http.close_idle()
  check.same(said, {
    "res:set: the name of a field expected, got nil",
    "res:cookie: a name expected, got nil",
    "res:cookie: a string for the value expected, got nil",
    'res:inform: a status expected, got "103"',
    'res:upgrade: a table of headers expected, got "x"',
    "res:finish: a string expected, got a table",
    "res:write: strings expected, got nil",
    'res.status: a whole number expected, got "fine"',
  })
end)

check.case("called from C there is no line, as error() has it", function()
  check.raises(hexdump, "^hexdump: a string expected, got nil$")
end)

check.case("no function speaks of the shell's own modules", function()
  local wrong = coroutine.create(print)  -- nobody expects one
  local open = { help = true, inspect = true }
  local tried, terminal = 0, log.terminal()
  log.terminal(false)  -- some of it is valid
  local function try(name, fn, ...)
    local ok, message = pcall(fn, ...)
    tried = tried + 1
    if ok then return end
    check.equal(type(message), "string", name)
    check.equal(message:match "%[moonwire[^%]]*%]:%d+.*" or message:match "attempt to .*", nil, name)
  end
  for _, group in ipairs(manifest.groups) do
    for _, entry in ipairs(group.entries) do
      local home = group.module and require(group.module) or _G
      local fn = home[entry.name:match "[%w_]+$"]
      if entry.args and #entry.args > 0 and type(fn) == "function" and not open[entry.name] then
        try(entry.name, fn, wrong)
        try(entry.name, fn, "127.0.0.1:no-such-service", wrong)
      end
    end
  end
  log.terminal(terminal)
  check.ok(tried > 100, tried)
end)

check.done()
