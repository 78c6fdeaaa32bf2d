#!/usr/bin/env moonwire
-- http_files.lua [ADDRESS] [DIRECTORY]: serves the files of a directory, and logs who asks.
local http = require "http"

local usage = [[
usage: http_files.lua [ADDRESS] [DIRECTORY]
Serves the files of DIRECTORY, the working one if left out: types, index.html, ranges, ETag; "x.gz"
is sent for "x" to who takes it. Names with a dot in front, as .git, are not served. A line for each
answer is printed. ADDRESS is what listen takes,
of http:// if it does not say (https://); 127.0.0.1:8080 if left out.
Exit: 1 cannot listen there, 2 usage.]]

local function fail(status, text)
  io.stderr:write(text, "\n")
  os.exit(status)
end

local address, directory = arg[1] or "http://127.0.0.1:8080", arg[2] or "."
if address == "--help" then print(usage) os.exit(0) end
if #arg > 2 or address:find "^%-" then fail(2, usage) end
if not address:find "://" then address = "http://" .. address end

local app = http.app()
app:static("/", directory)
app:log(function(line) io.stdout:write(line) io.stdout:flush() end)

local ok, server, message = pcall(listen, address, app)
if not ok then fail(2, "http_files.lua: " .. server) end
if not server then fail(1, "http_files.lua: " .. message) end
print("serving " .. directory .. " on " .. server.address)
io.stdout:flush()
