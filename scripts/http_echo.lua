#!/usr/bin/env moonwire
-- http_echo.lua [ADDRESS]: answers every request with what it was. Default http://127.0.0.1:8080.
local usage = [[
usage: http_echo.lua [ADDRESS]
Answers every method and path with 200, the field X-Echo: 1, a line "METHOD TARGET BODYLENGTH" and
the body as it came. ADDRESS is what listen takes, of http:// if it does not say (https://);
127.0.0.1:8080 if left out.
Exit: 1 cannot listen there, 2 usage.]]

local MOST <const> = 64 << 20  -- bytes of a body

local function fail(status, text)
  io.stderr:write(text, "\n")
  os.exit(status)
end

local address = arg[1] or "http://127.0.0.1:8080"
if address == "--help" then print(usage) os.exit(0) end
if #arg > 1 or address:find "^%-" then fail(2, usage) end
if not address:find "://" then address = "http://" .. address end

local function echo(req, res)
  local body = assert(req:text(MOST))
  res.headers["X-Echo"] = "1"
  return ("%s %s %d\n%s"):format(req.method, req.target, #body, body)
end

local ok, server, message = pcall(listen, address, { http = { max_body = MOST } }, echo)
if not ok then fail(2, "http_echo.lua: " .. server) end
if not server then fail(1, "http_echo.lua: " .. message) end
print("http echo on " .. server.address)
io.stdout:flush()
