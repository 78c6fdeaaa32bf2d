#!/usr/bin/env moonwire
-- fetch.lua [OPTIONS] URL: sends one request of HTTP and writes the answer's body.
local usage = [[
usage: fetch.lua [OPTIONS] URL
Sends a request and writes the body of the answer to standard output, unpacked. Proxies are taken from
the environment. While a file is written a terminal is told how far it is.
-X METHOD   the method; GET, or POST with a body, if left out
-H HEADER   a header field, "Name: value"; "Name:" leaves out one of ours
-d DATA     the body, as a form's; @FILE is a file's content, @- standard input's; several are joined by &
--json TEXT the body, as JSON; @FILE as with -d
-u USER     "user:password"
-i          writes the head of the answer as well
-I          asks for the head only, and writes it
-L          follows redirections
-f          takes a status of 400 or more as a failure, and writes no body
-k          does not check the server's certificate
-x PROXY    goes through "http://host:port" or "socks5://host:port"; "" through none
-m SECONDS  the longest that all of it may take
-o FILE     writes there
-s          tells nothing but failures
Exit: 0 the answer is there, 1 it is not, or not all of it, 2 usage, 3 its status with -f.]]

local http = require "http"

local function fail(status, text)
  io.stderr:write(text, "\n")
  os.exit(status)
end

local function complain(...) fail(2, "fetch.lua: " .. string.format(...)) end

-- --- arguments ------------------------------------------------------------------------

local request = { headers = {}, redirects = 0, stream = true, method = nil, tls = {} }
local chosen, data, words = {}, {}, table.move(arg, 1, #arg, 1, {})

--- What "@FILE" stands for; other texts are themselves.
local function content(text)
  local path = text:match "^@(.*)$"
  if not path then return text end
  if path == "-" then return io.read "a" end
  local file <close>, message = io.open(path, "rb")
  if not file then fail(1, "fetch.lua: " .. message) end
  return file:read "a"
end

local takes = {
  ["-X"] = function(text) request.method = text end,
  ["-H"] = function(text)
    local name, value = text:match "^([^:]+):%s*(.-)%s*$"
    if not name then complain("-H: \"Name: value\" expected, not '%s'", text) end
    table.insert(request.headers, { name, value ~= "" and value })
  end,
  ["-d"] = function(text) table.insert(data, content(text)) end,
  ["--json"] = function(text)
    request.body = content(text)
    table.insert(request.headers, { "Content-Type", "application/json" })
    table.insert(request.headers, { "Accept", "application/json" })
  end,
  ["-u"] = function(text) request.auth = text end,
  ["-x"] = function(text) request.proxy = text ~= "" and text end,
  ["-m"] = function(text)
    chosen.deadline = tonumber(text) or complain("-m: a number of seconds expected, not '%s'", text)
    request.timeout = chosen.deadline
  end,
  ["-o"] = function(text) chosen.file = text end,
}
local flags = {
  ["-i"] = function() chosen.head = true end,
  ["-I"] = function() request.method, chosen.head = "HEAD", true end,
  ["-L"] = function() request.redirects = nil end,
  ["-f"] = function() chosen.strict = true end,
  ["-k"] = function() request.tls.insecure = true end,
  ["-s"] = function() chosen.silent = true end,
  ["--help"] = function() print(usage) os.exit(0) end,
}

while words[1] do
  local word = table.remove(words, 1)
  if takes[word] then
    takes[word](table.remove(words, 1) or fail(2, usage))
  elseif flags[word] then
    flags[word]()
  elseif word:find "^%-" or request.url then
    fail(2, usage)
  else
    request.url = word
  end
end
if not request.url then fail(2, usage) end
if not request.url:find "://" then request.url = "http://" .. request.url end
if #data > 0 then
  request.body = table.concat(data, "&")
  table.insert(request.headers, 1, { "Content-Type", "application/x-www-form-urlencoded" })
end

-- --- the answer -------------------------------------------------------------------------

local function write_head(out, response)
  out:write(("HTTP/%s %d %s\n"):format(response.version, response.status, response.reason))
  for name, value in pairs(response.headers) do out:write(name, ": ", value, "\n") end
  out:write "\n"
end

local started, size = now(), 0

--- Tells a terminal how far a file is, now and then.
local function show_progress(total)
  if not chosen.file or chosen.silent or not os.execute "test -t 2" then return function() end end
  local length = tonumber(total)
  local timer = timeout(0.2, function()
    local share = length and (" of %d (%d%%)"):format(length, 100 * size // math.max(length, 1)) or ""
    io.stderr:write(("\r%d%s bytes, %.0f KiB/s\27[K"):format(size, share, size / 1024 / (now() - started)))
    return true
  end)
  return function()
    timer:delete()
    io.stderr:write "\r\27[K"
  end
end

local function not_written(problem)
  fail(1, ("fetch.lua: %s: %s"):format(chosen.file or "standard output", problem))
end

local function save(response)
  local out = io.stdout
  if chosen.file then
    local file, problem = io.open(chosen.file, "wb")
    if not file then fail(1, "fetch.lua: " .. problem) end
    out = file
  end
  if chosen.head then write_head(out, response) end
  local end_progress = show_progress(response.headers["content-length"])
  for piece in response:body() do
    size = size + #piece
    local written, problem = out:write(piece)
    if not written then not_written(problem) end
  end
  local written, problem = out:flush()
  end_progress()
  if not written then not_written(problem) end
end

if chosen.deadline then
  timeout(chosen.deadline + 0.05, function()
    fail(1, ("fetch.lua: %s: not done within %g s"):format(request.url, chosen.deadline))
  end)
end
local ok, response, message = pcall(http.request, request)
if not ok then complain("%s", (response:gsub("^http.request: ", ""))) end
if not response then fail(1, "fetch.lua: " .. message:gsub("^http.request:? ", "")) end
if chosen.strict and response.status >= 400 then
  fail(3, ("fetch.lua: %s: %d %s"):format(response.url, response.status, response.reason))
end
save(response)
if response.failure then
  fail(1, ("fetch.lua: %s: %s"):format(response.url, response.failure.message))
end
if chosen.file and not chosen.silent then
  io.stderr:write(("%s: %d bytes in %.2f s\n"):format(chosen.file, size, now() - started))
end
os.exit(0)
