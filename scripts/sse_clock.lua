#!/usr/bin/env moonwire
-- sse_clock.lua [ADDRESS] [SECONDS]: tells every browser the time, by Server-Sent Events.
local http = require "http"

local usage = [[
usage: sse_clock.lua [ADDRESS] [SECONDS]
"/" is a page that shows the time, "/events" the stream that it comes from: an event each SECONDS
(1). ADDRESS is what listen takes, of http:// if it does not say (https://); 127.0.0.1:8080 if left
out.
Exit: 1 cannot listen there, 2 usage.]]

local PAGE <const> = [[
<!doctype html><title>clock</title><h1 id=time>...</h1>
<script>
new EventSource("events").addEventListener("tick", function (event) {
  document.getElementById("time").textContent = event.data
})
</script>
]]

local function fail(status, text)
  io.stderr:write(text, "\n")
  os.exit(status)
end

local address, seconds = arg[1] or "http://127.0.0.1:8080", tonumber(arg[2] or 1)
if address == "--help" then print(usage) os.exit(0) end
if #arg > 2 or address:find "^%-" or not seconds or seconds <= 0 then fail(2, usage) end
if not address:find "://" then address = "http://" .. address end

local app = http.app()

app:get("/", function(_, res)
  res.headers["Content-Type"] = "text/html; charset=utf-8"
  return PAGE
end)

app:get("/events", function(_, res)
  local events, count = res:events(), 0
  repeat
    count = count + 1
    local sent = events:send(os.date "%H:%M:%S", "tick", count)
    sleep(seconds)
  until not sent
end)

local ok, server, message = pcall(listen, address, app)
if not ok then fail(2, "sse_clock.lua: " .. server) end
if not server then fail(1, "sse_clock.lua: " .. message) end
print("clock on " .. server.address)
io.stdout:flush()
