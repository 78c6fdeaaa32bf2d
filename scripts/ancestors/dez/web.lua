#!/usr/bin/env moonwire
-- web.lua [ADDRESS [DIRECTORY [BACKEND]]]: dez's HTTPApplication. Files below /static/, a callback with
-- patterns, what is below /api/ passed on to BACKEND, and the shield in front of all. What attackers ask
-- for flags them; who is flagged is printed.
local address, directory, backend = arg[1] or "http://127.0.0.1:8080", arg[2] or ".", arg[3]

local app = require("http").app()
app:shield { limit = 200, interval = 2, on_flag = function(ip, why)
  print(("flagged %s: %s"):format(ip, why))
  io.stdout:flush()
end }
app:static("/static/", directory)
app:get("/hello/:name", function(req) return "hello " .. req.params.name .. "\n" end)
app:get("/old/*", function(req, res) return res:redirect("/static/" .. req.params["*"]) end)
if backend then app:proxy("/api/", backend) end

local server = assert(listen(address, app))
print("web on " .. server.address)
io.stdout:flush()
signal("SIGINT", abort)
dispatch()
