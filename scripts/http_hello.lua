#!/usr/bin/env moonwire
-- http_hello.lua [ADDRESS]: answers every request with "hello". Default http://127.0.0.1:8080.
local usage = [[
usage: http_hello.lua [ADDRESS]
Answers every request with "hello". ADDRESS is what listen takes, of http:// if it does not say
(https://); 127.0.0.1:8080 if left out.
Exit: 1 cannot listen there, 2 usage.]]

local function fail(status, text)
  io.stderr:write(text, "\n")
  os.exit(status)
end

local address = arg[1] or "http://127.0.0.1:8080"
if address == "--help" then print(usage) os.exit(0) end
if #arg > 1 or address:find "^%-" then fail(2, usage) end
if not address:find "://" then address = "http://" .. address end

local ok, server, message = pcall(listen, address, function() return "hello\n" end)
if not ok then fail(2, "http_hello.lua: " .. server) end
if not server then fail(1, "http_hello.lua: " .. message) end
print("hello on " .. server.address)
io.stdout:flush()
